"""Every field of the recorded kernels and of this machine's is a column or was left out by decision, and every column is a field of one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from livedata.model.probe import Column, Probe
from livedata.model.reading import Reading
from livedata.parse import PARSERS
from livedata.probe.load import load_probes

PROBES = load_probes()
ROOT = Path(__file__).parents[3]
DECISION = ROOT / "docs" / "decisions" / "0008-kernel-fields.md"
RECORDED = ROOT / "tests" / "probes"


def left_out(file: str) -> list[str]:
    """The patterns that the decision has for a file, in an item of its list."""
    item = re.search(rf"^- {re.escape(file)}: (.*?)\n(?! )", DECISION.read_text(), re.MULTILINE | re.DOTALL)
    assert item
    return " ".join(re.findall(r"`([^`]+)`", item[1])).split()


def fields_a_line(text: str) -> Iterator[tuple[str, str]]:
    """Each field with a text that holds it alone."""
    for line in text.splitlines():
        yield line.split()[0], line


def fields_of_groups(text: str) -> Iterator[tuple[str, str]]:
    lines = text.splitlines()
    for names in lines[::2]:
        group, *rest = names.split()
        for name in rest:
            yield f"{group.removesuffix(':')}.{name}", f"{group} {name}\n{group} 1\n"


def fields_of_sockstat(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        group, *rest = line.split()
        for name in rest[::2]:
            yield f"{group.removesuffix(':')}.{name}", f"{group} {name} 1\n"


Fields = Callable[[str], Iterator[tuple[str, str]]]
FILES: list[tuple[str, str, str, Fields]] = [
    ("vmstat", "vmstat", "vmstat", fields_a_line),
    ("protocol", "net/snmp", "net/snmp", fields_of_groups),
    ("protocol", "net/netstat", "net/netstat", fields_of_groups),
    ("protocol", "net/snmp6", "net/snmp6", fields_a_line),
    ("protocol", "net/sockstat", "net/sockstat, sockstat6", fields_of_sockstat),
    ("protocol", "net/sockstat6", "net/sockstat, sockstat6", fields_of_sockstat),
]


def is_kept(probe: Probe, path: str, text: str) -> bool:
    reader = {"/proc/self/stat": "1 (a) S" + " 0" * 19 + " 4096", "/proc/self/statm": "1"}
    more = "nr_free_pages 1\n" if path == "/proc/vmstat" else ""
    (row,) = PARSERS[probe.parse](probe, Reading({path: more + text, **reader}))
    return any(value is not None for value in row)


@pytest.mark.parametrize(("name", "file", "named", "fields"), FILES, ids=[file for _, file, _, _ in FILES])
def test_every_field_is_kept_or_left_out_by_decision(
    name: str, file: str, named: str, fields: Fields
) -> None:
    patterns = left_out(named)
    undecided, twice, used = set(), set(), set()
    for recording in (*RECORDED.glob(f"{name}/*/proc/{file}"), *Path("/proc").glob(file)):
        for field, text in fields(recording.read_text()):
            matching = {pattern for pattern in patterns if fnmatchcase(field, pattern)}
            used |= matching
            kept = is_kept(PROBES[name], f"/proc/{file}", text)
            if kept == bool(matching):
                (twice if kept else undecided).add(field)
    assert (undecided, twice) == (set(), set())
    if "," not in named:
        assert used == set(patterns)


def columns() -> list[tuple[Probe, Column]]:
    """Those of the tables whose header is the only list of fields, so that a typing error would be null for ever."""
    return [
        (PROBES[name], column) for name in ("memory", "vmstat", "protocol") for column in PROBES[name].columns
    ]


@pytest.mark.parametrize(("probe", "column"), columns(), ids=[f"{p.name}.{c.name}" for p, c in columns()])
def test_every_column_is_a_field_of_some_kernel(probe: Probe, column: Column) -> None:
    rows = "".join(file.read_text() for file in RECORDED.glob(f"{probe.name}/*/rows.json"))
    assert re.search(rf'"{column.name}": \d', rows)

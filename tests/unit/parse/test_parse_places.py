"""Of files whose fields are told apart by their place or by a file's name: this kernel's are all kept, or left out by decision.

A field is kept where another value in its place gives other rows. A field that is kept and left out at once fails too, and one
that this kernel has beyond those that are known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

import pytest

from livedata.model.probe import Probe
from livedata.model.reading import ParseError, Reading
from livedata.parse import PARSERS
from livedata.parse.cgroup import CONTROLLERS
from livedata.probe.load import load_probes
from tests.unit.parse.test_parse_fields import left_out

PROBES = load_probes()
RECORDED = Path(__file__).parents[2] / "probes"
SELF = {"/proc/self/stat": "5 (a) S" + " 0" * 19 + " 4096", "/proc/self/statm": "1"}
CGROUPS = Path("/sys/fs/cgroup")


class Places(NamedTuple):
    """The fields of one line of a file, by name, in the kernel's order."""

    table: str
    path: str
    fields: str
    line: int = 0
    most: int = 10_000
    """Lines that are tried."""
    named: str = ""
    """The file's name in the decision; none where every field is kept."""


PID_STAT = """pid comm state ppid pgrp session tty_nr tpgid flags minflt cminflt majflt cmajflt utime stime cutime cstime priority nice
num_threads itrealvalue starttime vsize rss rsslim startcode endcode startstack kstkesp kstkeip signal blocked sigignore sigcatch wchan
nswap cnswap exit_signal processor rt_priority policy delayacct_blkio_ticks guest_time cguest_time start_data end_data start_brk
arg_start arg_end env_start env_end exit_code"""
TIMES = "user nice system idle iowait irq softirq steal guest guest_nice"
DISK = """major minor name reads reads_merged sectors_read read_ms writes writes_merged sectors_written write_ms in_flight io_ms
weighted_io_ms discards discards_merged sectors_discarded discard_ms flushes flush_ms"""
SOFTNET = """processed dropped time_squeeze zero1 zero2 zero3 zero4 zero5 cpu_collision received_rps flow_limit_count backlog_len
cpu input_qlen process_qlen"""
NET = "name " + " ".join(f"{way}{n}" for way in ("rx", "tx") for n in range(8))
PLACES = (
    Places("cpu", "/proc/stat", f"label {TIMES}", most=1),
    Places("load", "/proc/loadavg", "load1 load5 load15 running threads last_pid", named="loadavg"),
    Places("load", "/proc/uptime", "uptime idle", named="uptime"),
    Places("load", "/proc/sys/fs/file-nr", "open unused max", named="sys/fs/file-nr"),
    Places("process", "/proc/1/stat", PID_STAT, named="PID/stat"),
    Places("disk", "/proc/diskstats", DISK, named="diskstats"),
    Places("network", "/proc/net/dev", NET, line=2),
    Places("protocol", "/proc/net/softnet_stat", SOFTNET, named="net/softnet_stat"),
    Places("pressure", "/proc/pressure/memory", "share avg10 avg60 avg300 total"),
)


def texts(file: Places) -> list[str]:
    """Of this machine, and of every kernel that was recorded."""
    recorded = [path.read_text() for path in sorted(RECORDED.glob(f"{file.table}/*{file.path}"))]
    here = Path(file.path)
    return [*recorded, *([here.read_text()] if here.exists() else [])]


def rows(probe: Probe, path: str, text: str) -> list[object]:
    beside = {"/proc/loadavg": "0.10 0.20 0.30 1/2 3\n", **SELF} if probe.name == "load" else SELF
    return list(PARSERS[probe.parse](probe, Reading({**beside, path: text})))


def another(word: str) -> str:
    """Another value of the same kind: its first figure counted on, or a letter for a name."""
    if word.startswith("("):
        return f"{word[:-1]}x)"
    if found := re.compile(r"\d").search(word, word.find("=") + 1):
        return word[: found.start()] + str((int(found[0]) + 1) % 10) + word[found.end() :]
    return "X" * len(word) if word.isalpha() and len(word) == 1 else word + "x"


@pytest.mark.parametrize("file", PLACES, ids=lambda file: file.path.rpartition("proc/")[2])
def test_every_place_is_kept_or_left_out_by_decision(file: Places) -> None:
    skipped = left_out(file.named) if file.named else []
    names = file.fields.split()
    assert set(skipped) <= set(names)
    found = texts(file)
    assert found
    kept: set[str] = set()
    for text in found:
        lines = text.splitlines(keepends=True)
        before = rows(PROBES[file.table], file.path, text)
        for number in range(file.line, min(len(lines), file.most)):
            words = list(re.finditer(r"\([^)]*\)|\S+:(?=\s)|[^\s/]+", lines[number]))
            assert len(words) <= len(names), f"a field that nobody decided about: {lines[number]}"
            for name, word in zip(names, words, strict=False):
                line = word.string
                changed = line[: word.start()] + another(word[0]) + line[word.end() :]
                if rows_or_none(file, [*lines[:number], changed, *lines[number + 1 :]]) != before:
                    kept.add(name)
    assert kept.isdisjoint(skipped)
    assert kept | set(skipped) == set(names)


def rows_or_none(file: Places, lines: list[str]) -> list[object] | None:
    """None where the field's kind does not even bear another value, as with the pid of a file's path."""
    try:
        return rows(PROBES[file.table], file.path, "".join(lines))
    except ParseError:
        return None


def test_every_line_of_stat_is_known() -> None:
    """/proc/stat: a line of a cpu is that of `cpu` and `core`; of all others the first number may be kept."""
    patterns = left_out("stat")
    for text in texts(Places("load", "/proc/stat", "")):
        whole = rows(PROBES["load"], "/proc/stat", text)
        for line in text.splitlines(keepends=True):
            name = line.split()[0]
            if not re.fullmatch(r"cpu\d*", name):
                kept = rows(PROBES["load"], "/proc/stat", text.replace(line, "")) != whole
                assert kept != any(fnmatchcase(name, pattern) for pattern in patterns), name


# Control groups: by the names of their files, and of the lines in those.


def asked(controller: str) -> dict[str, set[str]]:
    """File → the keys of its lines that the probe asks a controller for, none where it takes the file's first word or all of it."""
    body = PROBES["cgroup"].body
    names = [controller, "v2"] if controller == "." else [controller]
    said = " ".join(
        text
        for name, text in re.findall(
            r'^ *(?:ask\["(.+?)"\]|(?=v2))(?:v2)? = (?:v2 |ask\[.*?\] )?"(.*)"$', body, re.MULTILINE
        )
        if (name or ".") in names
    )
    words = (word.rstrip("*").partition(":") for word in said.split())
    return {file: set(keys.split(",")) - {""} for file, _, keys in words}


def hierarchies() -> dict[str, list[Path]]:
    """Controller → where it is on this machine: the root, and a group below it that has the files that a root lacks."""
    tops = {".": CGROUPS} if (CGROUPS / "cgroup.controllers").exists() else {}
    tops |= {
        name: CGROUPS / name
        for name in CONTROLLERS
        if name != "." and (CGROUPS / name / "cgroup.procs").exists()
    }
    return {name: [top, *sorted(top.glob("*/"))[:50]] for name, top in tops.items()}


def fields_of(folder: Path, keyed: Mapping[str, set[str]]) -> Iterator[str]:
    """`FILE`, and `FILE:KEY` for each line of those that are asked for some."""
    for file in folder.iterdir():
        if not file.is_file():
            continue
        keys = keyed.get(file.name)
        if not keys:
            yield file.name
            continue
        for line in file.read_text().splitlines():
            yield f"{file.name}:{line.split()[0]}"


def test_every_file_of_a_control_group_is_kept_or_left_out_by_decision() -> None:
    found = hierarchies()
    assert found
    for controller, folders in found.items():
        second = controller in (".", "unified")
        keyed = asked("." if second else controller)
        kept = {f"{file}:{key}" for file, keys in keyed.items() for key in keys} | {
            f for f, keys in keyed.items() if not keys
        }
        assert kept
        patterns = left_out("cgroup v2" if second else "cgroup v1")
        for name in {name for folder in folders for name in fields_of(folder, keyed)}:
            out = any(fnmatchcase(name, pattern) for pattern in patterns)
            assert (name in kept) or out, f"{controller}: {name}: nobody decided about it"


def test_every_file_of_an_interface_is_kept_or_left_out_by_decision() -> None:
    kept = {path.rpartition("/")[2] for path in PROBES["network"].read if path.startswith("/sys/")}
    patterns = left_out("/sys/class/net")
    found = {file.name for file in Path("/sys/class/net").glob("*/*")}
    assert kept <= found | {"speed"}
    assert {name for name in found - kept if not any(fnmatchcase(name, p) for p in patterns)} == set()
    assert not [name for name in kept if any(fnmatchcase(name, p) for p in patterns)]

"""A host whose /proc and /sys are elsewhere, old, empty or shut: what is there is told, what is missing is one quiet row a probe."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from livedata.model.probe import Column
from livedata.probe.load import load_probes
from tests.fleet.hosts import Fleet
from tests.fleet.product import Product

RECORDED = Path(__file__).parents[1] / "probes"
PROBES = load_probes()
READING = [probe for probe in PROBES.values() if probe.read]
ROOTS = 'proc_root = "/old/proc"\nsys_root = "/old/sys"\n'
MACHINES = ("linux-2.6.26", "linux-3.10", "debian-12-vm", "busybox-1.35", "hostile-names", "arm64-64k")
"""Machines that were recorded, by how their names end."""
QUIET = {"ok", "unsupported", "denied"}


def tree(folder: Path, machine: str) -> dict[str, list[dict[str, Any]]]:
    """All recordings of a machine, laid over one another at a folder; the rows that each table must have.

    Of recordings that share a file and were made one after the other the last one's is there: the others can't be compared.
    """
    made = {}
    for probe in READING:
        for recording in sorted((RECORDED / probe.name).glob(f"*{machine}")):
            for top in ("proc", "sys"):
                if (recording / top).is_dir():
                    shutil.copytree(recording / top, folder / top, dirs_exist_ok=True)
            made[probe.name] = recording
    return {
        table: json.loads((recording / "rows.json").read_text())
        for table, recording in made.items()
        if all(
            file.read_bytes() == (folder / file.relative_to(recording)).read_bytes()
            for file in recording.glob("[ps]*/**/*")
            if file.is_file()
        )
    }


def same(found: Any, wanted: Any) -> bool:
    """Whether a question's answer is what a recording has: decimals are numbers there and texts here."""
    if isinstance(wanted, str) and isinstance(found, int | float):
        return float(wanted) == found
    if isinstance(wanted, str) and "+00:00" in wanted:
        return bool(found.replace("Z", "+00:00") == wanted)
    return bool(found == wanted)


def test_recorded_trees_are_asked_as_hosts(fleet: Fleet, product: Product, tmp_path: Path) -> None:
    """From the inventory's roots by this machine's own sh, parser and store to the answer of a question."""
    wanted = {f"old-{n}": tree(tmp_path / f"old-{n}", machine) for n, machine in enumerate(MACHINES)}
    assert all(wanted.values())
    assert {table for tables in wanted.values() for table in tables} == {probe.name for probe in READING}
    product.inventory.write_text(
        "".join(
            f'[hosts.{name}]\ntransport = "local"\nproc_root = "{tmp_path}/{name}/proc"\nsys_root = "{tmp_path}/{name}/sys"\n'
            for name in wanted
        )
        + "".join(f"[defaults.probes.{p.name}]\nenabled = false\n" for p in PROBES.values() if p.body)
    )
    product.run("fleet", "snapshot")
    for table in {table for tables in wanted.values() for table in tables}:
        columns = PROBES[table].columns

        def series(row: dict[str, Any], columns: tuple[Column, ...] = columns) -> tuple[Any, ...]:
            """The labels' values."""
            labels = [column for column in columns if column.kind == "label"]
            return tuple(float(row[c.name]) if c.type == "d2" else row[c.name] for c in labels)

        found = {(row["host"], *series(row)): row for row in product.ask(f"SELECT * FROM {table}")}
        for host, tables in wanted.items():
            rows = tables.get(table)
            assert rows is None or len(rows) == sum(key[0] == host for key in found)
            for row in rows or ():
                mine = found[host, *series(row)]
                assert [c.name for c in columns if not same(mine[c.name], row[c.name])] == [], (host, row)


@pytest.mark.parametrize("kinds", [("dash", "mksh", "busybox"), ("busybox", "bash", "dash")])
def test_what_is_missing_or_shut_is_a_quiet_row(
    fleet: Fleet, product: Product, kinds: tuple[str, str, str]
) -> None:
    """Nothing at all; files that may not be read; folders that may not be entered."""
    paths = [path for probe in READING for path in probe.read if "*" not in path]
    lay = "; ".join(
        f"mkdir -p /old{Path(p).parent}; echo 1 >/old{p}; chmod 0 /old{p}" for p in [*paths, "/proc/1/stat"]
    )
    shut = "chmod 0 /old/proc/*/ /old/sys"
    commands = {
        "empty": "mkdir -p /old/proc /old/sys",
        "files": lay,
        "folders": f"mkdir -p /old/sys; {lay}; {shut}",
    }
    for (name, command), kind in zip(commands.items(), kinds, strict=True):
        fleet.make(name, kind).exec(command)
    product.hosts(fleet.hosts, '[defaults]\nproc_root = "/old/proc"\nsys_root = "/old/sys"\n')
    product.run("fleet", "snapshot")
    counted = product.ask("SELECT host, probe, count(*) AS n FROM scrape GROUP BY ALL")
    assert {row["n"] for row in counted} == {1}
    outcomes = product.outcomes()
    for name in commands:
        said = {
            probe: told for (host, probe), told in outcomes.items() if host == name and probe != "connect"
        }
        assert set(said) >= {probe.name for probe in PROBES.values() if not probe.after}
        assert {outcome for outcome, _ in said.values()} <= QUIET, said
        for probe in READING:
            first = probe.read[0]
            if name == "empty":
                assert said[probe.name] == ("unsupported", f"there is no {first}")
            elif name == "files" or (first.count("/") > 2 and "*" not in first):
                assert said[probe.name][0] == "denied", (name, probe.name)
                assert str(said[probe.name][1]).startswith("may not read /proc/")

"""Recorded trees stand in for hosts: through `replay`, and through this machine's sh with other roots."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from livedata.clock import SystemClock
from livedata.collect.asker import Asker
from livedata.collect.pull import pull, pull_once
from livedata.model.batch import Batch
from livedata.model.host import Host, Settings
from livedata.model.scrape import CONNECT, SCRAPE, Outcome
from livedata.probe.load import load_probes
from livedata.transport.local import LocalTransport
from livedata.transport.protocol import Transport
from livedata.transport.replay import ReplayTransport

RECORDINGS = Path(__file__).parents[2] / "probes"
PROBES = load_probes()
READS = [name for name, probe in PROBES.items() if probe.read]


def recording(tmp_path: Path, *names: str) -> tuple[Path, dict[str, list[Any]]]:
    """One folder of the first recording of each of these probes, and the rows that each must give."""
    wanted = {}
    for name in names:
        machine = sorted(p for p in (RECORDINGS / name).iterdir() if p.is_dir())[0]
        for tree in ("proc", "sys"):
            if (machine / tree).is_dir():
                shutil.copytree(machine / tree, tmp_path / tree, dirs_exist_ok=True)
        if (machine / "answer.txt").exists():
            shutil.copy(machine / "answer.txt", tmp_path / f"{name}.txt")
        wanted[name] = json.loads((machine / "rows.json").read_text())
    return tmp_path, wanted


def batches(host: Host, transport: Transport) -> dict[str, Batch]:
    got: dict[str, Batch] = {}

    def keep(batches: Any) -> None:
        for batch in batches:
            if batch.probe is not SCRAPE:
                got.setdefault(batch.probe.name, batch)

    asyncio.run(pull(Asker(host, PROBES.values(), {}, SystemClock(), keep), transport, SystemClock()))
    return got


@pytest.mark.parametrize("name", sorted(PROBES))
def test_a_recording_answers_for_a_host(name: str, tmp_path: Path) -> None:
    # What runs after another probe runs because of what that one saw.
    folder, wanted = recording(tmp_path, *filter(None, (PROBES[name].after, name)))
    got = batches(Host("old", transport="replay", recording=str(folder)), ReplayTransport())
    assert len(got[PROBES[name].into or name].rows) == len(wanted[name])


@pytest.mark.parametrize("name", READS)
def test_a_recorded_tree_is_read_through_the_machines_own_shell(name: str, tmp_path: Path) -> None:
    folder, wanted = recording(tmp_path, name)
    host = Host("old", transport="local", proc_root=str(folder / "proc"), sys_root=str(folder / "sys"))
    replayed = batches(Host("old", transport="replay", recording=str(folder)), ReplayTransport())
    read = batches(host, LocalTransport(1_000_000))
    assert len(read[name].rows) == len(wanted[name])
    assert read[name].rows == replayed[name].rows


def test_a_recording_that_is_not_there_is_unreachable() -> None:
    host = Host("gone", transport="replay", recording="/no/such/folder")
    (scrape,) = asyncio.run(pull_once(host, PROBES.values(), ReplayTransport(), SystemClock()))
    assert (scrape.probe, scrape.outcome) == (CONNECT, Outcome.UNREACHABLE)


def test_what_a_recording_lacks_is_unsupported(tmp_path: Path) -> None:
    folder, _ = recording(tmp_path, "cpu")
    host = Host("part", transport="replay", recording=str(folder), probes={"os": Settings(enabled=False)})
    scrapes = {
        s.probe: s for s in asyncio.run(pull_once(host, PROBES.values(), ReplayTransport(), SystemClock()))
    }
    assert scrapes["cpu"].outcome is Outcome.OK
    assert scrapes["memory"].outcome is Outcome.UNSUPPORTED
    assert "os" not in scrapes


def test_rows_of_hosts_with_settings_of_their_own_belong_to_one_table(tmp_path: Path) -> None:
    folder, _ = recording(tmp_path, "cpu")
    plain, slow = (
        batches(Host(name, transport="replay", recording=str(folder), probes=settings), ReplayTransport())[
            "cpu"
        ]
        for name, settings in (("plain", {}), ("slow", {"cpu": Settings(every=60.0, timeout=1.0)}))
    )
    assert plain.probe is slow.probe is PROBES["cpu"]

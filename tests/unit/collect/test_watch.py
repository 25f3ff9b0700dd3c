"""A host that is watched, with a clock of the test's own: what a clock that jumps does to its ticks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from livedata.collect.asker import Asker
from livedata.collect.gates import Gates
from livedata.collect.network import Network
from livedata.collect.samples import Emit
from livedata.collect.schedule import SECOND
from livedata.collect.watch import LOOK_SECONDS, Surroundings, watch
from livedata.model.batch import Batch
from livedata.model.host import Host
from livedata.model.probe import Probe
from livedata.model.scrape import CONNECT, SCRAPE, Failure, Outcome, Scrape
from livedata.probe.load import load_probes
from livedata.transport.protocol import Session, Transport
from livedata.transport.replay import ReplayTransport

CPU = load_probes()["cpu"]
START = 1_800_000_000 * SECOND
HOUR = 3600


class Hands:
    """A clock whose sleepers wake at once; `jumps`: at which second since the start it is moved by how many seconds."""

    def __init__(self, jumps: dict[int, int]) -> None:
        self.slept = 0.0
        self.jumps = jumps

    def now_us(self) -> int:
        return START + int(
            (self.slept + sum(by for at, by in self.jumps.items() if self.slept >= at)) * SECOND
        )

    def monotonic(self) -> float:
        return self.slept

    async def sleep(self, seconds: float) -> None:
        self.slept += seconds
        await asyncio.sleep(0)


def watched(
    clock: Hands, folder: Path, seconds: int, keep: Emit, probes: Sequence[Probe] = (CPU,),
    way: Transport | None = None, network: Network | None = None,
) -> None:  # fmt: skip
    """A watch of a recording, of so many seconds."""
    host = Host("old", transport="replay", recording=str(folder))
    around = Surroundings(clock, 1, Gates(1), network or Network(clock), lambda host, failure: None)

    async def run() -> None:
        watching = watch(Asker(host, probes, {}, clock, keep), way or ReplayTransport(), around)
        task = asyncio.create_task(watching)
        while clock.slept < seconds:
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())


def ticks(folder: Path, seconds: int, jumps: dict[int, int]) -> list[int]:
    """The seconds since the start that samples bear, of a watch of so many seconds."""
    clock = Hands(jumps)
    stamps: list[int] = []

    def keep(batches: Sequence[Batch]) -> None:
        stamps.extend((b.ts - START) // SECOND for b in batches if b.probe.name == "cpu")

    watched(clock, folder, seconds, keep)
    return [ts for ts in stamps if ts < seconds]


def recorded(tmp_path: Path) -> Path:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "stat").write_text("cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 2 3 4 5 6 7 8 9 10\n")
    (tmp_path / "proc" / "uptime").write_text("100.00 100.00\n")
    return tmp_path


def test_every_tick_is_asked_once(tmp_path: Path) -> None:
    assert ticks(recorded(tmp_path), 60, {}) == [0, 10, 20, 30, 40, 50]


def test_a_clock_set_back_by_an_hour_costs_one_tick_at_most(tmp_path: Path) -> None:
    got = ticks(recorded(tmp_path), 60, {25: -HOUR})
    assert got[:3] == [0, 10, 20]
    assert got[3:5] == [40 - HOUR, 50 - HOUR]


def test_a_clock_that_leaps_gives_one_sample_and_no_burst(tmp_path: Path) -> None:
    got = ticks(recorded(tmp_path), 3700, {25: HOUR})
    assert got[:4] == [0, 10, 20, 30 + HOUR]
    assert len(got) == len(set(got))


class Dead:
    """A way on which every host is silent for a while; `tries` are the seconds of the attempts."""

    def __init__(self, clock: Hands, until: float) -> None:
        self.clock, self.until = clock, until
        self.tries: list[int] = []

    async def connect(self, host: Host) -> Session | Failure:
        self.tries.append((self.clock.now_us() - START) // SECOND)
        if self.clock.slept < self.until:
            return Failure(Outcome.UNREACHABLE, "no answer", silent=True)
        return await ReplayTransport().connect(host)

    async def close(self) -> None:
        pass


def scrapes(
    folder: Path, seconds: int, jumps: dict[int, int], until: float, way_out: bool
) -> tuple[list[int], list[Scrape]]:
    """The seconds at which a host was tried, and what was said of it."""
    clock = Hands(jumps)
    way = Dead(clock, until)
    rows: list[Scrape] = []

    def keep(batches: Sequence[Batch]) -> None:
        rows.extend(Scrape.of(row) for b in batches if b.probe is SCRAPE for row in b.rows)

    network = Network(clock, lambda: way_out)
    network.join("old")
    watched(clock, folder, seconds, keep, way=way, network=network)
    return way.tries, [row for row in rows if row.probe == CONNECT]


def test_a_lid_that_closes_is_noticed_though_timers_stood_still(tmp_path: Path) -> None:
    tries, _ = scrapes(recorded(tmp_path), 900, {600: HOUR}, 10_000, way_out=True)
    before = max(t for t in tries if t < 650)
    after = min(t for t in tries if t >= 600 + HOUR)
    assert before <= 600
    assert after - (600 + HOUR) <= LOOK_SECONDS + 1


def test_a_clock_set_back_makes_nobody_wait_longer(tmp_path: Path) -> None:
    tries, _ = scrapes(recorded(tmp_path), 900, {600: -HOUR}, 10_000, way_out=True)
    again = [t for t in tries if t < 0]
    assert min(again) - (600 - HOUR) <= 61


def test_a_network_that_is_gone_is_one_row_and_one_that_is_back_another(tmp_path: Path) -> None:
    tries, said = scrapes(recorded(tmp_path), 400, {}, 300, way_out=False)
    assert [row.outcome for row in said] == [Outcome.OFFLINE, Outcome.OK]
    assert len(tries) > 30
    assert tries[-1] - 300 <= 30


def test_a_host_that_is_down_has_a_row_for_each_attempt(tmp_path: Path) -> None:
    tries, said = scrapes(recorded(tmp_path), 400, {}, 300, way_out=True)
    assert [row.outcome for row in said] == [Outcome.UNREACHABLE] * (len(tries) - 1) + [Outcome.OK]


def runs(folder: Path, seconds: int, name: str) -> list[int]:
    """The seconds at which a probe was run."""
    clock = Hands({})
    stamps: list[int] = []

    def keep(batches: Sequence[Batch]) -> None:
        said = [(b.ts, Scrape.of(row)) for b in batches if b.probe is SCRAPE for row in b.rows]
        stamps.extend((ts - START) // SECOND for ts, row in said if row.probe == name)

    watched(clock, folder, seconds, keep, [CPU, replace(load_probes()[name], every=10.0)])
    return [ts for ts in stamps if ts < seconds]


@pytest.mark.parametrize("name", ["reboot", "log"])
def test_what_a_host_lacks_is_asked_for_now_and_then(tmp_path: Path, name: str) -> None:
    lacking = runs(recorded(tmp_path), 700, name)
    assert lacking[0] <= 10
    assert 3 <= len(lacking) <= 4
    assert max(b - a for a, b in pairwise(lacking)) <= 320


def test_what_a_host_has_is_asked_for_at_each_tick(tmp_path: Path) -> None:
    (recorded(tmp_path) / "reboot.txt").write_text("")
    assert len(runs(tmp_path, 100, "reboot")) == 10

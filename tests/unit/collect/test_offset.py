"""`offset_ms` says when a host was read, whatever came before the request: a shell that had to be opened, a lane that had to be waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from livedata.collect.asker import Asker
from livedata.model.batch import Batch
from livedata.model.host import Host
from livedata.model.probe import Lane
from livedata.model.scrape import Failure, Outcome
from livedata.probe.load import load_probes
from livedata.transport.compose import READS, Request
from livedata.transport.framing import Section
from livedata.transport.protocol import Answer

CPU = load_probes()["cpu"]
TICK = 1_785_024_000_000_000


@dataclass
class Slow:
    """A clock, and a session to a host that is read 600 ms after it was asked, in an answer that takes 800 ms."""

    opening: float
    """Seconds before the request can be sent."""
    now: float = TICK / 1e6
    lost: Failure | None = None
    connect_s = 0.0

    def now_us(self) -> int:
        return round(self.now * 1e6)

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds

    async def ask(self, lane: Lane, request: Request, timeout: float) -> Answer:
        self.now += self.opening + 0.8
        data = b"\n==> /proc/stat <==\ncpu  1 2 3 4\ncpu0 1 2 3 4\n"
        return Answer({READS: Section(READS, 0, "", data)}, rtt=0.4, wall=0.8)

    async def wait_lost(self) -> Failure:
        return Failure(Outcome.UNREACHABLE, "")

    async def close(self) -> None:
        pass


@pytest.mark.parametrize("opening", [0.0, 7.0])
def test_it_is_the_moment_of_the_read(opening: float) -> None:
    got: list[Batch] = []

    def keep(batches: Sequence[Batch]) -> None:
        got.extend(batch for batch in batches if batch.probe.name == "cpu")

    host = Slow(opening)
    asyncio.run(Asker(Host("a"), [CPU], {}, host, keep).run(host, "main", [CPU], TICK))
    assert [batch.offset_ms for batch in got] == [1000 * opening + 600]

"""A journal that goes round in circles is not followed: it would say the same for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from livedata.clock import SystemClock
from livedata.collect.asker import Asker
from livedata.collect.journal import attend
from livedata.model.batch import Batch
from livedata.model.host import Host
from livedata.model.scrape import Failure, Outcome
from livedata.transport.compose import Request
from livedata.transport.protocol import Answer, Heard
from tests.unit.collect.test_log_circles import LOG, Circle

GONE = Failure(Outcome.UNREACHABLE, "the connection was lost")


class Fast(SystemClock):
    """Nobody waits."""

    def __init__(self) -> None:
        self.slept = 0.0

    async def sleep(self, seconds: float) -> None:
        self.slept += seconds
        await asyncio.sleep(0)


class Followed(Circle):
    """The same host, whose follower says what comes after the cursor, round and round."""

    lost: Failure | None = None

    def __init__(self) -> None:
        super().__init__()
        self.log(3)
        self.follows = 0
        self.steps = 0

    async def ask(self, lane: str, request: Request, timeout: float) -> Answer:
        self.steps += 1
        if self.steps > 40:
            self.lost = GONE
        if dict(request.variables)["LIVEDATA_WAY"] == "back":
            return Answer(
                {"log": (await super().ask("log", request, timeout)).sections["log"]}, rtt=0.0, wall=0.0
            )
        if self.steps == 10:
            self.log(30)
        return await super().ask("log", request, timeout)

    async def follow(self, lane: str, request: Request, seconds: float, heard: Heard) -> Answer:
        self.follows += 1
        entries = self._after(dict(request.variables)["LIVEDATA_CURSOR"])
        said = 0
        while await heard("".join(next(entries) for _ in range(500)).encode()):
            said += 1
            assert said < 50, "it is followed in circles"
        return Answer(rtt=0.0, wall=0.0)


def test_it_is_polled_then_and_every_entry_comes_once() -> None:
    session, clock = Followed(), Fast()
    got: list[str] = []
    column = [c.name for c in LOG.columns].index("message")

    def keep(batches: Sequence[Batch]) -> None:
        got.extend(row[column] for b in batches if b.probe.name == "log" for row in b.rows)

    async def run() -> Failure:
        return await attend(Asker(Host("pi"), [LOG], {}, clock, keep), session, LOG, clock)

    assert asyncio.run(run()) is GONE
    assert session.follows > 0
    assert clock.slept > 50
    wanted = [*(f"old {i}" for i in range(1000, 3000)), "user", *(f"new {i}" for i in range(33))]
    assert sorted(got) == sorted(wanted)

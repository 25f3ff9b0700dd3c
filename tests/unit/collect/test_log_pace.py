"""A log over a slow link, and an entry larger than an answer: what came whole is kept, and the log goes on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from livedata.clock import SystemClock
from livedata.collect.asker import Asker
from livedata.collect.pace import ALONE, CUT, FEWEST_ENTRIES, LONG_SECONDS, MOST_ENTRIES, entries_next
from livedata.model.batch import Batch
from livedata.model.host import Host
from livedata.model.probe import Lane
from livedata.model.scrape import Failure, Outcome
from livedata.probe.load import load_probes
from livedata.transport.compose import Request
from livedata.transport.framing import Section
from livedata.transport.protocol import Answer

LOG = load_probes()["log"]


class Journal:
    """A session to a host whose journal has these messages, over a link that lets so many bytes through in time."""

    lost = None
    connect_s = 0.0

    def __init__(self, messages: Sequence[str], room: int) -> None:
        self.messages = messages
        self.room = room

    async def wait_lost(self) -> Failure:
        await asyncio.Event().wait()
        return Failure(Outcome.UNREACHABLE, "")

    async def close(self) -> None:
        pass

    async def ask(self, lane: Lane, request: Request, timeout: float) -> Answer:
        told = dict(request.variables)
        start = int(told["LIVEDATA_CURSOR"] or 0)
        lines = [
            json.dumps({"__CURSOR": str(i + 1), "__REALTIME_TIMESTAMP": str(i), "MESSAGE": message})
            for i, message in enumerate(self.messages)
        ][start : start + int(told["LIVEDATA_LIMIT"])]
        if told["LIVEDATA_BRIEF"]:
            lines = [
                json.dumps({k: v if len(v) <= 4096 else None for k, v in json.loads(line).items()})
                for line in lines
            ]
        data = "".join(line + "\n" for line in lines).encode()
        if len(data) <= self.room:
            return Answer({"log": Section("log", 0, "", data)}, rtt=0.0, wall=0.0)
        cut = Failure(Outcome.TIMEOUT, "no answer within 25 s")
        return Answer(rtt=0.0, wall=25.0, received=self.room, partial=data[: self.room], failure=cut)


def pulled(messages: Sequence[str], room: int, pulls: int) -> list[str | None]:
    got: list[str | None] = []
    column = [c.name for c in LOG.columns].index("message")

    def keep(batches: Sequence[Batch]) -> None:
        got.extend(row[column] for b in batches if b.probe.name == "log" for row in b.rows)

    async def run() -> None:
        asker = Asker(Host("far"), [LOG], {}, SystemClock(), keep)
        for _ in range(pulls):
            await asker.run(Journal(messages, room), "log", [LOG], 0)

    asyncio.run(run())
    return got


def test_an_answer_that_takes_too_long_keeps_its_whole_entries() -> None:
    messages = [f"entry {i}" for i in range(1000)]
    assert pulled(messages, room=20_000, pulls=3) == messages


def test_an_entry_larger_than_an_answer_comes_without_its_long_fields() -> None:
    assert pulled(["before", "x" * 50_000, "after"], room=20_000, pulls=4) == ["before", None, "after"]


@given(st.integers(ALONE, MOST_ENTRIES), st.sampled_from(list(Outcome)), st.text(), st.floats(0, 100))
def test_the_pace_stays_within_bounds(asked: int, outcome: Outcome, text: str, seconds: float) -> None:
    entries = entries_next(asked, outcome, text, seconds)
    assert ALONE <= entries <= MOST_ENTRIES
    if outcome in CUT and not text:
        # Nothing came at all: no reason to think that the next entry is too large.
        assert entries >= min(asked, FEWEST_ENTRIES)
    if outcome is Outcome.OK and seconds < LONG_SECONDS / 2:
        assert entries == min(MOST_ENTRIES, 2 * asked)

"""A journal that goes round in circles after its clock was set back: every entry is kept, and none twice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from livedata.clock import SystemClock
from livedata.collect.asker import Asker
from livedata.model.batch import Batch
from livedata.model.host import Host
from livedata.model.probe import Lane
from livedata.model.reading import Reading
from livedata.model.scrape import Failure, Outcome
from livedata.parse import CURSORS, UNSEEN
from livedata.parse.marks import KEPT, journals_own, place
from livedata.probe.load import load_probes
from livedata.transport.compose import Request
from livedata.transport.framing import Section
from livedata.transport.protocol import Answer

LOG = load_probes()["log"]
A, B, SYSTEM, USER = "a" * 32, "b" * 32, "5" * 32, "6" * 32


def line(message: str, number: int, boot: str = A, sequence: str = SYSTEM) -> str:
    """An entry as journalctl prints it."""
    cursor = f"s={sequence};i={number:x};b={boot};m=1;t=1;x=1"
    entry = {"MESSAGE": message, "__CURSOR": cursor, "__REALTIME_TIMESTAMP": "1", "_BOOT_ID": boot}
    return json.dumps(entry) + "\n"


class Circle:
    """A session to a host whose clock was set back before boot B: after its newest entry journalctl comes to the user's
    journal of boot A, from there to what the system's journal held after it, and to boot B again, without end."""

    lost = None
    connect_s = 0.0

    def __init__(self) -> None:
        self.old = [line(f"old {i}", i) for i in range(3000)]
        self.user = line("user", 1, sequence=USER)
        self.new: list[str] = []
        self.sent = 0

    async def wait_lost(self) -> Failure:
        await asyncio.Event().wait()
        return Failure(Outcome.UNREACHABLE, "")

    async def close(self) -> None:
        pass

    def log(self, count: int) -> None:
        start = len(self.new)
        self.new += [line(f"new {i}", 3000 + i, B) for i in range(start, start + count)]

    def _after(self, cursor: str) -> Iterator[str]:
        circle = [self.user, *self.old[1500:], *self.new]
        places = [json.loads(entry)["__CURSOR"] for entry in circle]
        at = places.index(cursor) + 1 if cursor in places else 0
        yield from circle[at:]
        while True:
            yield from circle

    async def ask(self, lane: Lane, request: Request, timeout: float) -> Answer:
        told = dict(request.variables)
        limit = int(told["LIVEDATA_LIMIT"])
        cursor = told["LIVEDATA_CURSOR"]
        lines = islice(self._after(cursor), limit) if cursor else self.old[-limit:]
        data = "".join(lines).encode()
        self.sent += len(data)
        boot = f"{B[:8]}-{B[8:]}" if self.new else f"{A[:8]}-{A[8:]}"
        return Answer({"log": Section("log", 0, "", data)}, boot, rtt=0.0, wall=0.0)


def test_a_journal_in_circles_gives_each_entry_once() -> None:
    journal = Circle()
    got: list[str] = []
    column = [c.name for c in LOG.columns].index("message")

    def keep(batches: Sequence[Batch]) -> None:
        got.extend(row[column] for b in batches if b.probe.name == "log" for row in b.rows)

    async def run() -> None:
        asker = Asker(Host("pi"), [LOG], {}, SystemClock(), keep)
        await asker.run(journal, "log", [LOG], 0)
        for count in (3, 0, 5000, 0, 0, 0, 7):
            journal.log(count)
            await asker.run(journal, "log", [LOG], 0)
        sent = journal.sent
        await asker.run(journal, "log", [LOG], 0)
        assert journal.sent - sent < 100_000  # and what comes in vain is little

    asyncio.run(run())
    wanted = [*(f"old {i}" for i in range(1000, 3000)), "user", *(f"new {i}" for i in range(5010))]
    assert sorted(got) == sorted(wanted)


@given(st.lists(st.integers(0, 3), max_size=60), st.integers(0, 60))
def test_what_came_is_not_new_however_it_is_cut(boots: list[int], at: int) -> None:
    lines = [line(f"{i}", i, f"{boot:032x}") for i, boot in enumerate(boots)]
    first, rest = "".join(lines[:at]), "".join(lines[at:])
    cursor = CURSORS["journal"](Reading(text=first), None, None)
    assert UNSEEN["journal"](first + rest, cursor) == rest
    assert UNSEEN["journal"](rest + rest, cursor) == rest


def test_a_message_forges_no_mark() -> None:
    forged = line('x","__CURSOR":"s=55555555;i=ffff;b=aaaaaaaa;', 1)
    cursor = CURSORS["journal"](Reading(text=forged), None, None)
    assert UNSEEN["journal"](line("next", 2), cursor) == line("next", 2)


def test_the_cursor_that_is_kept_stays_small_and_journalctl_gets_its_own() -> None:
    cursor = None
    for i in range(100):
        cursor = CURSORS["journal"](Reading(text=line("m", i, f"{i:08x}" + "0" * 24)), cursor, None)
    assert cursor is not None
    assert len(place(cursor).marks) == KEPT
    assert journals_own(cursor).startswith("s=" + SYSTEM)
    assert journals_own(None) == ""

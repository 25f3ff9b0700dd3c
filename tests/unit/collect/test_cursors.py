"""A table with several sources on a host: each goes on where it ended, whoever of them brought the last rows."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from livedata.clock import SystemClock
from livedata.collect.asker import Asker
from livedata.collect.cursors import packed, sources_known, unpacked
from livedata.model.batch import Batch
from livedata.model.host import Host
from livedata.model.probe import Lane, Probe
from livedata.model.scrape import SCRAPE, Failure, Outcome
from livedata.probe.load import load_probes
from livedata.store.state import Last, State
from livedata.transport.compose import Request
from livedata.transport.framing import Section
from livedata.transport.protocol import Answer

LOG = load_probes()["log"]
FEED = replace(LOG, name="feed", into="log")
NAMES = st.text("abcdefghij_", min_size=1, max_size=10)


@given(st.dictionaries(NAMES, st.text(min_size=1)), NAMES)
def test_what_is_packed_is_unpacked(cursors: dict[str, str], table: str) -> None:
    text = packed(cursors, table)
    if cursors.keys() > {table} or not cursors.keys() <= {table}:
        assert unpacked(text, table) == cursors
    else:
        assert text == cursors.get(table)


def test_the_text_of_one_source_is_that_sources() -> None:
    assert unpacked("s=1;i=2\na=3", "log") == {"log": "s=1;i=2\na=3"}
    assert unpacked(None, "log") == {}


def test_of_a_feeder_only_its_cursor_is_known() -> None:
    known = {"log": Last(7, "b", 5, {}, packed({"log": "1", "feed": "2", "gone": "3"}, "log"))}
    last = sources_known(known, [LOG, FEED])
    assert last == {"log": Last(7, "b", 5, {}, "1"), "feed": Last(0, None, None, {}, "2")}
    assert sources_known(known, [LOG])["log"].cursor == "1"
    assert "feed" not in sources_known(known, [LOG, replace(FEED, into="other")])


class Two:
    """A session to a host with two journals of their own, one a probe; each call gives an entry more."""

    lost = None
    connect_s = 0.0

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    async def wait_lost(self) -> Failure:
        await asyncio.Event().wait()
        return Failure(Outcome.UNREACHABLE, "")

    async def close(self) -> None:
        pass

    async def ask(self, lane: Lane, request: Request, timeout: float) -> Answer:
        probe = request.probes[0].name
        cursor = dict(request.variables)["LIVEDATA_CURSOR"]
        self.told.append((probe, cursor))
        number = int(cursor or 0)
        line = f'{{"__CURSOR":"{number + 1}","__REALTIME_TIMESTAMP":"1","MESSAGE":"{probe} {number}"}}\n'
        data = line.encode() if number < 2 else b""
        return Answer({probe: Section(probe, 0, "", data)}, rtt=0.0, wall=0.0)


def test_every_batch_brings_the_cursors_of_all_sources() -> None:
    probes: list[Probe] = [LOG, FEED]
    state, host, runs, session = State(), Host("web"), set(), Two()

    def keep(batches: Sequence[Batch]) -> None:
        for batch in batches:
            state.apply(batch)
            runs.update(row[0] for row in batch.rows if batch.probe is SCRAPE)
            assert batch.probe.name in ("log", "scrape")

    async def one_life(*due: Probe) -> None:
        last = state.before("web", LOG)
        asker = Asker(host, probes, {"log": last} if last else {}, SystemClock(), keep)
        for probe in due:
            await asker.run(session, "log", [probe], 0)

    async def lives() -> None:
        for due in ((LOG,), (FEED, LOG), (LOG,), (FEED,)):
            await one_life(*due)

    asyncio.run(lives())
    assert runs == {"log", "feed"}
    # Each asked first where nothing was known, and then, in every life, where it had ended in the one before.
    first = [cursor for probe, cursor in session.told if probe == "log"]
    second = [cursor for probe, cursor in session.told if probe == "feed"]
    assert first == ["", "1", "2", "2"]
    assert second == ["", "1", "2"]

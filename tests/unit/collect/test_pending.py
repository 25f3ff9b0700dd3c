"""A store that refuses: what waits, what goes first, and that it is said."""

from livedata.collect.pending import GIVEN_UP, Pending
from livedata.model.batch import Batch
from livedata.model.probe import Column, Probe
from livedata.model.scrape import SCRAPE, Outcome, Scrape

FAST = Probe("fast", "", (Column("x", 1, "i64", "gauge"),), every=10)
SLOW = Probe("slow", "", (Column("x", 1, "i64", "gauge"),), every=300)
LOG = Probe("log", "", (Column("ts", 1, "ts", "time"),), every=10)


def sample(probe: Probe, ts: int, rows: int = 10) -> Batch:
    return Batch(probe, "web-1", ts, [(n,) for n in range(rows)], cursor="c" if probe is LOG else None)


def account(ts: int, *probes: str) -> Batch:
    return Batch(SCRAPE, "web-1", ts, [Scrape(p, Outcome.OK, rows=10).row(None) for p in probes])


def test_below_the_bound_nothing_goes() -> None:
    pending = Pending()
    pending.add([sample(FAST, 2)])
    assert pending.put_back([sample(FAST, 1)], most=20) == 0
    assert [b.ts for b in pending.batches] == [1, 2]
    assert pending.rows == 20
    assert len(pending.take()) == 2
    assert (pending.batches, pending.rows) == ([], 0)


def test_what_comes_often_goes_first_and_the_oldest_of_it() -> None:
    pending = Pending()
    pending.add([sample(FAST, 3), sample(SLOW, 3), sample(LOG, 3)])
    lost = pending.put_back([sample(SLOW, 1), sample(FAST, 1), sample(LOG, 1), sample(FAST, 2)], most=55)
    assert lost == 20
    assert [(b.probe.name, b.ts) for b in pending.batches] == [
        ("slow", 1), ("log", 1), ("fast", 3), ("slow", 3), ("log", 3),
    ]  # fmt: skip
    assert pending.put_back([], most=25) == 30
    assert {b.probe.name for b in pending.batches} == {"log"}
    assert pending.put_back([], most=5) == 0, "a log's rows are never given up"


def test_given_up_rows_are_a_row() -> None:
    pending = Pending()
    lost = pending.put_back(
        [sample(FAST, 1), account(1, "fast", "slow"), sample(SLOW, 1), account(2, "fast")], most=15
    )
    assert lost == 10
    rows = {(b.ts, r[0]): (r[1], r[2], r[8]) for b in pending.batches if b.probe is SCRAPE for r in b.rows}
    assert rows == {
        (1, "fast"): ("missed", GIVEN_UP, 0), (1, "slow"): ("ok", None, 10), (2, "fast"): ("ok", None, 10),
    }  # fmt: skip

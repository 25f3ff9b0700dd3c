"""Rows that come within the bound of one another leave in order of time; none is lost, none given twice."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from livedata.query.merge import Merge

HOLD = 10


def rows(stamps: list[int], first: int = 0) -> pa.Table:
    return pa.table(
        {
            "ts": pa.array(stamps, pa.timestamp("us", tz="UTC")),
            "n": pa.array(range(first, first + len(stamps)), pa.int64()),
        }
    )


def stamps(table: pa.Table | None) -> list[int]:
    return [] if table is None else table["ts"].cast(pa.int64()).to_pylist()


def test_a_row_is_held_for_as_long_as_an_older_one_may_come() -> None:
    merge = Merge(HOLD)
    merge.add(rows([50]), now=0)
    merge.add(rows([40]), now=5)
    assert merge.ready(9) is None
    assert stamps(merge.ready(10)) == [40, 50]
    assert merge.ready(100) is None


def test_a_younger_row_is_held_on() -> None:
    merge = Merge(HOLD)
    merge.add(rows([50]), now=0)
    merge.add(rows([60, 45]), now=5)
    assert stamps(merge.ready(10)) == [45, 50]
    assert stamps(merge.ready(15)) == [60]


def test_who_comes_too_late_is_given_all_the_same() -> None:
    merge = Merge(HOLD)
    merge.add(rows([50]), now=0)
    assert stamps(merge.ready(10)) == [50]
    merge.add(rows([10]), now=11)
    assert stamps(merge.ready(21)) == [10]


LOTS = st.lists(st.tuples(st.integers(0, 30), st.lists(st.integers(0, 100), max_size=5)), max_size=12)


@given(LOTS)
def test_each_row_leaves_once_and_those_of_one_time_as_they_came(lots: list[tuple[int, list[int]]]) -> None:
    merge, now, n, left = Merge(HOLD), 0, 0, []
    for wait, lot in lots:
        now += wait
        merge.add(rows(lot, n), now)
        n += len(lot)
        left.append(merge.ready(now))
    left.append(merge.rest())
    tables = [table for table in left if table is not None]
    given_rows = [(row["ts"], row["n"]) for table in tables for row in table.to_pylist()]
    assert sorted(k for _, k in given_rows) == list(range(n))
    for table in tables:
        pairs = [(row["ts"], row["n"]) for row in table.to_pylist()]
        assert pairs == sorted(pairs)


@given(st.lists(st.tuples(st.integers(0, 1_000), st.integers(0, HOLD)), max_size=30))
def test_entries_within_the_bound_are_in_order(entries: list[tuple[int, int]]) -> None:
    """Each entry comes at most `HOLD` after its own time: then all of them leave in order."""
    merge, left = Merge(HOLD), []
    for came, ts in sorted((ts + late, ts) for ts, late in entries):
        merge.add(rows([ts]), came)
        left += stamps(merge.ready(came))
    left += stamps(merge.rest())
    assert left == sorted(ts for ts, _ in entries)

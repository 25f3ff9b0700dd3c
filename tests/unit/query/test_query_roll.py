"""Rows of rollups are what a plain GROUP BY over the rows gives; what can't be summed up is not."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import duckdb
import pyarrow as pa
import pytest

from livedata.model.batch import Batch, arrow_schema, to_arrow
from livedata.model.probe import Column, Derived, Probe
from livedata.model.rollup import rollups
from livedata.query.roll import Roll, roller

from .rolled_store import DISK, PROCESS, START, TICKS, batches

LIMIT = Probe("limit", "A gauge that is as large as can be.", (Column("most", 1, "i64", "gauge"),))


@pytest.fixture(scope="module")
def roll() -> Iterator[Roll]:
    with roller() as made:
        yield made


def rows_of(probe: Probe, seed: int = 1) -> pa.Table:
    rng = random.Random(seed)
    made = [b for tick in range(TICKS) for b in batches(rng, tick) if b.probe.name == probe.name and b.rows]
    rows = pa.Table.from_batches([to_arrow([replace(b, probe=probe) for b in made])])
    return rows.sort_by([(name, "ascending") for name in ("host", probe.columns[0].name, "ts")])


def plain(rows: pa.Table, seconds: int, keys: str, parts: str) -> list[tuple[object, ...]]:
    """The same by DuckDB's own GROUP BY, sorted."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("raw", rows)
        sql = (
            f"SELECT time_bucket(INTERVAL {seconds} SECOND, ts)::TIMESTAMP::VARCHAR AS start, host, {keys}, {parts} "
            f"FROM raw GROUP BY start, host, {keys} ORDER BY host, {keys}, start"
        )
        return connection.execute(sql).fetchall()


def as_rows(table: pa.Table, columns: list[str]) -> list[tuple[object, ...]]:
    picked = table.select(columns)
    times = picked["ts"].cast(pa.timestamp("us")).cast(pa.string()).to_pylist()
    rest = [column.to_pylist() for column in picked.columns[1:]]
    return [(t.removesuffix(".000000"), *row) for t, row in zip(times, zip(*rest, strict=True), strict=True)]


@pytest.mark.parametrize("seed", range(3))
def test_rows_of_every_width_are_what_a_group_by_gives(roll: Roll, seed: int) -> None:
    """The wider ones are made of the finer ones; counts of columns that lack the same values are reckoned once."""
    rows = rows_of(DISK, seed)
    made = roll(DISK, rows)
    assert made is not None
    assert list(made) == ["disk_1m", "disk_5m"]
    parts = (
        "count(*), count(queue), sum(queue), min(queue), max(queue), count(size_bytes), sum(size_bytes)::BIGINT, sum(heat), "
        "max(heat), count(reads_increase), sum(reads_increase)::BIGINT, count(busy_seconds_increase), "
        "sum(busy_seconds_increase), sum(free)::UBIGINT, sum(size_bytes - free::BIGINT)::BIGINT, count(dt_ms)"
    )
    columns = [
        "ts", "host", "device", "kind", "samples", "queue_count", "queue_sum", "queue_min", "queue_max", "size_bytes_count",
        "size_bytes_sum", "heat_sum", "heat_max", "reads_increase_count", "reads_increase_sum",
        "busy_seconds_increase_count", "busy_seconds_increase_sum", "free_sum", "used_bytes_sum", "dt_ms_count",
    ]  # fmt: skip
    for rollup in rollups(DISK):
        table = made[rollup.table]
        assert table.schema.equals(arrow_schema(rollup.probe))
        assert as_rows(table, columns) == plain(rows, rollup.width, "device, kind", parts)


def test_rows_go_by_what_the_header_says(roll: Roll) -> None:
    rows = rows_of(PROCESS)
    made = roll(PROCESS, rows)
    assert made is not None
    assert list(made) == ["process_5m"]
    got = as_rows(made["process_5m"], ["ts", "host", "name", "samples", "rss_bytes_sum"])
    assert got == plain(rows, 300, "name", "count(*), sum(rss_bytes)::BIGINT")


def test_a_column_that_no_row_has_and_one_that_all_have(roll: Roll) -> None:
    rows = rows_of(DISK)
    queue = pa.nulls(len(rows), pa.float64())
    made = roll(
        DISK, rows.set_column(rows.schema.get_field_index("queue"), rows.schema.field("queue"), queue)
    )
    assert made is not None
    table = made["disk_5m"]
    assert set(table["queue_count"].to_pylist()) == {0}
    assert set(table["queue_sum"].to_pylist()) == {None}
    assert table["free_count"].to_pylist() == table["samples"].to_pylist()


def test_times_before_1970_lie_in_their_bucket(roll: Roll) -> None:
    probe = replace(LIMIT, rollup=("5m",))
    rows = pa.Table.from_batches([to_arrow([Batch(probe, "a", at, [(1,)]) for at in (-301_000_000, -1, 0)])])
    made = roll(probe, rows)
    assert made is not None
    assert made["limit_5m"]["ts"].cast(pa.int64()).to_pylist() == [-600_000_000, -300_000_000, 0]


@pytest.mark.parametrize(
    "probe",
    [
        LIMIT,
        replace(LIMIT, derived=(Derived("twice", "2 * most", "", 1, "i64"),)),
        replace(LIMIT, derived=(Derived("bad", "no_such_column + 1", "", 1, "i64"),)),
        replace(LIMIT, derived=(Derived("file", "(SELECT count(*) FROM '/etc/passwd')", "", 1, "i64"),)),
        replace(LIMIT, derived=(Derived("much", "range(0, 10)", "", 1, "i64"),)),
    ],
    ids=["sum", "expression", "unknown", "file", "type"],
)
def test_what_cant_be_summed_up_is_not(roll: Roll, probe: Probe) -> None:
    """And the next rows can be, all the same."""
    at = START
    rows = pa.Table.from_batches([to_arrow([Batch(probe, "a", at + n, [(2**63 - 1,)]) for n in range(2)])])
    assert roll(probe, rows) is None
    few = pa.Table.from_batches([to_arrow([Batch(LIMIT, "a", at + n, [(n,)]) for n in range(2)])])
    made = roll(LIMIT, few)
    assert made is not None
    assert made["limit_5m"]["most_sum"].to_pylist() == [1]


def test_a_table_without_rollups_gives_none_of_them(roll: Roll) -> None:
    probe = replace(LIMIT, every=300.0)
    rows = pa.Table.from_batches([to_arrow([Batch(probe, "a", START, [(1,)])])])
    assert roll(probe, rows) == {}
    assert roll(LIMIT, rows.slice(0, 0)) == {}

"""Raw counters of old rows: a question that names them gets every value, another one does not pay for it."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings

from livedata.model.batch import stored_columns
from livedata.query.counters import filled_sql
from livedata.query.engine import ask
from livedata.query.views import EVERYTHING, SQL_TYPES, columns_named, view_sql
from livedata.store.layout import DAY_US
from livedata.store.thin import thin
from tests.unit.store.samples import DISK, START_US, batch
from tests.unit.store.test_store_compact import keep, segments, tended
from tests.unit.store.test_store_thin import samples

NAMES = ("ts", "host", "device", "reads_total", "busy_seconds_total")


def in_order(table: pa.Table) -> list[str]:
    return sorted(str(tuple(row.values())) for row in table.to_pylist())


@settings(max_examples=100)
@given(samples())
def test_sql_gives_back_what_thin_left_out(rows: pa.Table) -> None:
    columns = [c for c in stored_columns(DISK) if c.name in NAMES]
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("lean", thin(rows, DISK))
        found = connection.sql(filled_sql(DISK, columns, "lean", SQL_TYPES)).to_arrow_table()
    assert in_order(found.cast(rows.select(NAMES).schema)) == in_order(rows.select(NAMES))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three days: the first two are whole and thin, the last is fresh."""
    root = tmp_path / "store"
    day = DAY_US // 10_000_000
    keep(root, [[batch(DISK, f"h{h}", d * day + n) for h in range(12) for n in range(5)] for d in range(3)])
    tended(root, START_US + int(2.1 * DAY_US))
    assert {s.thin for s in segments(root)} == {True, False}
    return root


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM disk",
        "SELECT ts, reads_total FROM disk WHERE host = 'h3' AND device = 'sd1'",
        "SELECT host, max(reads_total) - min(reads_total) AS grown FROM disk GROUP BY host",
        "SELECT count(reads_total), sum(busy_seconds_total) FROM disk",
        "SELECT reads_total FROM disk WHERE ts > TIMESTAMPTZ '2026-07-25 17:20:20+00'",
        "SELECT COLUMNS('.*_total') FROM disk",
    ],
)
def test_answers_are_as_before_the_rows_were_old(root: Path, tmp_path: Path, sql: str) -> None:
    whole = tmp_path / "whole"
    day = DAY_US // 10_000_000
    keep(whole, [[batch(DISK, f"h{h}", d * day + n) for h in range(12) for n in range(5)] for d in range(3)])
    assert in_order(ask(root, sql).table) == in_order(ask(whole, sql).table)


@pytest.mark.parametrize(
    ("sql", "pays"), [("reads_total", True), ("reads_increase, queue", False), ("*", True)]
)
def test_only_who_names_a_raw_counter_pays(sql: str, pays: bool) -> None:
    columns = columns_named(DISK, None if sql == "*" else sql)
    made = view_sql("disk", columns, ["a.parquet"], None, EVERYTHING, ["b.parquet"])
    assert ("OVER series" in made) is pays

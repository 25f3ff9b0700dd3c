"""Which questions rollups answer, which they must not, and what they do when headers, ages and damage come between."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from livedata.model.batch import Batch
from livedata.model.probe import Column, Derived, Probe
from livedata.query import rewrite
from livedata.query.functions import AGGREGATES, CALENDAR, CLOCK, PLAIN, UNIT_FUNCTIONS
from livedata.query.roll import roller
from livedata.store.keep import Keep
from livedata.store.tend import tend
from livedata.store.writer import Writer
from tests.unit.store.samples import read_store

from .rolled_store import SECOND, START, Asker, build, compact, comparable

HOUR = 3600 * SECOND
LATER = START + 10**10
THING = Probe(
    "thing",
    "A table whose header changes.",
    (Column("name", 1, "str", "label", "Name"), Column("size", 2, "i64", "gauge", "Size")),
    every=30.0,
)


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    made = Asker(build(tmp_path_factory.mktemp("rewrite") / "store", random.Random(0)))
    yield made
    made.pool.close()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*), count(queue), sum(heat), avg(heat), min(free), max(ts) FROM disk",
        "SELECT host, avg(busy_pct) AS busy_pct FROM disk GROUP BY host ORDER BY busy_pct DESC, host LIMIT 2",
        "SELECT time_bucket(INTERVAL 1 MINUTE, ts) AS ts, sum(reads_increase) FROM disk GROUP BY 1 ORDER BY ts",
        "SELECT 1000 * sum(reads_increase) / sum(dt_ms) AS rate FROM disk WHERE kind = 'disk' AND ts >= '2026-11-20 02:55:21'",
        "SELECT d.host, round(avg(d.queue), 2), count(*) AS samples FROM main.disk AS d GROUP BY ALL ORDER BY samples, host",
        "FROM disk SELECT DISTINCT HOST, Device",
        "SELECT ts::DATE AS day, hour(ts), count(*) FILTER (WHERE host LIKE 'web-%' AND minute(ts) < 30) FROM disk GROUP BY ALL",
        "SELECT name, max(rss_bytes) FROM process WHERE host IN (SELECT host FROM os WHERE cores > 1) GROUP BY name",
        "SELECT host, rank() OVER (ORDER BY count(*) DESC, host) FROM disk GROUP BY host QUALIFY rank() OVER (ORDER BY host) < 3",
        "SELECT host FROM disk GROUP BY host HAVING avg(queue) > 0",
        "SELECT x.n, y.n FROM (SELECT count(*) AS n FROM disk) AS x, (SELECT count(*) AS n FROM process) AS y",
        "WITH d AS (SELECT host, sum(heat) AS h FROM disk GROUP BY host) SELECT max(h) FROM d",
        "SELECT count(DISTINCT device), min(host), max(upper(kind)), count(kind) FROM disk",
        "SELECT CASE WHEN count(*) > 3 THEN avg(size_bytes) END AS x, x + 1 FROM disk WHERE ts BETWEEN '2026-11-20' AND now()",
        "SELECT host, grouping(host), count(*) FROM disk GROUP BY ROLLUP (host)",
        "SELECT (SELECT cores FROM os WHERE os.host = disk.host LIMIT 1) AS cores, host, count(*) FROM disk GROUP BY ALL",
    ],
)  # fmt: skip
def test_rollups_answer(asker: Asker, sql: str) -> None:
    answer, rolled = asker.asked(sql)
    assert rolled
    assert answer.num_rows
    assert comparable(answer) == comparable(asker.raw(sql))


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT median(queue) FROM disk",
        "SELECT avg(queue + 1) FROM disk",
        "SELECT sum(DISTINCT size_bytes) FROM disk",
        "SELECT avg(queue) FILTER (WHERE queue > 1) FROM disk",
        "SELECT avg(queue) FROM disk WHERE heat > 1",
        "SELECT avg(hidden), max(plain) FROM disk",
        "SELECT max(reads_increase) FROM disk",
        "SELECT max(reads_per_second) FROM disk",
        "SELECT pid, count(*) FROM process GROUP BY pid",
        "SELECT ts, count(*) FROM disk GROUP BY ts",
        "SELECT time_bucket(INTERVAL 5 MINUTE, ts) AS ts, count(*) FROM disk GROUP BY ts",
        "SELECT time_bucket(INTERVAL 90 SECOND, ts), count(*) FROM disk GROUP BY ALL",
        "SELECT time_bucket(INTERVAL 5 MINUTE, ts, INTERVAL 1 MINUTE), count(*) FROM disk GROUP BY ALL",
        "SELECT time_bucket(INTERVAL 5 MINUTE, ts + INTERVAL 1 MINUTE), count(*) FROM disk GROUP BY ALL",
        "SELECT count(*) FROM disk WHERE ts > '2026-11-20 02:55' OR host = 'db-1'",
        "SELECT count(*) FROM disk WHERE ts > (SELECT min(ts) FROM os)",
        "SELECT count(*) FROM disk WHERE EXISTS (SELECT 1 FROM os WHERE os.cores < disk.queue)",
        "SELECT count(*) FROM disk WHERE EXISTS (SELECT 1 FROM os WHERE cores < queue)",
        "SELECT count(*) FROM disk AS d, os WHERE d.host = os.host",
        "SELECT count(*) FROM disk AS d(a, b)",
        "SELECT count(*) FROM disk TABLESAMPLE 50 PERCENT (bernoulli, 42)",
        "SELECT host, count(*) OVER (PARTITION BY host) FROM disk",
        "SELECT DISTINCT host, row_number() OVER () > 3 AS late FROM disk",
        "SELECT host, device FROM disk WHERE host = 'db-1'",
        "SELECT DISTINCT ON (host) host, device FROM disk ORDER BY host, device",
        "SELECT list(host ORDER BY host) FROM disk",
        "SELECT max(disk) FROM disk",
        "SELECT count(*), max(COLUMNS('queue|heat')) FROM disk",
        "WITH disk AS (SELECT host FROM os) SELECT host, count(*) FROM disk GROUP BY host",
        "SELECT host, count(*) AS queue FROM disk GROUP BY host HAVING queue > 5",
        "SELECT count(*) FROM disk WHERE ts >= '2026-11-20 02:50:30' AND ts < '2026-11-20 02:50:50'",
        "PIVOT disk ON host IN ('db-1', 'web-1') USING avg(queue)",
        "SELECT count(queue) FROM disk WHERE random() < 2",
    ],
)
def test_rollups_do_not_answer(asker: Asker, sql: str) -> None:
    rows = comparable(asker.raw(sql))
    answer, rolled = asker.asked(sql)
    assert not rolled
    assert comparable(answer) == rows


def things(hours: range, *, columns: int = 1) -> list[Batch]:
    """A row every minute, of two names, with `columns` whole numbers."""
    return [
        Batch(THING, "web-1", START + minute * 60 * SECOND, [(name, *[minute] * columns) for name in "ab"])
        for hour in hours
        for minute in range(hour * 60, hour * 60 + 60)
    ]


def keep_all(root: Path) -> None:
    with roller() as roll:
        compact(root, roll)


def grow(root: Path, probe: Probe, batches: list[Batch]) -> None:
    """Append, seal and roll up rows under a header."""
    with Writer.open(root, purpose="test", now_us=START) as writer:
        writer.append([replace(batch, probe=probe) for batch in batches], START)
        writer.seal(START)
    keep_all(root)


@pytest.mark.parametrize(
    ("header", "width", "sql", "rolled"),
    [
        (THING, 1, "SELECT name, sum(size), count(*) FROM thing GROUP BY name", True),
        (  # a new column, which older rows lack in either table
            replace(THING, columns=(*THING.columns, Column("heat", 3, "i64", "gauge", "Heat"))),
            2,
            "SELECT name, sum(heat), count(heat), count(*) FROM thing GROUP BY name",
            False,
        ),
        (
            replace(THING, columns=(*THING.columns, Column("heat", 3, "i64", "gauge", "Heat"))),
            2,
            "SELECT name, sum(size), count(*) FROM thing GROUP BY name",
            True,
        ),
        (  # a reckoned column that is kept from now on, and has values in older rows
            replace(THING, derived=(Derived("twice", "2 * size", "Twice", 1, "i64"),)),
            1,
            "SELECT sum(twice) FROM thing",
            False,
        ),
        (  # another key
            replace(
                THING,
                columns=(*THING.columns, Column("kind", 3, "i64", "text", "Kind")),
                rollup_by=("name", "kind"),
            ),
            2,
            "SELECT kind, count(*) FROM thing GROUP BY kind",
            False,
        ),
        (  # a name that is another from now on
            replace(THING, columns=(THING.columns[0], Column("bytes", 2, "i64", "gauge", "Size", ("size",)))),
            1,
            "SELECT name, sum(bytes), max(bytes) FROM thing GROUP BY name",
            True,
        ),
        (  # a width that there was not
            replace(THING, rollup=("1m", "5m")),
            1,
            "SELECT time_bucket(INTERVAL 1 MINUTE, ts), sum(size) FROM thing GROUP BY ALL",
            False,
        ),
        (
            replace(THING, rollup=("1m", "5m")),
            1,
            "SELECT time_bucket(INTERVAL 10 MINUTE, ts), sum(size) FROM thing GROUP BY ALL",
            True,
        ),
        (replace(THING, rollup=()), 1, "SELECT name, sum(size) FROM thing GROUP BY name", False),
    ],
)
def test_a_header_that_changed(tmp_path: Path, header: Probe, width: int, sql: str, rolled: bool) -> None:
    """Rows rolled up under an older header count once, and with all that they have."""
    grow(tmp_path, THING, things(range(2)))
    grow(tmp_path, header, things(range(2, 4), columns=width))
    asker = Asker(tmp_path)
    answer, did = asker.asked(sql)
    assert comparable(answer) == comparable(asker.raw(sql))
    assert did is rolled
    asker.pool.close()


def test_rows_too_old_to_be_kept_are_answered_from_their_rollups(tmp_path: Path) -> None:
    grow(tmp_path, THING, things(range(3)))
    with roller() as roll:
        tend(tmp_path, Keep(1, {"5m": 10**6}), lambda: LATER + 100 * HOUR, roll)
    content = read_store(tmp_path)
    assert not content["thing"].parts
    assert content["thing_5m"].parts
    asker = Asker(tmp_path)
    answer, rolled = asker.asked(
        "SELECT name, count(*) AS n, sum(size) AS size FROM thing GROUP BY name ORDER BY name"
    )
    assert rolled
    total = sum(range(180))
    assert answer.to_pylist() == [{"name": n, "n": 180, "size": total} for n in "ab"]
    asker.pool.close()


def test_a_damaged_rollup_costs_no_answer(tmp_path: Path) -> None:
    grow(tmp_path, THING, things(range(2)))
    [part] = read_store(tmp_path)["thing_5m"].parts
    data = bytearray(part.path.read_bytes())
    data[4:400] = b"x" * 396
    part.path.write_bytes(data)
    asker = Asker(tmp_path)
    sql = "SELECT sum(size), count(*) FROM thing"
    with asker.unwatched():
        assert comparable(asker.asked(sql)[0]) == comparable(asker.raw(sql))
    asker.pool.close()


def test_a_rollup_asked_by_its_name_has_the_newest_rows_too(asker: Asker) -> None:
    rows = comparable(
        asker.raw(
            "SELECT host, kind, count(*)::HUGEINT, count(queue)::HUGEINT, sum(heat), min(ts) FROM disk GROUP BY ALL"
        )
    )
    for table in ("disk_1m", "disk_5m"):
        answer, _ = asker.asked(
            "SELECT host, kind, sum(samples), sum(queue_count), sum(heat_sum), min(ts_min) "
            f"FROM {table} AS t GROUP BY ALL"
        )
        assert comparable(answer)[1] == rows[1]
    answer, _ = asker.asked("SELECT ts, ts_min, ts_max FROM disk_5m AS t(ts, host)")
    for row in answer.to_pylist():
        assert row["ts"].minute % 5 == row["ts"].second == 0
        assert (
            0
            <= (row["ts_min"] - row["ts"]).total_seconds()
            <= (row["ts_max"] - row["ts"]).total_seconds()
            < 300
        )


def test_explain_explains_what_is_done(asker: Asker) -> None:
    answer, rolled = asker.asked("EXPLAIN SELECT avg(queue) FROM disk")
    assert rolled
    assert "queue_sum" in str(answer.to_pylist())


def test_what_functions_are_said_to_be_they_are() -> None:
    """By DuckDB's own list: nothing that sums up, is a table, or differs from row to row, is taken for plain."""
    known: dict[str, set[tuple[str, str | None]]] = {}
    with duckdb.connect() as connection:
        for name, kind, stability in connection.execute(
            "SELECT function_name, function_type, stability FROM duckdb_functions()"
        ).fetchall():
            known.setdefault(name.lower(), set()).add((kind, stability))
    for name in {*PLAIN, *CALENDAR, *UNIT_FUNCTIONS}:
        # Of times with a zone they are the same within a query, in the zone that it has: UTC.
        kinds = {("scalar", "CONSISTENT"), ("scalar", "CONSISTENT_WITHIN_QUERY"), ("macro", None)}
        assert known[name] <= kinds, name
    for name in AGGREGATES:
        assert {kind for kind, _ in known[name]} == {"aggregate"}, name
    for name in CLOCK - {"current_timestamp"}:
        assert known[name] == {("scalar", "CONSISTENT_WITHIN_QUERY")}, name


def test_few_rows_are_read_sooner(asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    sql = "SELECT host, avg(queue) FROM disk GROUP BY host ORDER BY host"
    answer, rolled = asker.asked(sql)
    assert rolled
    monkeypatch.setattr(rewrite, "WORTH_ROWS", 10**9)
    again, rolled = asker.asked(sql)
    assert not rolled
    assert comparable(again) == comparable(answer)

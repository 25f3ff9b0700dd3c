"""What a question needs is found in DuckDB's plan: never too little, and mostly little."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livedata.model.batch import Batch
from livedata.model.probe import Column, Probe
from livedata.query import engine
from livedata.query import plan as plan_module
from livedata.query.engine import Pool, stream
from livedata.query.narrow import EVERYTHING, FIRST, HIGHEST, LAST, LOWEST, NOTHING, Bounds, read_filters
from livedata.query.source import store_source
from livedata.query.views import Scope
from livedata.store.writer import Writer

from .conftest import START

HOUR = 3_600_000_000
DAY = 24 * HOUR
MIDNIGHT = START - 3 * HOUR
HOSTS = ("db-01", "web-01", "web-02", "web'3")
LOAD = Probe("load", "Load.", (Column("one", 1, "f64", "gauge"), Column("n_total", 2, "u64", "counter")))
EVENT = Probe("event", "Events.", (Column("ts", 1, "ts", "time"), Column("what", 2, "str", "text")))
STAMP = "'2026-11-20 03:00:00+00'::TIMESTAMP WITH TIME ZONE"


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three days of four hosts, a row in six hours, on midnight too; a file a host and day. The last tick is fresh."""
    root = tmp_path_factory.mktemp("narrow") / "store"
    with Writer.open(root, purpose="test", now_us=MIDNIGHT) as writer:
        for tick in range(13):
            at = MIDNIGHT + tick * 6 * HOUR
            if tick == 12:
                writer.seal(at)
            for i, host in enumerate(HOSTS):
                row = (float((tick * 7 + i * 3) % 5), tick, 1)
                writer.append([Batch(LOAD, host.replace("'", "-"), at, [row], "b", 0, 10_000)], at)
            event = (at + tick, f"event {tick % 3}")
            writer.append([Batch(EVENT, HOSTS[tick % 2], at, [event], "b")], at)
    return root


@pytest.fixture(scope="module")
def pools() -> Iterator[tuple[Pool, Pool]]:
    with Pool() as narrow, Pool() as wide:
        yield narrow, wide


def rows_of(root: Path, sql: str, pool: Pool) -> list[tuple[Any, ...]]:
    with stream(store_source(root), sql, pool=pool) as (_, batches):
        return [tuple(row.values()) for batch in batches for row in batch.to_pylist()]


def opened(root: Path, sql: str, scope: Scope = Scope()) -> list[str]:  # noqa: B008
    """Table, day and host of each file that the engine may open for a question."""
    with Pool() as pool:
        with stream(store_source(root), sql, scope=scope, pool=pool) as (_, batches):
            list(batches)
        with pool.lend() as instance:
            assert instance.reach is not None
            paths = map(Path, instance.reach)
            return sorted(f"{p.parts[-3]} {p.parts[-2][-2:]} {p.name.partition('.')[0]}" for p in paths)


# What is read in a filter


def times(first: int, last: int) -> Bounds:
    return Bounds(times=((first, last),))


def hosts(*ranges: tuple[str, str]) -> Bounds:
    return Bounds(hosts=ranges)


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("", EVERYTHING),
        (f"(ts > {STAMP})", times(START + 1, LAST)),
        (f"(ts >= {STAMP})", times(START, LAST)),
        (f"(ts < {STAMP})", times(FIRST, START - 1)),
        (f"(ts <= {STAMP})", times(FIRST, START)),
        (f"(ts = {STAMP})", times(START, START)),
        ("(ts >= '2026-11-20 03:00:00.00001+00'::TIMESTAMP WITH TIME ZONE)", times(START + 10, LAST)),
        (f"((ts > {STAMP}) AND (ts IS NOT NULL))\n(host = 'a')", Bounds(((START + 1, LAST),), (("a", "a"),))),
        ("(host = 'it''s (b AND\n'')')", hosts(("it's (b AND\n')", "it's (b AND\n')"))),
        ("optional: (host IN ('b', 'a', 'c'))", hosts(("a", "a"), ("b", "b"), ("c", "c"))),
        ("((host >= 'web-') AND (host < 'web.'))", hosts(("web-", "web."))),
        (f"((ts < {STAMP}) OR (host = 'a'))", EVERYTHING),
        ("((host IN ('b')) OR (host = 'a'))", hosts(("a", "a"), ("b", "b"))),
        ("((host = 'a') AND (host = 'b'))", Bounds(((FIRST, LAST),), ())),
        (f"((ts > {STAMP}) AND optional: Dynamic Filter (ts))", times(START + 1, LAST)),
        (f"optional: Dynamic Filter (one)\n(ts > {STAMP})", times(START + 1, LAST)),
        # What is not understood narrows nothing.
        ("(ts > 'infinity'::TIMESTAMP WITH TIME ZONE)", EVERYTHING),
        ("(ts > '0044-03-15 (BC) 00:00:00+00'::TIMESTAMP WITH TIME ZONE)", EVERYTHING),
        ("(ts > '2026-11-20 03:00:00')", EVERYTHING),
        ("(host != 'a')", EVERYTHING),
        ("(lower(host) = 'a')", EVERYTHING),
        ("(NOT (host = 'a'))", EVERYTHING),
        ("NOT (host = 'a')", EVERYTHING),
        ("(host = 'a') OR (host = 'b')", EVERYTHING),
        ("((host = 'a') AND (host = 'b') OR (host = 'c'))", EVERYTHING),
        ("(CASE  WHEN (one) THEN ((host = 'a')) AND (host = 'b') AND 1 END)", EVERYTHING),
        ("(host = 'a'", EVERYTHING),
        ("(host = 'a", EVERYTHING),
        (f"(before.ts > {STAMP})", EVERYTHING),
        ("(host = one)", EVERYTHING),
        ("(host IN ('a', one))", EVERYTHING),
    ],
)
def test_filters(text: str, bounds: Bounds) -> None:
    assert read_filters(text) == bounds


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    assert isinstance(read_filters(text), Bounds)
    assert read_filters("(" * 5_000 + text + ")" * 5_000) is not None


RANGES = st.lists(st.tuples(st.integers(-9, 9), st.integers(0, 4)), max_size=4).map(
    lambda pairs: Bounds(times=tuple((a, a + n) for a, n in pairs), hosts=(("a", "b"),) if pairs else ())
)


@given(RANGES.map(lambda b: b | NOTHING | b), RANGES.map(lambda b: b | b), st.integers(-12, 16))
def test_bounds_are_sets(left: Bounds, right: Bounds, at: int) -> None:
    def has(bounds: Bounds) -> bool:
        return any(a <= at <= b for a, b in bounds.times)

    assert has(left & right) == (has(left) and has(right))
    assert has(left | right) == (has(left) or has(right))


# Which files are opened


def test_a_file_a_day_and_host_is_there(days: Path) -> None:
    assert len(opened(days, "SELECT count(*) FROM load")) == 12
    assert len(opened(days, "SELECT count(*) FROM event")) == 6


DAY_2 = "ts >= '2026-11-21' AND ts < '2026-11-22'"


@pytest.mark.parametrize(
    ("sql", "files"),
    [
        (f"FROM load WHERE {DAY_2}", ["load 21 db-01", "load 21 web-01", "load 21 web-02", "load 21 web-3"]),
        (f"FROM load WHERE {DAY_2} AND host = 'web-01'", ["load 21 web-01"]),
        ("FROM load WHERE host IN ('db-01', 'web-3') AND epoch(ts) > 0",
         ["load 20 db-01", "load 20 web-3", "load 21 db-01", "load 21 web-3", "load 22 db-01", "load 22 web-3"]),
        (f"FROM load WHERE host LIKE 'web-0%' AND {DAY_2}", ["load 21 web-01", "load 21 web-02"]),
        ("FROM load WHERE date_trunc('day', ts) = '2026-11-20' AND host = 'db-01'", ["load 20 db-01"]),
        ("FROM load WHERE ts > '2027-01-01'", []),
        ("FROM load WHERE false", []),
        ("FROM load WHERE ts > now() AND ts < '2026-01-01'", []),
        ("DESCRIBE load", []),
        ("SELECT 1", []),
        (f"WITH d AS (FROM load WHERE {DAY_2}) SELECT count(*) FROM d WHERE host = 'db-01'", ["load 21 db-01"]),
        (f"SELECT count(*) FROM (SELECT *, one * 2 AS two FROM load) WHERE two > 1 AND {DAY_2} AND host = 'db-01'",
         ["load 21 db-01"]),
        (f"SELECT count(*) FROM load JOIN event USING (host) WHERE load.{DAY_2.replace('AND ', 'AND load.')} AND host = 'db-01'",
         ["event 20 db-01", "event 21 db-01", "event 22 db-01", "load 21 db-01"]),
        ("SELECT count(*) FROM load a, load b WHERE a.host = 'db-01' AND b.host = 'web-3' AND a.ts < '2026-11-21' "
         "AND b.ts < '2026-11-21'", ["load 20 db-01", "load 20 web-3"]),
        (f"EXPLAIN ANALYZE SELECT count(*) FROM load WHERE {DAY_2} AND host = 'db-01'", ["load 21 db-01"]),
        (f"PIVOT (FROM load WHERE {DAY_2}) ON host IN ('db-01') USING max(one)",
         ["load 21 db-01", "load 21 web-01", "load 21 web-02", "load 21 web-3"]),
        (f"SELECT 1 FROM load WHERE {DAY_2} AND host = 'db-01' UNION ALL SELECT 2 FROM load WHERE ts < '2026-11-21' AND "
         "host = 'web-01'", ["load 20 db-01", "load 20 web-01", "load 21 db-01", "load 21 web-01"]),
    ],
)  # fmt: skip
def test_files_opened(days: Path, sql: str, files: list[str]) -> None:
    """Two scans of a table need what lies in the times of one and the hosts of one."""
    assert opened(days, sql) == files


def test_a_scope_narrows_as_well(days: Path) -> None:
    scope = Scope(since_us=MIDNIGHT + DAY, until_us=MIDNIGHT + 2 * DAY, hosts=("web-0*",))
    assert opened(days, "FROM load", scope) == ["load 21 web-01", "load 21 web-02"]
    assert opened(days, "FROM load WHERE host = 'db-01'", scope) == []


def test_a_question_that_opens_very_many_files_says_so(days: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "MANY_FILES", 11)
    said: list[str] = []
    for sql in (f"FROM load WHERE {DAY_2}", "FROM load"):
        with stream(store_source(days), sql, warn=said.append) as (_, batches):
            list(batches)
    assert said == ["this opens 12 files: livedata store compact makes few of many"]


def test_planning_and_asking_happen_at_one_moment(days: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or a row between the two `now()` would be lost."""
    seen: list[str] = []
    before = plan_module.bounds_of
    monkeypatch.setattr(plan_module, "bounds_of", lambda plan, *of: (seen.append(plan), before(plan, *of))[1])
    with Pool() as pool:
        for _ in range(2):
            ((now,),) = rows_of(days, "SELECT now()::VARCHAR FROM load WHERE ts < now() LIMIT 1", pool)
            assert f"(ts < '{now}'::TIMESTAMP WITH TIME ZONE)" in seen.pop()


# The same answer, narrowed or not


def written(us: int) -> str:
    return f"TIMESTAMPTZ '{(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)).isoformat()}'"


MOMENT = st.builds(
    lambda tick, off: written(MIDNIGHT + tick * 6 * HOUR + off),
    st.integers(-1, 13),
    st.sampled_from([-1, 0, 1, HOUR]),
)
HOST = st.sampled_from(["db-01", "web-01", "web-02", "web-3", "zzz", "it''s"]).map(lambda h: f"'{h}'")
ATOM = st.one_of(
    st.builds("{{t}}.ts {} {}".format, st.sampled_from(["<", "<=", ">", ">=", "=", "<>"]), MOMENT),
    st.builds("{{t}}.ts BETWEEN {} AND {}".format, MOMENT, MOMENT),
    st.builds("{{t}}.ts IN ({}, {})".format, MOMENT, MOMENT),
    st.builds("{} > {{t}}.ts".format, MOMENT),
    st.builds("date_trunc('day', {{t}}.ts) = date_trunc('day', {})".format, MOMENT),
    st.builds("{{t}}.ts::DATE = ({})::DATE".format, MOMENT),
    st.builds("{{t}}.host {} {}".format, st.sampled_from(["=", "<>", "<", ">="]), HOST),
    st.builds("{{t}}.host IN ({}, {}, {})".format, HOST, HOST, HOST),
    st.sampled_from(["{t}.host LIKE 'web-%'", "{t}.host LIKE '%1'", "{t}.host ~ '^w'", "starts_with({t}.host, 'd')",
                     "{t}.host IS NULL", "{t}.ts IS NOT NULL", "true", "NULL", "length({t}.host) = 5"]),
)  # fmt: skip
CONDITION = st.recursive(
    ATOM,
    lambda inner: st.one_of(
        st.builds("({} AND {})".format, inner, inner),
        st.builds("({} OR {})".format, inner, inner),
        st.builds("NOT ({})".format, inner),
        st.builds("CASE WHEN {} THEN {} ELSE {} END".format, inner, inner, inner),
    ),
    max_leaves=5,
)
NARROW = st.one_of(
    st.builds("({{t}}.ts >= {} AND {{t}}.host = {})".format, MOMENT, HOST),
    st.builds("{{t}}.ts < {}".format, MOMENT),
    st.builds("{{t}}.host IN ({}, {})".format, HOST, HOST),
)
"""What most questions look like: no file is opened in vain, so that one too few shows."""
ASKED = st.one_of(NARROW, NARROW, CONDITION)
SHAPES = [
    "SELECT 1, ts, host FROM load a WHERE {0:a} UNION ALL SELECT 2, ts, host FROM load b WHERE {1:b}",
    "SELECT a.ts, b.ts, a.host, b.host FROM load a, load b WHERE {0:a} AND {1:b} AND a.one = b.one",
    "SELECT ts, host, one, n_per_second FROM load a WHERE {0:a}",
    "SELECT host, count(*), max(ts), sum(one) FROM load a WHERE {0:a} GROUP BY host HAVING count(*) > 1",
    "SELECT a.ts, a.host, b.what FROM load a JOIN event b ON a.host = b.host AND {1:b} WHERE {0:a}",
    "SELECT a.ts, a.host, b.what FROM load a LEFT JOIN event b ON a.host = b.host AND {1:b} WHERE {0:a}",
    "SELECT a.ts, a.host, b.ts FROM load a FULL JOIN load b ON a.host = b.host AND a.ts = b.ts AND {0:a} WHERE {1:b}",
    "SELECT a.ts, a.host, b.ts, b.what FROM load a ASOF JOIN event b ON a.host = b.host AND a.ts >= b.ts WHERE {0:a} AND {1:b}",
    "SELECT a.ts, a.host, b.ts FROM load a ASOF LEFT JOIN event b ON a.host = b.host AND a.ts >= b.ts WHERE {0:a}",
    "WITH m AS MATERIALIZED (SELECT * FROM load) SELECT 1, ts, host FROM m a WHERE {0:a} UNION ALL SELECT 2, ts, host FROM m b WHERE {1:b}",
    "WITH c AS (SELECT * FROM load b WHERE {1:b}) SELECT x.ts, y.host FROM c x JOIN c y USING (ts, host) WHERE {0:x}",
    "SELECT * FROM (SELECT *, count(*) OVER (PARTITION BY host) AS c FROM load b WHERE {1:b}) a WHERE {0:a}",
    "SELECT host, ts FROM (SELECT host, max(ts) AS ts FROM load GROUP BY host) a WHERE {0:a}",
    "SELECT ts, host FROM load a WHERE {0:a} QUALIFY row_number() OVER (PARTITION BY host ORDER BY ts DESC) = 1",
    "SELECT ts, host FROM load a WHERE {0:a} AND ts > (SELECT min(ts) FROM event b WHERE {1:b})",
    "SELECT ts, host FROM load a WHERE host IN (SELECT host FROM event b WHERE {1:b}) AND {0:a}",
    "SELECT ts, host FROM load a WHERE NOT EXISTS (FROM event b WHERE b.host = a.host AND {1:b}) AND {0:a}",
    "SELECT ts, host FROM load a WHERE {0:a} EXCEPT SELECT ts, host FROM load b WHERE {1:b}",
    "SELECT a.ts, l.c FROM load a, LATERAL (SELECT count(*) AS c FROM event b WHERE b.host = a.host AND {1:b}) l WHERE {0:a}",
    "PIVOT (SELECT ts, host, one FROM load a WHERE {0:a}) ON host IN ('db-01', 'web-3') USING max(one)",
    "SELECT ts, host FROM (SELECT * FROM load b ORDER BY ts, host LIMIT 9) a WHERE {0:a}",
    "SELECT DISTINCT ON (host) host, ts FROM load a WHERE {0:a} ORDER BY host, ts",
    "WITH RECURSIVE r(t, n) AS (SELECT min(ts), 1 FROM load a WHERE {0:a} UNION ALL SELECT min(b.ts), n + 1 FROM r, load b "
    "WHERE b.ts > r.t AND {1:b} GROUP BY n HAVING n < 3) FROM r",
]


class Placed(str):
    """A condition that is written `{t}.ts ...`, formatted with the table's alias as its format."""

    def __format__(self, alias: str) -> str:
        return f"({self.replace('{t}', alias)})"


@settings(max_examples=150)
@given(st.sampled_from(SHAPES), ASKED, ASKED)
def test_narrowed_or_not_the_answer_is_the_same(
    days: Path, pools: tuple[Pool, Pool], shape: str, first: str, second: str
) -> None:
    sql = shape.format(Placed(first), Placed(second))
    narrow = rows_of(days, sql, pools[0])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan_module, "bounds_of", lambda plan, tables, mined: dict.fromkeys(tables, EVERYTHING))
        wide = rows_of(days, sql, pools[1])
    assert sorted(narrow, key=repr) == sorted(wide, key=repr)


def test_what_stands_for_all_hosts() -> None:
    assert EVERYTHING.names is None
    assert hosts(("a", "a"), ("b", "b")).names == ("a", "b")
    assert not hosts()
    assert all(LOWEST < host < HIGHEST for host in HOSTS)

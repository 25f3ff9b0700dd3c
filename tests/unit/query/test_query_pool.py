"""Instances that are kept: one question leaves nothing to the next, and a view has the columns that a question means."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from livedata.errors import QueryError
from livedata.query import plan as plan_module
from livedata.query.engine import Limits, Pool, ask, stream
from livedata.query.source import store_source
from livedata.query.views import columns_named
from livedata.store.reader import table_definitions

from .conftest import CPU


def rows_of(root: Path, sql: str, pool: Pool) -> list[dict[str, Any]]:
    return ask(root, sql, pool=pool).table.to_pylist()


def test_questions_take_turns_on_one_instance(store: Path) -> None:
    with Pool() as pool:
        for _ in range(3):
            assert rows_of(store, "SELECT count(*) AS n FROM cpu", pool) == [{"n": 32}]
            assert rows_of(store, "SELECT count(*) AS n FROM log", pool) == [{"n": 2}]
            assert rows_of(store, "SELECT count(busy_pct) AS n FROM cpu WHERE host = 'db-01'", pool) == [
                {"n": 9}
            ]
            known = set(table_definitions(store))
            assert {r["name"] for r in rows_of(store, "SHOW TABLES", pool)} == known
            assert {r["name"] for r in rows_of(store, "SHOW ALL TABLES", pool)} == known
        with pool.lend() as first, pool.lend() as second:
            assert first.reach
            assert second.reach is None, "all had been asked of one"


def test_a_failed_question_costs_its_instance_and_no_more(store: Path) -> None:
    with Pool(Limits(5, "1GB")) as pool:
        for sql in ("SELECT bsuy FROM cpu", "SELECT error('x') FROM cpu", "DROP VIEW cpu", "SELECT 'x'::INT"):
            with pytest.raises(QueryError):
                rows_of(store, sql, pool)
            assert rows_of(store, "SELECT count(*) AS n FROM cpu", pool) == [{"n": 32}]


def test_an_answer_need_not_be_taken_whole(store: Path) -> None:
    with Pool() as pool:
        for _ in range(3):
            with stream(store_source(store), "FROM cpu, range(100000)", pool=pool) as (_, batches):
                next(batches)
            assert rows_of(store, "SELECT count(*) AS n FROM cpu", pool) == [{"n": 32}]


def test_several_threads_ask_at_once(store: Path) -> None:
    with Pool() as pool, ThreadPoolExecutor(4) as threads:
        asked = [
            threads.submit(rows_of, store, f"SELECT count(*) + {i} AS n FROM cpu", pool) for i in range(20)
        ]
        assert [f.result() for f in asked] == [[{"n": 32 + i}] for i in range(20)]


def test_a_new_file_is_reached(store: Path, tmp_path: Path) -> None:
    with Pool() as pool:
        assert rows_of(store, "SELECT count(*) AS n FROM cpu WHERE host = 'db-01'", pool) == [{"n": 10}]
        assert rows_of(store, "SELECT count(*) AS n FROM cpu", pool) == [{"n": 32}]
        assert rows_of(tmp_path, "SELECT 1 AS n", pool) == [{"n": 1}]


COLUMNS = [
    "SELECT cpu FROM cpu",
    "SELECT c FROM cpu AS C",
    "SELECT (c).busy_pct FROM cpu c",
    "SELECT c.busy_pct AS b FROM cpu c ORDER BY b",
    "SELECT BUSY_PCT FROM cpu",
    'SELECT "Busy_Pct" FROM cpu',
    "SELECT unnest(cpu) FROM cpu",
    "SELECT count(c) FROM cpu c",
    "SELECT #4 FROM cpu",
    "SELECT a, b FROM cpu c(a, b)",
    "SELECT COLUMNS('pct$') FROM cpu",
    "SELECT COLUMNS(lambda c: c LIKE 'i%') FROM cpu",
    "SELECT count(*) FROM cpu NATURAL JOIN (SELECT busy_pct, host FROM cpu)",
    "SELECT x.host FROM cpu x JOIN cpu y USING (host, busy_pct)",
    "SELECT max(busy_pct) FROM cpu GROUP BY ALL",
    "SELECT host, idle_seconds_per_second FROM cpu ORDER BY ALL",
    "PIVOT cpu ON host IN ('web-01') USING avg(busy_pct)",
    "UNPIVOT cpu ON busy_pct, cores INTO NAME n VALUE v",
    "SELECT * EXCLUDE (busy_pct) FROM cpu",
    "SELECT * REPLACE (1 AS busy_pct) FROM cpu",
    "SELECT n FROM (SELECT busy_pct AS n FROM cpu) WHERE n > 5",
    "SELECT 1 FROM cpu WHERE EXISTS (SELECT busy_pct FROM cpu)",
    "SELECT host FROM cpu UNION BY NAME SELECT busy_pct FROM cpu",
    "SELECT to_json(cpu) FROM cpu",
    "SELECT {'b': busy_pct}.b FROM cpu",
    "DESCRIBE cpu",
    "TABLE cpu",
]


@pytest.mark.parametrize("sql", COLUMNS)
def test_a_view_has_the_columns_that_are_meant(store: Path, sql: str) -> None:
    with Pool() as pool:
        some = ask(store, sql, pool=pool).table
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan_module, "columns_named", lambda probe, text: columns_named(probe, None))
        every = ask(store, sql).table
    assert some.schema == every.schema
    assert sorted(map(repr, some.to_pylist())) == sorted(map(repr, every.to_pylist()))


def test_columns_are_those_named_and_what_they_are_reckoned_from() -> None:
    named = columns_named(CPU, "SELECT busy_pct FROM cpu")
    assert named.names == ["ts", "host", "busy_seconds_increase", "idle_seconds_increase", "busy_pct"]
    assert columns_named(CPU, "SELECT 1").names == ["ts", "host"]
    assert len(columns_named(CPU, None).names) == 13

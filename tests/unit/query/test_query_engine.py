"""Answers over a real store: files of two headers, fresh rows, narrowing, limits, and what stops a query."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from livedata.errors import ConfigError, QueryError, UsageError
from livedata.query.engine import Limits, stream
from livedata.query.engine import ask as ask_store
from livedata.query.source import store_source
from livedata.query.views import Scope

from .conftest import START, TICK, Ask


def test_select_one_needs_no_store(tmp_path: Path) -> None:
    result = ask_store(tmp_path / "none", "SELECT 1 AS one")
    assert result.table.to_pydict() == {"one": [1]}
    assert not result.truncated
    assert result.elapsed_s > 0


def test_rows_of_files_and_fresh_rows_count_once(ask: Ask) -> None:
    assert ask("SELECT host, count(*) AS n FROM cpu GROUP BY host ORDER BY host") == [
        {"host": "db-01", "n": 10},
        {"host": "web-01", "n": 12},
        {"host": "web-02", "n": 10},
    ]


def test_a_file_of_an_older_header_answers_under_todays_names(ask: Ask) -> None:
    """Renamed, widened, added and dropped columns, over a file and fresh rows."""
    rows = ask(
        "SELECT * EXCLUDE (boot_id, offset_ms, dt_ms) FROM cpu WHERE host = 'web-01' ORDER BY ts LIMIT 2 OFFSET 9"
    )
    assert rows == [
        {
            "ts": datetime.fromtimestamp((START + tick * TICK) / 1e6, UTC),
            "host": "web-01",
            "busy_seconds_total": Decimal(tick).quantize(Decimal("1.00")),
            "idle_seconds_total": tick * 9.0,
            "cores": cores,
            "busy_seconds_increase": Decimal("1.00"),
            "idle_seconds_increase": 9.0,
            "busy_seconds_per_second": 0.1,
            "idle_seconds_per_second": 0.9,
            "busy_pct": 10.0,
        }
        for tick, cores in ((9, None), (10, 8))
    ]


def test_a_rate_is_null_where_no_increment_is_known(ask: Ask) -> None:
    first = ask("SELECT busy_seconds_per_second AS r, busy_pct AS p FROM cpu ORDER BY ts LIMIT 1")
    assert first == [{"r": None, "p": None}]


def test_events_have_their_own_time_and_no_rates(ask: Ask) -> None:
    rows = ask("SELECT * FROM log ORDER BY ts")
    assert list(rows[0]) == ["host", "boot_id", "ts", "message", "fields"]
    assert [r["message"] for r in rows] == ["it\x1b[31m broke", None]
    assert ask("SELECT fields['unit'] AS unit FROM log WHERE fields IS NOT NULL") == [{"unit": "sshd"}]


def test_a_table_without_rows_is_empty_and_has_its_columns(ask: Ask) -> None:
    assert ask("SELECT count(*) AS n, max(load_pct) AS m FROM gpu") == [{"n": 0, "m": None}]
    assert [r["column_name"] for r in ask("DESCRIBE gpu")] == [
        "ts",
        "host",
        "boot_id",
        "offset_ms",
        "load_pct",
    ]


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (Scope(since_us=START + 9 * TICK), {"web-01": 3, "web-02": 1, "db-01": 1}),
        (Scope(since_us=START + 9 * TICK + 1), {"web-01": 2}),
        (Scope(until_us=START + TICK), {"web-01": 1, "web-02": 1, "db-01": 1}),
        (Scope(since_us=START, until_us=START), {}),
        (Scope(hosts=("web-*",)), {"web-01": 12, "web-02": 10}),
        (Scope(hosts=("db-01", "web-0[2-9]")), {"web-02": 10, "db-01": 10}),
        (Scope(START + 10 * TICK, None, ("web-02",)), {}),
    ],
)
def test_every_table_is_narrowed(ask: Ask, scope: Scope, expected: dict[str, int]) -> None:
    rows = ask("SELECT host, count(*) AS n FROM cpu GROUP BY host", scope=scope)
    assert {r["host"]: r["n"] for r in rows} == expected


def test_a_host_that_the_store_does_not_know_is_an_error(ask: Ask) -> None:
    with pytest.raises(UsageError, match="did you mean web-01"):
        ask("FROM cpu", scope=Scope(hosts=("wbe-01",)))
    assert ask("FROM gpu", scope=Scope(hosts=("web-01",))) == []


@pytest.mark.parametrize(
    "sql",
    [
        "WITH a AS MATERIALIZED (FROM cpu), b AS (FROM a) SELECT count(*) FROM a JOIN b USING (host, ts)",
        "WITH cpu AS (SELECT host FROM cpu) SELECT count(*) FROM cpu",
        "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 5) FROM t",
        "FROM CPU c SELECT c.host",
        "SELECT m.host FROM memory.main.cpu m",
        "SELECT * LIKE '%_pct' FROM cpu",
        "FROM cpu TABLESAMPLE RESERVOIR (3 ROWS)",
        "SELECT host, ts FROM cpu QUALIFY row_number() OVER (PARTITION BY host ORDER BY ts DESC) = 1",
        "SELECT a.ts FROM cpu a ASOF JOIN cpu b ON a.host = b.host AND a.ts >= b.ts",
        "PIVOT (SELECT host, cores FROM cpu) ON host IN ('web-01', 'db-01') USING max(cores)",
        "SELECT list_transform([1], LAMBDA x: x + 1), [y * 2 FOR y IN [1, 2]], {'a': 1}.a, MAP {'k': 2}['k']",
        "SELECT host, count(*) FROM cpu GROUP BY ROLLUP (host) HAVING count(*) > 3 ORDER BY ALL",
        "SELECT quantile_cont(busy_pct, [0.5, 0.9]), arg_max(host, ts), histogram(host) FROM cpu",
        "SELECT 1 AS a UNION BY NAME SELECT 2 AS b EXCEPT SELECT 3, 4",
        "SELECT * FROM range(3), generate_series(1, 2), json_each('[1]'), unnest([1])",
        "SELECT time_bucket(INTERVAL '1 minute', ts) AS t, avg(busy_pct) FROM cpu GROUP BY ALL",
        "SELECT exists(FROM cpu), (SELECT max(ts) FROM cpu), 3 IN (SELECT 3)",
        "VALUES (1), (2)",
        "TABLE cpu",
        "SHOW TABLES",
        "SHOW ALL TABLES",
        "SHOW cpu",
        "DESCRIBE SELECT host FROM cpu",
        "SUMMARIZE cpu",
        "EXPLAIN SELECT host FROM cpu",
        "-- why\nEXPLAIN /* how */ ANALYZE SELECT host FROM cpu;",
        "SELECT random(), uuid(), current_date, version();;",
    ],
)
def test_admitted(ask: Ask, sql: str) -> None:
    assert ask(sql)


def test_show_tables_lists_the_whole_store(ask: Ask) -> None:
    assert {"cpu", "cpu_1m", "gpu", "log"} <= {r["name"] for r in ask("SHOW TABLES")}


def test_time_is_utc_whatever_the_machine_thinks(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert ask("SELECT hour(min(ts)) AS h FROM cpu") == [{"h": 3}]
    finally:
        monkeypatch.undo()
        time.tzset()


def test_the_first_rows_of_a_long_answer(tmp_path: Path) -> None:
    result = ask_store(tmp_path, "FROM range(1000000)", limit=3)
    assert result.table.to_pydict() == {"range": [0, 1, 2]}
    assert result.truncated
    assert not ask_store(tmp_path, "FROM range(3)", limit=3).truncated


def test_a_long_answer_comes_in_batches(tmp_path: Path) -> None:
    with stream(store_source(tmp_path), "SELECT range AS a, range AS b FROM range(100000)") as (
        schema,
        batches,
    ):
        sizes = [b.num_rows for b in batches]
    assert schema.names == ["a", "b"]
    assert sum(sizes) == 100_000
    assert max(sizes) <= 20_480


def test_it_may_take_only_so_long(tmp_path: Path) -> None:
    for sql in (
        "SELECT count(*) FROM range(100000000) a, range(100000000) b",
        "FROM range(10000000) a, range(1000) b",
    ):
        with pytest.raises(QueryError, match=r"longer than 0\.2 s") as caught:
            ask_store(tmp_path, sql, timeout=0.2, limit=None)
        assert "--timeout" in caught.value.hint


def test_it_may_take_only_so_much_memory_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(QueryError, match="more memory than 50MB"):
        ask_store(tmp_path, "SELECT list(a) FROM range(30000000) t(a)", memory="50MB")
    spilled = ask_store(
        tmp_path, "SELECT a, b FROM (SELECT range AS a, hash(range) AS b FROM range(4000000)) ORDER BY b LIMIT 1 OFFSET 3999999",
        memory="60MB",
    )  # fmt: skip
    assert spilled.table.num_rows == 1
    assert os.listdir(tmp_path) == []


def test_a_limit_that_is_no_size(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="query_memory is 'much'"):
        ask_store(tmp_path, "SELECT 1", memory="much")


def test_what_can_not_be_read_is_said(store: Path, tmp_path: Path) -> None:
    shutil.copytree(store, tmp_path / "copy")
    log = max((tmp_path / "copy" / "wal").iterdir())
    data = bytearray(log.read_bytes())
    data[len(data) // 4] ^= 0xFF
    log.write_bytes(data)
    said: list[str] = []
    with stream(store_source(tmp_path / "copy"), "SELECT count(*) FROM log", warn=said.append) as (
        _,
        batches,
    ):
        list(batches)
    assert len(said) == 1
    assert "damaged" in said[0]


@pytest.mark.parametrize("name", ["it's [1]*?", "{a,b}", "a\\b", "é ü"])
def test_a_store_may_lie_anywhere(store: Path, tmp_path: Path, name: str) -> None:
    shutil.copytree(store, tmp_path / name)
    (tmp_path / "link").symlink_to(tmp_path / name)
    for root in (tmp_path / name, tmp_path / "link"):
        assert ask_store(root, "SELECT count(*) AS n FROM cpu").table.to_pydict() == {"n": [32]}


CHILD = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from livedata.cli.main import main
sys.argv = ["livedata", "fleet", "query", "--timeout", "60", *sys.argv[1:]]
main()
"""


LONG = [
    "SELECT count(*) FROM range(100000000) a, range(100000000) b",
    "SELECT a.range FROM range(100000000) a, range(100000000) b WHERE a.range + b.range < 0",
    "FROM range(1000000000)",
]


@pytest.mark.parametrize(
    ("sql", "number", "code"),
    [
        *((sql, signal.SIGINT, 130) for sql in LONG),
        (LONG[1], signal.SIGTERM, 143),
        (LONG[2], signal.SIGHUP, 129),
    ],
)
def test_a_signal_stops_the_query_quietly(tmp_path: Path, sql: str, number: int, code: int) -> None:
    """A real signal while the engine works: its exit code, nothing on stderr, nothing left."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, sql],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(tmp_path), "LIVEDATA_STORE": str(tmp_path / "none")},
    )
    try:
        deadline = time.monotonic() + 60
        while not os.listdir(tmp_path) and time.monotonic() < deadline:
            time.sleep(0.02)  # the folder for spilling comes just before the query
        time.sleep(0.5)
        assert child.poll() is None
        child.send_signal(number)
        _, said = child.communicate(timeout=30)
    finally:
        child.kill()
        child.wait()
    assert (child.returncode, said) == (code, b"")
    assert os.listdir(tmp_path) == []


def test_limits_have_defaults() -> None:
    assert Limits() == Limits(60.0, "1GB")

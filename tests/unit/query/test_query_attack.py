"""SQL reads the store's tables and nothing else, and writes nowhere: one case an attack, one for each wall."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from livedata.errors import QueryError
from livedata.model.probe import Column, Derived, Probe
from livedata.query import admit as admit_module
from livedata.query.engine import ask, stream
from livedata.query.instance import Pool
from livedata.query.source import Source, store_source

secret = ["a Python variable that a replacement scan would find"]

ATTACKS = """
SELECT * FROM read_csv('/etc/passwd')
SELECT * FROM read_text('STORE/tables.json')
SELECT * FROM read_blob('STORE/wal/00000002.wal')
SELECT * FROM read_parquet('PART')
SELECT * FROM parquet_scan('PART')
SELECT * FROM parquet_metadata('PART')
SELECT * FROM read_json_objects('STORE/tables.json')
SELECT * FROM read_duckdb('STORE/x.db')
SELECT * FROM read_csv('/proc/self/environ')
SELECT * FROM sniff_csv('/etc/passwd')
SELECT * FROM glob('STORE/*')
SELECT * FROM system.main.read_csv('/etc/passwd')
SELECT * FROM '/etc/passwd'
SELECT * FROM 'PART'
SELECT * FROM "PART"
SELECT * FROM 'STORE/tables.json'
SELECT * FROM 'STORE/wal/00000002.wal'
SELECT * FROM 'LINK'
SELECT * FROM read_parquet('LINK')
DESCRIBE '/etc/passwd'
SUMMARIZE 'PART'
SELECT * FROM 'https://example.com/a.parquet'
SELECT * FROM read_parquet('s3://bucket/a.parquet')
COPY cpu TO 'STORE/lake/x.csv'
COPY (SELECT 1) TO 'PART'
COPY cpu FROM '/etc/passwd'
WITH x AS (COPY (SELECT 1) TO 'STORE/lake/x.csv') SELECT 1
WITH x AS (COPY (SELECT 1) TO 'PART' (FORMAT csv, USE_TMP_FILE false)) SELECT 1
SELECT (WITH x AS (COPY (SELECT 1) TO 'PART' (FORMAT csv, USE_TMP_FILE false)) SELECT 1)
SELECT * FROM (WITH x AS (COPY (SELECT 1) TO 'PART' (FORMAT csv, USE_TMP_FILE false)) SELECT 1)
WITH RECURSIVE r AS (SELECT 1 UNION ALL (WITH x AS (COPY (SELECT 1) TO 'STORE/x') SELECT 1)) FROM r
WITH x AS (INSERT INTO cpu VALUES (1)) SELECT 1
WITH x AS (DELETE FROM cpu) SELECT 1
WITH x AS (UPDATE cpu SET host = 'a') SELECT 1
EXPLAIN COPY cpu TO 'STORE/lake/x.csv'
EXPLAIN ANALYZE COPY (SELECT 1) TO 'STORE/lake/x.csv'
EXPLAIN (ANALYZE) COPY (SELECT 1) TO 'STORE/lake/x.csv'
EXPLAIN /* */ ANALYZE -- \n COPY (SELECT 1) TO 'STORE/lake/x.csv'
EXPLAIN ANALYZE WITH x AS (COPY (SELECT 1) TO 'STORE/lake/x.csv') SELECT 1
EXPLAIN ANALYZE CREATE TABLE x AS SELECT 1
EXPLAIN EXPLAIN SELECT 1
ATTACH 'STORE/x.db'
ATTACH 'PART' AS p
DETACH memory
EXPORT DATABASE 'STORE/x'
IMPORT DATABASE 'STORE/x'
INSTALL httpfs
FORCE INSTALL httpfs
LOAD httpfs
LOAD '/tmp/x.duckdb_extension'
PRAGMA database_list
PRAGMA version
SET threads = 1
SET enable_external_access = true
RESET threads
SET VARIABLE a = 1
CALL pragma_version()
CREATE TABLE x (i INT)
CREATE VIEW x AS SELECT 1
CREATE MACRO f(a) AS a
CREATE SECRET s (TYPE s3)
DROP VIEW cpu
ALTER VIEW cpu RENAME TO x
INSERT INTO cpu VALUES (1)
DELETE FROM cpu
TRUNCATE cpu
BEGIN
CHECKPOINT
VACUUM
USE main
PREPARE a AS SELECT 1
EXECUTE a
SELECT 1; SELECT 2
SELECT 1; DROP VIEW cpu
PIVOT cpu ON host USING count(*)
FROM (PIVOT cpu ON host USING count(*))
SELECT getenv('HOME')
SELECT getvariable('columns of cpu')
SELECT current_setting('allowed_paths')
SELECT write_log('x')
SELECT nextval('x')
SELECT sleep_ms(100000)
SELECT pg_sleep(100)
SELECT read_text('/etc/passwd')
SELECT ('/etc/passwd').read_text()
FROM duckdb_secrets()
FROM duckdb_settings()
FROM duckdb_views()
FROM duckdb_logs
FROM duckdb_temporary_files()
FROM pg_class
FROM sqlite_master
FROM information_schema.tables
FROM pragma_database_size()
FROM query('SELECT 1')
FROM query('WITH x AS (COPY (SELECT 1) TO ''STORE/x'') SELECT 1')
FROM query_table('cpu')
FROM histogram_values('PART', host)
FROM histogram('/etc/passwd', a)
FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))
FROM sql_auto_complete('SEL')
FROM enable_logging(storage_path = 'STORE/x')
FROM enable_profiling(save_location = 'STORE/x')
FROM checkpoint()
FROM which_secret('a', 's3')
FROM create_external_resource('a')
FROM secret
FROM "fresh rows of cpu"
FROM python_map_function((FROM cpu))
SELECT $1
SELECT $name
SELECT ?
SHOW DATABASES
SHOW VARIABLES
SHOW TABLES FROM main
SHOW memory_limit
SELECT * FROM cpu, LATERAL (FROM read_csv('/etc/passwd'))
SELECT * FROM cpu WHERE host IN (FROM read_csv('/etc/passwd'))
SELECT list_transform([1], LAMBDA x: (SELECT count(*) FROM read_csv('/etc/passwd')))
SELECT * FROM cpu ORDER BY (SELECT 1 FROM glob('*'))
SELECT * FROM cpu LIMIT (SELECT 1 FROM glob('*'))
SELECT count(*) OVER (PARTITION BY (SELECT 1 FROM glob('*')))
VALUES ((SELECT 1 FROM glob('*')))
WITH read_csv AS (SELECT 1) SELECT * FROM read_csv('/etc/passwd')
WITH a AS (FROM '/etc/passwd'), "/etc/passwd" AS (SELECT 1) FROM a
SELECT * FROM (WITH "/etc/passwd" AS (SELECT 1) SELECT 1), '/etc/passwd'
WITH duckdb_settings AS (FROM duckdb_settings) FROM duckdb_settings
SELECT * FROM other.cpu
SELECT * FROM memory.nope.cpu
SELECT 1\0
SELECT 1\0; COPY (SELECT 1) TO 'STORE/x'
""".strip().split("\n")


def _tree(root: Path) -> list[tuple[str, int, int]]:
    return sorted((str(p), p.stat().st_size, p.stat().st_mtime_ns) for p in root.rglob("*"))


@pytest.fixture
def link(store: Path, tmp_path: Path) -> Iterator[Path]:
    """A link within the lake to a file outside."""
    outside = tmp_path / "outside.parquet"
    duckdb.sql("SELECT 'secret' AS a").write_parquet(str(outside))
    path = store / "lake" / "link.parquet"
    path.symlink_to(outside)
    yield path
    path.unlink()


@pytest.mark.parametrize("attack", ATTACKS)
def test_refused_in_words(
    attack: str, store: Path, link: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = next((store / "lake").rglob("web-01.*.parquet"))
    sql = attack.replace("STORE", str(store)).replace("PART", str(part)).replace("LINK", str(link))
    sql = sql.replace("\\n", "\n").replace("\\0", "\0")
    empty = tmp_path / "cwd"
    empty.mkdir()
    monkeypatch.chdir(empty)
    before = _tree(store)
    with pytest.raises(QueryError) as caught:
        ask(store, sql, timeout=20)
    text = str(caught.value)
    assert len(text.split("\n")) <= 5
    assert "root:" not in text
    assert _tree(store) == before
    assert os.listdir(empty) == []


WALL = [
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM read_text('STORE/tables.json')",
    "SELECT * FROM glob('STORE/*')",
    "SELECT * FROM read_parquet('LINK')",
    "SELECT * FROM read_parquet('https://example.com/a.parquet')",
    "COPY (SELECT 1) TO 'STORE/lake/x.csv'",
    "COPY (SELECT 1) TO 'PART'",
    "WITH x AS (COPY (SELECT 1) TO 'STORE/lake/x.csv') SELECT 1",
    "ATTACH 'STORE/x.db'",
    "EXPORT DATABASE 'STORE/x'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET enable_external_access = true",
    "SET allowed_directories = ['/']",
    "SET lock_configuration = false",
    "SET allowed_configs = ['allowed_paths']",
    "SET python_enable_replacements = true",
    "SELECT * FROM secret",
    "CREATE PERSISTENT SECRET s (TYPE s3)",
    "CALL enable_logging(storage_path = 'STORE/x')",
]


@pytest.mark.parametrize("attack", WALL)
def test_the_lock_holds_by_itself(attack: str, store: Path, link: Path) -> None:
    """What would happen if a statement passed the first wall."""
    part = next((store / "lake").rglob("web-01.*.parquet"))
    before = _tree(store)
    sql = attack.replace("STORE", str(store)).replace("PART", str(part)).replace("LINK", str(link))
    with Pool() as pool, pool.lend() as instance:
        pool.lock(instance, [str(part)])
        with instance.root.cursor() as connection, pytest.raises(duckdb.Error):
            connection.execute(sql).fetchall()
    assert _tree(store) == before


def test_every_function_with_effects_is_judged() -> None:
    """A DuckDB that brings a new function that is volatile, or that reads from FROM, must be looked at first."""
    harmless = {
        "current_connection_id", "current_transaction_id", "error", "gen_random_uuid", "random", "setseed", "stats",
        "uuid", "uuidv4", "uuidv7", "vector_type",
    }  # fmt: skip
    volatile = {
        name
        for (name,) in duckdb.sql(
            "SELECT function_name FROM duckdb_functions() WHERE function_type = 'scalar' AND (stability = 'VOLATILE' OR "
            "has_side_effects)"
        ).fetchall()
    }
    assert volatile <= harmless | admit_module.REFUSED_FUNCTIONS
    reading = {
        name
        for (name,) in duckdb.sql(
            "SELECT function_name FROM duckdb_functions() WHERE function_type = 'table' AND "
            "list_has_any(parameters, ['path', 'paths', 'file', 'query', 'table_name', 'table_names', 'storage_path'])"
        ).fetchall()
    }
    assert len(reading) > 20
    assert reading & admit_module.TABLE_FUNCTIONS == {"json_each", "json_tree"}  # a path within the JSON


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT " + "(" * 5_000 + "1",
        "SELECT " + "abs(" * 400 + "1" + ")" * 400,
        "WITH a AS (" * 12 + "SELECT 1",
        "WITH a AS (WITH b AS (" * 4 + "SELEC 1" + ")) SELECT 1" * 4,
        "SELECT " + "1+" * 900 + "1",
        "SELECT '" + "x" * 1_000_001 + "'",
        "SELECT '\ud800'",
    ],
)
def test_what_the_parser_can_not_be_given_is_refused_before(sql: str, store: Path) -> None:
    with pytest.raises(QueryError):
        ask(store, sql, timeout=20)


@pytest.mark.parametrize(
    "derived",
    [
        "1) AS x; COPY (SELECT 1) TO 'OUT' --",
        "(SELECT count(*) FROM read_csv('/etc/passwd'))",
        "(WITH x AS (COPY (SELECT 1) TO 'OUT') SELECT 1)",
        "(SELECT 1 FROM cpu)",
        "getvariable('columns of cpu')",
        "nope + 1",
    ],
)
def test_a_header_can_not_bring_more_than_an_expression(derived: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    column = Column("a", 1, "i64", "gauge")
    probe = Probe("cpu", "", (column,), derived=(Derived("d", derived.replace("OUT", str(out))),))
    source = Source(lambda: {"cpu": probe})
    with pytest.raises(QueryError, match="table cpu"), stream(source, "FROM cpu") as (_, batches):
        list(batches)
    assert not out.exists()


def test_a_select_is_still_a_select(store: Path) -> None:
    """The words of the attacks are no crime in texts and names."""
    sql = """SELECT 'COPY x TO y; DROP TABLE cpu' AS "insert", 'read_csv(''/etc/passwd'')' AS t FROM cpu LIMIT 1;"""
    with stream(store_source(store), sql) as (schema, batches):
        assert schema.names == ["insert", "t"]
        assert sum(b.num_rows for b in batches) == 1

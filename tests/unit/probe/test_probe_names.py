"""The names of all built-in tables and columns: they can be written bare in SQL, and follow one convention."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from livedata.model.batch import stored_columns
from livedata.model.probe import Probe
from livedata.probe.load import load_probes
from livedata.probe.words import RESERVED
from livedata.query.views import (
    SQL_TYPES,
    Scope,
    columns_named,
    identifier,
    rate_columns,
    reckoned_columns,
    view_sql,
)

PROBES = load_probes()
CPU_KINDS = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal", "guest", "guest_nice")
DIMENSIONLESS = re.compile(
    r"load\d+|cores|tasks(_limit)?|threads|runnable|blocked|in_flight|priority|nice|last_cpu|hugepages.*|(open_files|inodes)(_\w+)?"
    r"|tcp_curr_estab|sockets_\w+|nf_conntrack_\w+|softnet_backlog_len"
)
UNIT = re.compile(r".*_(bytes|seconds|ms|pct|bits_per_second)")


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def parses(engine: duckdb.DuckDBPyConnection, sql: str) -> bool:
    try:
        engine.execute(sql).fetchall()
    except duckdb.ParserException:
        return False
    except duckdb.Error:
        return True
    return True


def test_the_reserved_words_are_those_of_the_engine(engine: duckdb.DuckDBPyConnection) -> None:
    words: dict[str, set[str]] = {}
    for word, category in engine.execute(
        "SELECT keyword_name, keyword_category FROM duckdb_keywords()"
    ).fetchall():
        words.setdefault(word, set()).add(category)
    assert {
        word for word, kinds in words.items()
        if "reserved" in kinds or ("type_function" in kinds and "column_name" not in kinds)
    } == RESERVED  # fmt: skip
    literals = {"true", "false", "null", "default"}  # these are taken, but for something else than the column
    refused = {w for w in words if not parses(engine, f'SELECT {w} FROM (SELECT 1 AS "{w}") WHERE {w} > 0')}
    assert refused | literals == RESERVED


@pytest.mark.parametrize("probe", PROBES.values(), ids=lambda probe: probe.name)
def test_tables_and_columns_can_be_written_bare(probe: Probe, engine: duckdb.DuckDBPyConnection) -> None:
    engine.execute(view_sql(probe.name, columns_named(probe, None), [], None, Scope()))
    names = [c.name for c in stored_columns(probe)] + [c.name for c in reckoned_columns(probe)]
    assert len(set(names)) == len(names)
    engine.execute(
        f"SELECT {', '.join(names)} FROM {probe.name} ORDER BY {', '.join(n for n in names if n != 'fields')}"
    )
    engine.execute(f"DROP VIEW {probe.name}")


@pytest.mark.parametrize("probe", PROBES.values(), ids=lambda probe: probe.name)
def test_what_is_reckoned_is_null_where_nothing_is_known_and_fails_never(
    probe: Probe, engine: duckdb.DuckDBPyConnection
) -> None:
    """All null, all zero, and all one: an expression gives a value or null, and no error."""
    for literal in ("NULL", "0", "1"):
        values = ", ".join(
            f"{literal if c.type in ('i64', 'u64', 'f64', 'd2') else 'NULL'}::{SQL_TYPES[c.type]} AS {identifier(c.name)}"
            for c in stored_columns(probe)
        )
        reckoned = reckoned_columns(probe)
        if not reckoned:
            return
        more = "".join(f", ({d.sql}) AS {identifier(d.name)}" for d in reckoned)
        row = engine.execute(
            f"SELECT * EXCLUDE ({', '.join(c.name for c in stored_columns(probe))}) FROM (SELECT *{more} FROM (SELECT {values}))"
        ).fetchone()
        assert row is not None
        if literal == "NULL":
            assert set(row) == {None}


@pytest.mark.parametrize("probe", PROBES.values(), ids=lambda probe: probe.name)
def test_everything_is_explained(probe: Probe) -> None:
    assert probe.help.endswith(".")
    assert probe.source
    assert probe.docs.startswith("https://")
    for column in (*probe.columns, *probe.derived):
        assert column.help, column.name
        assert "\n" not in column.help


@pytest.mark.parametrize("probe", PROBES.values(), ids=lambda probe: probe.name)
def test_gauges_and_counters_carry_their_unit(probe: Probe) -> None:
    for column in probe.columns:
        if column.kind == "gauge":
            assert UNIT.fullmatch(column.name) or DIMENSIONLESS.fullmatch(column.name), column.name
        if column.type == "d2" and column.kind == "counter":
            assert column.name.endswith("_seconds_total")


def test_the_cpu_shares_add_up_to_a_hundred(engine: duckdb.DuckDBPyConnection) -> None:
    probe = PROBES["cpu"]
    increases = dict(zip(CPU_KINDS, (2.5, 0, 1.25, 4, 1, 0, 0.25, 0.5, 0.5, 0), strict=True))
    values = ", ".join(f"{v}::DECIMAL(18,2) AS {k}_seconds_increase" for k, v in increases.items())
    more = "".join(f", ({d.sql}) AS {d.name}" for d in probe.derived)
    table = engine.execute(f"SELECT *{more} FROM (SELECT {values})")
    row = dict(zip([d[0] for d in table.description or ()], table.fetchall()[0], strict=True))
    assert sum(row[f"{kind}_pct"] for kind in increases) == pytest.approx(100)
    assert row["busy_pct"] == pytest.approx(50)
    assert row["user_pct"] == pytest.approx(25)


def test_what_an_old_kernel_lacks_does_not_hide_the_rest(engine: duckdb.DuckDBPyConnection) -> None:
    """Before 2.6.33 there is no guest_nice; and iowait goes backwards now and then, so that its increase is null."""
    probe = PROBES["core"]
    values = ", ".join(
        f"{'NULL' if kind in ('guest_nice', 'iowait') else 1}::DECIMAL(18,2) AS {kind}_seconds_increase"
        for kind in CPU_KINDS
    )
    more = "".join(f", ({d.sql}) AS {d.name}" for d in probe.derived)
    assert engine.execute(f"SELECT busy_pct FROM (SELECT *{more} FROM (SELECT {values}))").fetchone() == (
        87.5,
    )


@pytest.mark.parametrize("probe", PROBES.values(), ids=lambda probe: probe.name)
def test_what_rollups_keep_of_reckoned_columns_has_the_type_that_is_said(
    probe: Probe, engine: duckdb.DuckDBPyConnection
) -> None:
    columns = columns_named(probe, None)
    engine.execute(
        view_sql(
            probe.name, replace(columns, reckoned=(*rate_columns(probe), *probe.derived)), [], None, Scope()
        )
    )
    types = {name: kind for name, kind, *_ in engine.execute(f"DESCRIBE {probe.name}").fetchall()}
    engine.execute(f"DROP VIEW {probe.name}")
    for derived in probe.derived:
        if derived.type:
            assert types[derived.name] == SQL_TYPES[derived.type], derived.name


def test_ids_are_never_given_to_another_column() -> None:
    """The ids that were published; add a line for a new column, and never change one that is here."""
    known = Path(__file__).with_name("ids.txt").read_text(encoding="utf-8").split()
    today = [
        f"{probe.name}.{column.name}={column.id}"
        for probe in PROBES.values()
        if not probe.into
        for column in probe.columns
    ]
    today += [
        f"{probe.name}.{derived.name}=derived{derived.id}"
        for probe in PROBES.values()
        for derived in probe.derived
        if derived.id
    ]
    assert sorted(today) == sorted(known)

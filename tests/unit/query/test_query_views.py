"""The SQL text of a view, from a header alone."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livedata.model.batch import TYPES, arrow_schema
from livedata.model.probe import Column, Derived, Probe
from livedata.query.views import (
    EVERYTHING,
    SQL_TYPES,
    Scope,
    column_names,
    columns_named,
    identifier,
    literal,
    predicate,
    rate_columns,
    view_sql,
)

from .conftest import CPU, LOG


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1))
def test_names_and_texts_mean_themselves(text: str) -> None:
    relation = duckdb.sql(f"SELECT {literal(text)} AS {identifier(text)}")
    assert relation.fetchall() == [(text,)]
    assert relation.columns == [text]


def test_types_are_those_of_the_stored_columns() -> None:
    assert SQL_TYPES.keys() == TYPES.keys()
    probe = Probe("t", "", tuple(Column(f"c_{name}", i, name, "gauge") for i, name in enumerate(TYPES, 1)))
    empty = arrow_schema(probe).empty_table()
    with duckdb.connect() as connection:
        connection.register("fresh", empty)
        connection.execute(view_sql("t", columns_named(probe, None), [], None, EVERYTHING))
        declared = [(name, str(kind)) for name, kind, *_ in connection.execute("DESCRIBE t").fetchall()]
        stored = [(name, str(kind)) for name, kind, *_ in connection.execute("DESCRIBE fresh").fetchall()]
    assert declared == stored


def test_rates_only_where_an_increment_has_a_time() -> None:
    assert [d.name for d in rate_columns(CPU)] == ["busy_seconds_per_second", "idle_seconds_per_second"]
    assert rate_columns(LOG) == []
    own = Probe("own", "", (Column("n_total", 1, "u64", "counter"),), every=0)
    assert rate_columns(own) == []


def test_a_rate_is_null_safe() -> None:
    probe = Probe(
        "t", "", (Column("n_total", 1, "u64", "counter"),), derived=(Derived("twice", "2 * n_per_second"),)
    )
    with duckdb.connect() as connection:
        rows = "(VALUES (1, 'h', 'b', 0, 10000, 5, 20), (1, 'h', 'b', 0, 0, 5, 20), (1, 'h', 'b', 0, 500, 5, NULL))"
        names = "ts, host, boot_id, offset_ms, dt_ms, n_total, n_increase"
        connection.execute(f"CREATE VIEW rows AS SELECT * FROM {rows} AS v({names})")
        connection.execute(view_sql("t", columns_named(probe, None), [], "rows", EVERYTHING))
        assert connection.execute("SELECT n_per_second, twice FROM t").fetchall() == [
            (2.0, 4.0),
            (None, None),
            (None, None),
        ]


def test_the_names_told_are_the_names_there() -> None:
    for probe in (CPU, LOG):
        with duckdb.connect() as connection:
            connection.execute(view_sql(probe.name, columns_named(probe, None), [], None, EVERYTHING))
            there = [row[0] for row in connection.execute(f"DESCRIBE {probe.name}").fetchall()]
        assert there == column_names(probe)


@pytest.mark.parametrize(
    ("scope", "text"),
    [
        (EVERYTHING, ""),
        (Scope(since_us=1), "ts >= TIMESTAMPTZ '1970-01-01 00:00:00.000001+00'"),
        (Scope(until_us=-1), "ts < TIMESTAMPTZ '1969-12-31 23:59:59.999999+00'"),
        (Scope(hosts=("a'b",)), "host IN ('a''b')"),
        (Scope(hosts=()), "false"),
    ],
)
def test_predicates(scope: Scope, text: str) -> None:
    assert predicate(scope) == text
    duckdb.sql(f"SELECT 1 FROM (SELECT now() AS ts, 'a' AS host) WHERE {text or 'true'}").fetchall()

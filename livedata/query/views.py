"""The SQL text that makes a table of the store look like one: pure functions from a probe's header to a view.

A view holds the stored columns, `NAME_per_second` for each counter `NAME_total`, and the header's `[derived]` columns.
Parquet files are read by field id, so a file written under an older header gives its columns under today's names.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ..model.batch import increase_name, stored_columns
from ..model.probe import Column, Derived, Probe, Type

SQL_TYPES: dict[Type, str] = {
    "str": "VARCHAR",
    "bool": "BOOLEAN",
    "i64": "BIGINT",
    "u64": "UBIGINT",
    "f64": "DOUBLE",
    "d2": "DECIMAL(18,2)",
    "ts": "TIMESTAMPTZ",
    "map": "MAP(VARCHAR, VARCHAR)",
}


@dataclass(frozen=True, slots=True)
class Scope:
    """What every table is narrowed to: microseconds UTC from `since` (included) to `until` (excluded); host names."""

    since_us: int | None = None
    until_us: int | None = None
    hosts: tuple[str, ...] | None = None


EVERYTHING = Scope()


def identifier(name: str) -> str:
    """A name as SQL takes it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Text as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def rate_columns(probe: Probe) -> list[Derived]:
    """`NAME_per_second` for each counter of a sampled table; null where no increment is known."""
    if not any(c.name == "dt_ms" for c in stored_columns(probe)):
        return []
    return [
        Derived(
            counter.name.removesuffix("_total") + "_per_second",
            f"{identifier(increase_name(counter.name))} / (nullif(dt_ms, 0) / 1000.0)",
            f"{counter.name}: increase by second since the sample before",
        )
        for counter in (probe.columns[i] for i in probe.counters)
    ]


def reckoned_columns(probe: Probe) -> list[Derived]:
    """Every column that is reckoned when asked, in the view's order: rates, then the header's own."""
    return [*rate_columns(probe), *probe.derived]


def column_names(probe: Probe) -> list[str]:
    """The columns of a table's view, in order."""
    return [c.name for c in stored_columns(probe)] + [d.name for d in reckoned_columns(probe)]


def _timestamp(us: int) -> str:
    """Microseconds UTC as SQL; exact, which a float of seconds is not."""
    seconds, micros = divmod(us, 1_000_000)
    return f"TIMESTAMPTZ '{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}.{micros:06d}+00'"


def predicate(scope: Scope) -> str:
    """The scope as a condition over `ts` and `host`; empty where nothing is narrowed."""
    terms = []
    if scope.since_us is not None:
        terms.append(f"ts >= {_timestamp(scope.since_us)}")
    if scope.until_us is not None:
        terms.append(f"ts < {_timestamp(scope.until_us)}")
    if scope.hosts is not None:
        terms.append(f"host IN ({', '.join(map(literal, scope.hosts))})" if scope.hosts else "false")
    return " AND ".join(terms)


def _schema_map(columns: Sequence[Column]) -> str:
    """DuckDB's `schema` argument: Parquet field id to today's name and type, null where a file lacks it."""
    entries = (
        f"{c.id}: {{name: {literal(c.name)}, type: {literal(SQL_TYPES[c.type])}, default_value: NULL}}"
        for c in columns
    )
    return "MAP {" + ", ".join(entries) + "}"


def view_sql(probe: Probe, files: Collection[str], fresh: str | None, scope: Scope) -> str:
    """The statements that make a table's view: `files` are its Parquet files, `fresh` the relation of its rows that are in
    no file yet. With neither, the view is empty and has the right columns all the same.

    The schema of the files goes through a variable: a view is bound three times, and the map costs 2 ms each time that
    it is reckoned (docs/decisions/0004).
    """
    columns = stored_columns(probe)
    names = ", ".join(identifier(c.name) for c in columns)
    where = f" WHERE {condition}" if (condition := predicate(scope)) else ""
    parts = []
    schema = ""
    if files:
        paths = ", ".join(map(literal, files))
        variable = f"columns of {probe.name}"
        schema = f"SET VARIABLE {identifier(variable)} = {_schema_map(columns)}; "
        source = (
            f"read_parquet([{paths}], hive_partitioning = false, schema = getvariable({literal(variable)}))"
        )
        parts.append(f"SELECT {names} FROM {source}{where}")
    if fresh is not None:
        parts.append(f"SELECT {names} FROM {identifier(fresh)}{where}")
    if not parts:
        nulls = ", ".join(f"NULL::{SQL_TYPES[c.type]} AS {identifier(c.name)}" for c in columns)
        parts.append(f"SELECT {nulls} WHERE false")
    reckoned = "".join(f", ({d.sql}) AS {identifier(d.name)}" for d in reckoned_columns(probe))
    rows = " UNION ALL ".join(parts)
    return f"{schema}CREATE VIEW {identifier(probe.name)} AS SELECT *{reckoned} FROM ({rows})"

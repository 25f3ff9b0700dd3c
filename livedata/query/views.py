"""The SQL text that makes a table of the store look like one: pure functions from a probe's header to a view.

A view holds the stored columns, `NAME_per_second` for each counter `NAME_total`, and the header's `[derived]` columns.
Parquet files are read by field id, so a file written under an older header gives its columns under today's names.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType

from ..model.batch import increase_name, stored_columns
from ..model.probe import Column, Derived, Probe, Type
from .counters import filled_sql, named_counters, needed

Rows = Sequence[tuple[int, int]]
"""Rows of a file by their numbers: the first, and the one behind the last."""

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
    """Every column that is reckoned when asked, in the view's order: rates, then the header's own, as what they are said to be."""
    return [*rate_columns(probe), *(_typed(column) for column in probe.derived)]


def _typed(column: Derived) -> Derived:
    return replace(column, sql=f"CAST(({column.sql}) AS {SQL_TYPES[column.type]})") if column.type else column


def column_names(probe: Probe) -> list[str]:
    """The columns of a table's view, in order."""
    return [c.name for c in stored_columns(probe)] + [d.name for d in reckoned_columns(probe)]


def timestamp_sql(us: int) -> str:
    """Microseconds UTC as SQL; exact, which a float of seconds is not."""
    seconds, micros = divmod(us, 1_000_000)
    return f"TIMESTAMPTZ '{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}.{micros:06d}+00'"


def predicate(scope: Scope) -> str:
    """The scope as a condition over `ts` and `host`; empty where nothing is narrowed."""
    terms = []
    if scope.since_us is not None:
        terms.append(f"ts >= {timestamp_sql(scope.since_us)}")
    if scope.until_us is not None:
        terms.append(f"ts < {timestamp_sql(scope.until_us)}")
    if scope.hosts is not None:
        terms.append(f"host IN ({', '.join(map(literal, scope.hosts))})" if scope.hosts else "false")
    return " AND ".join(terms)


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a table that a question may mean, in the view's order: stored ones, then reckoned ones."""

    probe: Probe
    stored: tuple[Column, ...]
    reckoned: tuple[Derived, ...]

    @property
    def names(self) -> list[str]:
        return [c.name for c in self.stored] + [d.name for d in self.reckoned]


def columns_named(probe: Probe, text: str | None) -> Columns:
    """The columns whose names occur in `text`, those that they are reckoned from, `ts` and `host`; None: every column.

    What binding costs goes by the columns of a view, reckoned ones above all (docs/decisions/0006). A name that only seems to occur
    does no harm. A reckoned column may use those before it, so they are looked at from the last to the first.
    """
    stored, reckoned = stored_columns(probe), reckoned_columns(probe)
    if text is None:
        return Columns(probe, tuple(stored), tuple(reckoned))
    text = f"ts host {text}".lower()
    used: list[Derived] = []
    for column in reversed(reckoned):
        if _occurs(column.name, text):
            used.insert(0, column)
            text += " " + column.sql.lower()
    return Columns(probe, tuple(c for c in stored if _occurs(c.name, text)), tuple(used))


def _occurs(name: str, text: str) -> bool:
    """Whether the name may be written in the text; a quote in a name is written in another way."""
    return '"' in name or not name.isascii() or name.lower() in text


def _reckoned(columns: Columns) -> str:
    return "".join(f", ({d.sql}) AS {identifier(d.name)}" for d in columns.reckoned)


def _nulls(columns: Columns) -> str:
    return ", ".join(f"NULL::{SQL_TYPES[c.type]} AS {identifier(c.name)}" for c in columns.stored)


def row_sql(columns: Columns) -> str:
    """A SELECT of one row with the columns of a table's view, to learn their types."""
    return f"SELECT *{_reckoned(columns)} FROM (SELECT {_nulls(columns)})"


def stand_in_sql(table: str, types: Iterable[tuple[str, str]]) -> str:
    """The statement that makes an empty table in the place of a table's view, from its columns' names and types."""
    columns = ", ".join(f"{identifier(name)} {kind}" for name, kind in types)
    return f"CREATE OR REPLACE TABLE {identifier(table)} ({columns})"


_SCHEMA_TYPE = "MAP(INTEGER, STRUCT(name VARCHAR, type VARCHAR, default_value VARCHAR))"


def _schema_map(columns: Iterable[Column]) -> str:
    """DuckDB's `schema` argument: Parquet field id to today's name and type, null where a file lacks it.

    As one text that is cast, which is bound 3 times quicker than the same of functions (docs/decisions/0006).
    """
    entries = (
        f"{c.id}={{name: {_quoted(c.name)}, type: {_quoted(SQL_TYPES[c.type])}, default_value: NULL}}"
        for c in columns
    )
    return f"{literal('{' + ', '.join(entries) + '}')}::{_SCHEMA_TYPE}"


def _quoted(text: str) -> str:
    """Text within the text of a nested value."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _parquet(
    paths: Collection[str], columns: Iterable[Column], *, old: bool, rows: Rows | None = None
) -> str:
    """What follows FROM to read files; those of an `old` header by field id, which costs a fifth more to bind. Of `rows` DuckDB opens
    only the row groups."""
    listed = ", ".join(map(literal, paths))
    schema = f", schema = {_schema_map(columns)}" if old else ""
    source = f"read_parquet([{listed}], hive_partitioning = false{schema}"
    if rows is None:
        return source + ")"
    wanted = " OR ".join(f"file_row_number BETWEEN {first} AND {end - 1}" for first, end in rows)
    return f"(SELECT * FROM {source}, file_row_number = true) WHERE {wanted})"


def view_sql(
    name: str,
    columns: Columns,
    files: Collection[str],
    fresh: str | None,
    scope: Scope,
    thin: Collection[str] = (),
    some: Mapping[str, Rows] = MappingProxyType({}),
    *,
    old: bool = True,
) -> str:
    """The statement that makes a table's view: `files` are its Parquet files, `thin` those of them whose raw counters have been left
    out (they are given back if they are named), `some` those of which only these rows are wanted, `fresh` the relation of its rows that are in no file yet. With none of them, the
    view is empty and has the right columns all the same. `old`: some file may have been written under an older header.
    """
    names = ", ".join(identifier(c.name) for c in columns.stored)
    where = f" WHERE {condition}" if (condition := predicate(scope)) else ""
    if not named_counters(columns.probe, columns.stored):
        files, thin = [*files, *thin], ()
    parts = []
    if files:
        parts.append(f"SELECT {names} FROM {_parquet(files, columns.stored, old=old)}{where}")
    for path, rows in some.items():
        parts.append(f"SELECT {names} FROM {_parquet([path], columns.stored, old=old, rows=rows)}{where}")
    if thin:
        source = _parquet(thin, needed(columns.probe, columns.stored), old=old)
        hosts = predicate(Scope(hosts=scope.hosts))
        whole = f"(SELECT * FROM {source}{' WHERE ' + hosts if hosts else ''})"
        parts.append(
            f"SELECT {names} FROM ({filled_sql(columns.probe, columns.stored, whole, SQL_TYPES)}){where}"
        )
    if fresh is not None:
        parts.append(f"SELECT {names} FROM {identifier(fresh)}{where}")
    if not parts:
        parts.append(f"SELECT {_nulls(columns)} WHERE false")
    union = " UNION ALL ".join(parts)
    return f"CREATE VIEW {identifier(name)} AS SELECT *{_reckoned(columns)} FROM ({union})"

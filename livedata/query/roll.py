"""Makes the rows of a table's rollups out of its own: once, when files are compacted. Asking is in `rewrite.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..errors import QueryError
from ..model.batch import arrow_schema
from ..model.probe import Probe
from ..model.rollup import Measure, Part, Rollup, rollups
from .admit import admit_expressions
from .views import EVERYTHING, SQL_TYPES, columns_named, identifier, view_sql

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

Roll = Callable[[Probe, "pa.Table"], "dict[str, pa.Table] | None"]

How = Mapping[Part, str]
"""How each part of a measure is reckoned: `{x}` is the measure, `{c}` the rollup's column of that part, `{t}` its type."""

FROM_RAW: How = {"count": "count({x})", "sum": "CAST(sum({x}) AS {t})", "min": "min({x})", "max": "max({x})"}
FROM_ROLLUP: How = {
    "count": "CAST(sum({c}) AS {t})", "sum": "CAST(sum({c}) AS {t})", "min": "min({c})", "max": "max({c})",
}  # fmt: skip
ALWAYS: How = {**FROM_RAW, "count": "count(*)"}
"""From the table's rows, where none lacks the measure."""
NEVER: How = {"count": "CAST(0 AS {t})", **dict.fromkeys(("sum", "min", "max"), "CAST(NULL AS {t})")}
"""Where all lack it."""

FRESH, ROWS = "fresh rows", "rows"
BEFORE_ALL_US = 3 * 10**18
"""Added to microseconds since 1970 they are positive, and a division rounds down; a whole number of any rollup's widths."""


def part_sql(measure: Measure, part: Part, how: How) -> str:
    """A part as an expression, named and typed as the rollup's column is."""
    column = measure.column(part)
    name = identifier(column.name)
    sql = how[part].format(x=identifier(measure.name), c=name, t=SQL_TYPES[column.type])
    return f"{sql} AS {name}"


def bucket_sql(width: int) -> str:
    """The begin of the time of `width` seconds that a row's `ts` lies in: as `time_bucket` says it, and quicker."""
    us = width * 1_000_000
    return f"make_timestamptz((epoch_us(ts) + {BEFORE_ALL_US}) // {us} * {us} - {BEFORE_ALL_US})"


@contextmanager
def roller() -> Iterator[Roll]:
    """A function from some of a table's rows to those of its rollups, by name, sorted by host, keys and time.

    It gives None where they can't be made: a sum overflows, or an expression of the header fails. Then the table's own rows must
    be asked. It costs 0.3 s of CPU for a million rows of `cpu` (docs/decisions/0007).
    """
    import duckdb

    with duckdb.connect(":memory:") as connection:
        connection.execute(
            "SET TimeZone = 'UTC'; SET threads = 1; SET python_enable_replacements = false;"
            "SET autoload_known_extensions = false; SET autoinstall_known_extensions = false;"
            "SET enable_external_access = false; SET lock_configuration = true"
        )

        def roll(probe: Probe, rows: pa.Table) -> dict[str, pa.Table] | None:
            try:
                return _roll(connection, probe, rows)
            except (duckdb.Error, QueryError):
                return None

        yield roll


def _roll(connection: DuckDBPyConnection, probe: Probe, rows: pa.Table) -> dict[str, pa.Table]:
    made: dict[str, pa.Table] = {}
    wanted = rollups(probe)
    if not wanted or not rows.num_rows:
        return made
    admit_expressions(connection, [d.sql for d in probe.derived])
    measures = wanted[0].measures
    connection.register(FRESH, rows)
    try:
        columns = columns_named(
            probe, " ".join([*(k.name for k in wanted[0].keys), *(m.name for m in measures)])
        )
        connection.execute(f"DROP VIEW IF EXISTS {ROWS}")
        connection.execute(view_sql(ROWS, columns, [], FRESH, EVERYTHING))
        how = _ways(rows, measures)
        source, own = ROWS, "count(*) AS samples, min(ts) AS ts_min, max(ts) AS ts_max"
        for rollup in wanted:
            parts = [own, *(part_sql(m, part, how[m]) for m in measures for part in m.parts)]
            made[rollup.table] = _summed(connection, source, rollup, parts)
            connection.register(rollup.table, made[rollup.table])
            # The next, wider one is made of this one.
            source, own = (
                rollup.table,
                "sum(samples) AS samples, min(ts_min) AS ts_min, max(ts_max) AS ts_max",
            )
            how = dict.fromkeys(measures, FROM_ROLLUP)
    finally:
        for name in (FRESH, *made):
            connection.unregister(name)
    return made


def _ways(rows: pa.Table, measures: Iterable[Measure]) -> dict[Measure, How]:
    """How each measure is best reckoned. Columns that lack values in the same rows have the same count: it is reckoned once."""
    ways: dict[Measure, How] = {}
    counted: list[tuple[str, int, pa.ChunkedArray]] = []
    for measure in measures:
        ways[measure] = FROM_RAW
        if measure.name not in rows.column_names:
            continue
        column = rows[measure.name]
        if column.null_count in (0, rows.num_rows):
            ways[measure] = NEVER if column.null_count else ALWAYS
            continue
        there = column.is_valid()
        for name, missing, those in counted:
            if missing == column.null_count and those.equals(there):
                ways[measure] = {**FROM_RAW, "count": f"count({identifier(name)})"}
                break
        else:
            counted.append((measure.name, column.null_count, there))
    return ways


def _summed(connection: DuckDBPyConnection, source: str, rollup: Rollup, parts: Iterable[str]) -> pa.Table:
    by = ["host", *(key.name for key in rollup.keys)]
    keys = ", ".join(map(identifier, by))
    schema = arrow_schema(rollup.probe)
    sql = (
        f"SELECT {bucket_sql(rollup.width)} AS bucket, {keys}, {', '.join(parts)} "
        f"FROM {identifier(source)} GROUP BY ALL"
    )
    rows = connection.sql(sql).to_arrow_table().rename_columns({"bucket": "ts"}).select(schema.names)
    return rows.cast(schema).sort_by([(name, "ascending") for name in (*by, "ts")])

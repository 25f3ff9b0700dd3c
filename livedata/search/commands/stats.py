"""`stats`: aggregates of the rows, for each combination of some fields."""

from __future__ import annotations

from .. import sql
from ..declare import Declaration, Opt
from ..frame import Field, Frame, Order
from ..grouping import aggregates_of, by_names, keys_of, kind_after, results
from ..shapes import aggregate, by, option
from ..tree import Aggregate, Command


def compile_stats(frame: Frame, command: Command) -> Frame:
    aggregates = aggregates_of(command.parts) or [Aggregate("count", None, written="count")]
    keys = keys_of(frame, by_names(command))
    found = results(frame, aggregates, list(keys))
    build = frame.build

    columns = {name: (build.fresh(r.name), r) for name, r in ((r.name, r) for r in found)}
    frame.grouped(
        {field.column: sql.column(field.column) for field in keys.values()},
        {column: r.value.sql for column, r in columns.values()},
    )
    fields = dict(keys) | {
        name: Field(column, kind_after(r.value.kind)) for name, (column, r) in columns.items()
    }
    frame.tabled(fields, [Order(f.column) for f in keys.values()])
    return frame


COMMAND = Declaration(
    "stats",
    "Aggregates of the rows, for each combination of some fields",
    "stats FUNCTION(field) [AS name] … [BY field …]",
    (option, by, aggregate),
    compile_stats,
    options=(
        Opt("allnum", "bool", "false", "Not here"),
        Opt("delim", "text", " ", "Taken; a multivalue stays one"),
        Opt("partitions", "int", "1", "Taken; the engine splits the work by itself"),
        Opt("dedup_splitvals", "bool", "false", "Not here"),
    ),
    notes="Rows without one of the BY fields are left out. A function of eval(…) takes an expression.",
    examples=(
        "* | stats count dc(host) AS hosts BY unit",
        "* | stats count(eval(priority < 4)) AS bad BY host",
    ),
)

"""`top` and `rare`: the most and least frequent values."""

from __future__ import annotations

from functools import partial

from .. import sql
from ..aggregates import count_rows
from ..arguments import truth, whole
from ..declare import Declaration, Opt
from ..frame import Field, Frame, Order
from ..grouping import by_names, keys_of
from ..shapes import by, field, number, option
from ..tree import Command, Number, Word

DEFAULT = 10
OPTIONS = (
    Opt("limit", "int", "10", "How many values, for each combination of the BY fields; 0: all"),
    Opt("countfield", "field", "count", "The name of the count"),
    Opt("percentfield", "field", "percent", "The name of the percentage"),
    Opt("showcount", "bool", "true", "Whether there is a count"),
    Opt("showperc", "bool", "true", "Whether there is a percentage"),
    Opt("useother", "bool", "false", "Whether the rest is one row more"),
    Opt("otherstr", "text", "OTHER", "What that row is called"),
)


def compile_top(frame: Frame, command: Command, *, rare: bool = False) -> Frame:
    limit = next((int(p.text) for p in command.parts if isinstance(p, Number)), DEFAULT)
    if given := command.option("limit"):
        limit = whole(frame, command, given)
    names = [p for p in command.parts if isinstance(p, Word)]
    if not names:
        frame.fail(command.at, f"{command.name} wants a field", f"for example: | {command.name} host")
    if truth(command, "useother"):
        frame.fail(
            command.at, "useother is not there", "addcoltotals and eventstats give totals beside the values"
        )
    groups = keys_of(frame, by_names(command))
    keys = keys_of(frame, names)
    build = frame.build
    count_name = command.option("countfield", "count")
    percent_name = command.option("percentfield", "percent")
    count = build.fresh(count_name)
    both = {**groups, **keys}
    frame.grouped({f.column: sql.column(f.column) for f in both.values()}, {count: count_rows().sql})
    by = [sql.column(f.column) for f in groups.values()]
    share = sql.op(
        "/",
        sql.op("*", sql.number("100.0"), sql.column(count)),
        sql.window(sql.fn("sum", sql.column(count)), by),
    )
    frame.close()
    percent = frame.item(percent_name, share, window=True)
    order = (
        [Order(f.column) for f in groups.values()]
        + [Order(count, not rare)]
        + [Order(f.column) for f in keys.values()]
    )
    fields = {**both, count_name: Field(count, "int"), percent_name: Field(percent, "num")}
    if limit > 0 and groups:
        frame.order = order[len(groups) :]
        place = frame.item("place", sql.window(sql.fn("row_number"), by, frame.ordering()), window=True)
        frame.where(sql.op("<=", sql.column(place), sql.number(limit)))
    if not truth(command, "showcount", True):
        fields.pop(count_name)
    if not truth(command, "showperc", True):
        fields.pop(percent_name)
    frame.tabled({**{n: fields[n] for n in both}, **fields}, order)
    if limit > 0 and not groups:
        frame.first(limit)
    return frame


TOP = Declaration(
    "top",
    "The most frequent values, with count and percentage",
    "top [COUNT] FIELD … [BY FIELD …]",
    (option, number, by, field),
    compile_top,
    options=OPTIONS,
    notes="The percentage is of all rows that have the fields.",
    examples=("* | top unit", "* | top 3 unit BY host"),
)
RARE = Declaration(
    "rare",
    "The least frequent values, with count and percentage",
    "rare [COUNT] FIELD … [BY FIELD …]",
    (option, number, by, field),
    partial(compile_top, rare=True),
    options=OPTIONS,
    examples=("* | rare unit",),
)

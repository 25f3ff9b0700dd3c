"""`format`: the rows as terms of a search."""

from __future__ import annotations

from .. import sql
from ..declare import Declaration
from ..frame import Field, Frame
from ..shapes import field, text
from ..tree import Command
from ..values import Value, as_text


def compile_format(frame: Frame, command: Command) -> Frame:
    if frame.build.subsearch and not command.parts:
        return frame  # what a subsearch gives is taken so anyway
    if command.parts:
        frame.fail(
            command.at, "the options of format are not there", "a subsearch gives (a AND b) OR (…) by itself"
        )
    pairs = []
    for name, f in frame.fields.items():
        if name.startswith("_") or f.kind == "map":
            continue
        value = as_text(Value(sql.column(f.column), f.kind))
        pairs.append(sql.op("||", sql.op("||", sql.text(f'{name}="'), value), sql.text('"')))
    row = (
        sql.op("||", sql.op("||", sql.text("( "), sql.fn("concat_ws", " AND ", *pairs)), sql.text(" )"))
        if pairs
        else sql.text("NOT ()")
    )
    made = frame.build.fresh("search")
    every = sql.fn("string_agg", sql.in_order(row, frame.ordering()), " OR ")
    if frame.ordering():
        every = sql.fn("array_to_string", sql.fn("list", sql.in_order(row, frame.ordering())), " OR ")
    frame.grouped(
        {},
        {
            made: sql.fn(
                "coalesce", sql.op("||", sql.op("||", sql.text("( "), every), sql.text(" )")), "NOT ()"
            )
        },
    )
    frame.tabled({"search": Field(made, "text")}, [])
    return frame


COMMAND = Declaration(
    "format",
    "The rows as terms of a search",
    "format",
    (text, field),
    compile_format,
    examples=("* | stats count BY host | fields host | format",),
)

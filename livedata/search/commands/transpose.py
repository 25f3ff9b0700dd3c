"""`transpose`: rows to columns, and columns to rows."""

from __future__ import annotations

from .. import sql
from ..arguments import whole
from ..declare import Declaration, Opt
from ..frame import Field, Frame, Order, Step
from ..series import pairs
from ..shapes import number, option
from ..sql import Sql
from ..tree import Command, Number
from ..values import Value, as_text


def compile_transpose(frame: Frame, command: Command) -> Frame:
    count = next((int(p.text) for p in command.parts if isinstance(p, Number)), 5)
    if given := command.option("int"):
        count = whole(frame, command, given)
    header = command.option("header_field")
    first = command.option("column_name", "column")
    place = frame.numbered()
    if count > 0:
        frame.first(count)
        frame.close()
    names = [n for n, f in frame.fields.items() if n != header and f.kind != "map"]
    listed, kind = pairs(frame, names, texts=True)
    title: Sql = sql.op("||", sql.text("row "), sql.cast(sql.column(place), "VARCHAR"))
    if header and (there := frame.field(header)) is not None:
        title = sql.fn("coalesce", as_text(Value(sql.column(there.column), there.kind)), title)
    label = frame.item("label", title)
    pair, at = (
        frame.item("pair", sql.fn("unnest", listed)),
        frame.item("at", sql.fn("unnest", sql.fn("range", sql.number(len(names) + 10_000)))),
    )
    source = frame.close()
    build = frame.build
    name = build.fresh(first)
    key, value = (sql.fn("struct_extract", sql.column(pair), k) for k in "kv")
    frame.step = Step([(source, "", None)])
    frame.where(sql.not_null(sql.column(pair)))
    if header:  # of rows with the same header the last counts
        down = [sql.ordered(sql.column(place), True)]
        latest = frame.item(
            "latest", sql.window(sql.fn("row_number"), [key, sql.column(label)], down), window=True
        )
        frame.where(sql.op("=", sql.column(latest), sql.number(1)))
    entry = sql.struct(k=sql.column(label), v=value)
    wide, position = build.fresh("series"), build.fresh("position")
    made = sql.fn("map_from_entries", sql.fn("list", sql.in_order(entry, [sql.ordered(sql.column(place))])))
    frame.grouped({name: key}, {wide: made, position: sql.fn("min", sql.column(at))})
    frame.tabled({first: Field(name, "text")}, [Order(position)])
    frame.widen(Field(wide, kind))
    return frame


COMMAND = Declaration(
    "transpose",
    "Rows to columns and columns to rows, of 5 rows by default",
    "transpose [COUNT] [column_name=NAME] [header_field=FIELD]",
    (option, number),
    compile_transpose,
    options=(
        Opt("int", "int", "5", "How many rows; 0: all"),
        Opt("column_name", "field", "column", "The name of the first column"),
        Opt("header_field", "field", "", "The field that gives the columns their names"),
        Opt("include_empty", "bool", "true", "Not here"),
    ),
    examples=("* | stats count dc(unit) BY host | transpose header_field=host",),
)

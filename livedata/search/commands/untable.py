"""`untable`: a row for each column."""

from __future__ import annotations

from .. import sql
from ..declare import Declaration
from ..frame import Field, Frame, Order
from ..series import pairs
from ..shapes import field
from ..tree import Command, Word


def compile_untable(frame: Frame, command: Command) -> Frame:
    words = [p.text for p in command.parts if isinstance(p, Word)]
    if len(words) != 3:
        frame.fail(
            command.at,
            "untable wants the field of rows, and the names of two fields",
            "for example: | untable _time host count",
        )
    row_name, name, value_name = words
    row = frame.field(row_name)
    if row is None:
        frame.fail(command.at, f"there is no field {row_name}")
    names = [
        n
        for n, f in frame.fields.items()
        if f.column != row.column and f.kind != "map" and not n.startswith("_")
    ]
    listed, kind = pairs(frame, names)
    place = frame.numbered()
    pair = frame.item("pair", sql.fn("unnest", listed))
    frame.close()
    label = frame.item(name, sql.fn("struct_extract", sql.column(pair), "k"))
    value = frame.item(value_name, sql.fn("struct_extract", sql.column(pair), "v"))
    frame.close()
    frame.tabled({row_name: row, name: Field(label, "text"), value_name: Field(value, kind)}, [Order(place)])
    frame.where(sql.not_null(sql.column(value)))
    return frame


COMMAND = Declaration(
    "untable",
    "A row for each column",
    "untable ROWS NAME VALUE",
    (field,),
    compile_untable,
    examples=("* | timechart span=1h count BY host | untable _time host entries",),
)

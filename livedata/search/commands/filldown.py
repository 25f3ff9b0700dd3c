"""`filldown`: the last value before, where a field has none."""

from __future__ import annotations

from .. import sql
from ..declare import Declaration
from ..frame import Field, Frame
from ..shapes import field
from ..tree import Command, Word


def compile_filldown(frame: Frame, command: Command) -> Frame:
    words = [p for p in command.parts if isinstance(p, Word)]
    names = [n for w in words for n in frame.matching(w.text)] if words else list(frame.fields)
    frame.numbered()
    frame.close()
    made = {}
    for name in names:
        there = frame.field(name)
        if there is not None:
            column = sql.column(there.column)
            last = sql.filtered(
                sql.fn("arg_max", column, sql.column(frame.order[0].column)), sql.not_null(column)
            )
            over = sql.window(last, (), frame.ordering(), "ROWS UNBOUNDED PRECEDING AND CURRENT ROW")
            made[name] = Field(frame.item(name, over, window=True), there.kind)
    for name, f in made.items():
        frame.show(name, f)
    return frame


COMMAND = Declaration(
    "filldown",
    "The last value before, where a field has none",
    "filldown [FIELD …]",
    (field,),
    compile_filldown,
    examples=("* | table host unit | filldown unit",),
)

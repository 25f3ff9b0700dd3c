"""`delta`: the difference to a row before."""

from __future__ import annotations

from .. import sql
from ..arguments import named, whole
from ..declare import Declaration, Opt
from ..frame import Frame
from ..shapes import field, option, renamed
from ..tree import Command
from ..values import Value, as_number


def compile_delta(frame: Frame, command: Command) -> Frame:
    old, new = named(frame, command)
    if new == old:
        new = f"delta({old})"
    back = whole(frame, command, command.option("p", "1"))
    there = frame.value(old, command.at)
    frame.numbered()
    frame.close()
    before = sql.window(sql.fn("lag", as_number(there), sql.number(back)), (), frame.ordering())
    frame.put(
        new,
        Value(sql.op("-", as_number(there), before), "int" if there.kind == "int" else "num"),
        window=True,
    )
    return frame


COMMAND = Declaration(
    "delta",
    "The difference to the row before",
    "delta FIELD [AS name] [p=COUNT]",
    (option, renamed, field),
    compile_delta,
    options=(Opt("p", "int", "1", "How many rows before"),),
    examples=("* | timechart span=1h count | delta count AS change",),
)

"""`accum`: the sum so far."""

from __future__ import annotations

from .. import sql
from ..arguments import named
from ..declare import Declaration
from ..frame import Frame
from ..shapes import field, renamed
from ..tree import Command
from ..values import Value, as_number


def compile_accum(frame: Frame, command: Command) -> Frame:
    old, new = named(frame, command)
    there = frame.value(old, command.at)
    frame.numbered()
    frame.close()
    total = sql.window(
        sql.fn("sum", as_number(there)), (), frame.ordering(), "ROWS UNBOUNDED PRECEDING AND CURRENT ROW"
    )
    frame.put(new, Value(total, "int" if there.kind == "int" else "num"), window=True)
    return frame


COMMAND = Declaration(
    "accum",
    "The sum so far",
    "accum FIELD [AS name]",
    (renamed, field),
    compile_accum,
    examples=("* | stats count BY host | accum count AS so_far",),
)

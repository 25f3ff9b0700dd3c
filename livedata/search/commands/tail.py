"""`tail`: the last rows, the last of all first."""

from __future__ import annotations

from ..declare import Declaration
from ..frame import Frame, Order
from ..shapes import number
from ..tree import Command, Number


def turned(frame: Frame) -> None:
    """The rows the other way round."""
    if not frame.order or len(frame.order) > 1:
        frame.numbered()
    frame.order = [Order(o.column, not o.descending) for o in frame.order]


def compile_tail(frame: Frame, command: Command) -> Frame:
    count = next((int(p.text) for p in command.parts if isinstance(p, Number)), 10)
    turned(frame)
    frame.first(max(count, 0))
    return frame


COMMAND = Declaration(
    "tail",
    "The last rows, 10 by default, the last of all first",
    "tail [COUNT]",
    (number,),
    compile_tail,
    examples=("* | tail 5",),
)

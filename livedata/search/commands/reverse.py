"""`reverse`: the rows the other way round."""

from __future__ import annotations

from ..declare import Declaration
from ..frame import Frame
from ..tree import Command
from .tail import turned


def compile_reverse(frame: Frame, command: Command) -> Frame:
    turned(frame)
    return frame


COMMAND = Declaration(
    "reverse",
    "The rows the other way round",
    "reverse",
    (),
    compile_reverse,
    examples=("* | head 3 | reverse",),
)

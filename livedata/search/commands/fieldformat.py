"""`fieldformat`: how a field is shown, while its value stays."""

from __future__ import annotations

from ..declare import Declaration
from ..evaluate import evaluate
from ..frame import Field, Frame
from ..shapes import assignment
from ..tree import Assign, Command


def compile_fieldformat(frame: Frame, command: Command) -> Frame:
    for part in command.parts:
        if isinstance(part, Assign):
            there = frame.field(part.name, part.at)
            value = evaluate(frame, part.value)
            if there is not None:
                frame.shown[there.column] = Field(frame.item(part.name, value.sql), value.kind)
    return frame


COMMAND = Declaration(
    "fieldformat",
    "How a field is shown, while its value stays what it is",
    "fieldformat FIELD = EXPRESSION",
    (assignment,),
    compile_fieldformat,
    examples=('* | stats count BY host | fieldformat count = tostring(count, "commas") | sort -count',),
)

"""`eval`: fields reckoned from others."""

from __future__ import annotations

from ..declare import Declaration
from ..evaluate import evaluate
from ..frame import Frame
from ..shapes import assignment
from ..tree import Assign, Command


def compile_eval(frame: Frame, command: Command) -> Frame:
    for part in command.parts:
        if not isinstance(part, Assign):
            continue
        if "{" in part.name.replace("{}", ""):
            frame.fail(
                part.at,
                "a field's name can't come from another field",
                "xyseries and chart make fields of values",
            )
        value = evaluate(frame, part.value)
        frame.put(part.name, value)
    return frame


COMMAND = Declaration(
    "eval",
    "Fields reckoned from others, each after the ones before it",
    "eval FIELD = EXPRESSION, …",
    (assignment,),
    compile_eval,
    examples=('* | eval level = if(priority < 4, "bad", "fine"), where = host.":".unit',),
)

"""`where`: the rows for which an expression is true."""

from __future__ import annotations

from ..declare import Declaration
from ..evaluate import condition
from ..frame import Frame
from ..shapes import expression
from ..tree import Command, Expression


def compile_where(frame: Frame, command: Command) -> Frame:
    wanted = [p for p in command.parts if isinstance(p, Expression)]
    if len(wanted) != 1:
        frame.fail(command.at, "where wants one expression", "for example: | where count > 10")
    frame.where(condition(frame, wanted[0]))
    return frame


COMMAND = Declaration(
    "where",
    "The rows for which an expression is true",
    "where EXPRESSION",
    (expression,),
    compile_where,
    notes="Texts are compared by case; a comparison with null is not true.",
    examples=('* | where pid > 1000 AND like(message, "%password%")',),
)

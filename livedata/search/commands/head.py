"""`head`: the first rows."""

from __future__ import annotations

from .. import sql
from ..arguments import truth, whole
from ..declare import Declaration, Opt
from ..evaluate import condition
from ..frame import Frame
from ..shapes import expression, number, option
from ..tree import Command, Expression, Number


def compile_head(frame: Frame, command: Command) -> Frame:
    count = 10
    limited = command.option("limit")
    for part in command.parts:
        if isinstance(part, Number):
            count, limited = int(part.text), part.text
        elif isinstance(part, Expression):
            return _while(frame, command, part)
    if command.option("limit"):
        count = whole(frame, command, limited)
    frame.first(max(count, 0))
    return frame


def _while(frame: Frame, command: Command, part: Expression) -> Frame:
    """The rows up to the first for which an expression is not true."""
    ok = condition(frame, part)
    null = truth(command, "null")
    failed = sql.case(
        [(sql.fn("coalesce", ok, sql.true() if null else sql.false()), sql.number(0))], sql.number(1)
    )
    broken = frame.item("broken", failed)
    frame.numbered()
    frame.close()
    so_far = frame.item(
        "so_far",
        sql.window(
            sql.fn("sum", sql.column(broken)),
            (),
            frame.ordering(),
            "ROWS UNBOUNDED PRECEDING AND CURRENT ROW",
        ),
        window=True,
    )
    kept = sql.op("=", sql.column(so_far), sql.number(0))
    if truth(command, "keeplast"):
        kept = sql.either(
            [
                kept,
                sql.both(
                    [
                        sql.op("=", sql.column(so_far), sql.number(1)),
                        sql.op("=", sql.column(broken), sql.number(1)),
                    ]
                ),
            ]
        )
    frame.where(kept)
    if limit := command.option("limit"):
        frame.first(whole(frame, command, limit))
    return frame


COMMAND = Declaration(
    "head",
    "The first rows, 10 by default, or those before an expression fails",
    "head [COUNT | limit=COUNT | (EXPRESSION)]",
    (option, number, expression),
    compile_head,
    options=(
        Opt("limit", "int", "10", "How many"),
        Opt("null", "bool", "false", "Whether a null counts as true"),
        Opt("keeplast", "bool", "false", "Whether the first row that fails is kept too"),
    ),
    examples=("* | head 5", "* | head (priority > 2)"),
)

"""`sort`: other order."""

from __future__ import annotations

from .. import sql
from ..arguments import whole
from ..declare import Declaration, Opt
from ..frame import Frame, Order
from ..parser import Parser
from ..shapes import key, number, option
from ..tree import Command, Key, Keyword, Number
from ..values import Value, as_number, as_text

MOST = 10_000


def descending(p: Parser, d: Declaration) -> Keyword | None:
    """A last word that turns the order round."""
    at = p.pos
    found = p.keyword("desc", "d")
    if found and not p.ended():
        p.pos = at
        return None
    return Keyword("desc", at=at) if found else None


def compile_sort(frame: Frame, command: Command) -> Frame:
    keys = [p for p in command.parts if isinstance(p, Key)]
    turned = any(isinstance(p, Keyword) for p in command.parts)
    most = MOST
    for part in command.parts:
        if isinstance(part, Number):
            most = int(part.text)
    if limit := command.option("limit"):
        most = whole(frame, command, limit)
    if not keys:
        frame.fail(command.at, "sort wants a field", "for example: | sort -count")
    sort_by(frame, keys, turned=turned)
    if most > 0:
        frame.first(most)
    return frame


def sort_by(frame: Frame, keys: list[Key], *, turned: bool = False) -> None:
    """Orders the rows; those that are equal stay as they are."""
    order: list[Order] = []
    for k in keys:
        down = k.descending is not turned
        field = frame.field(k.field, k.at)
        if field is None:
            continue
        value = Value(sql.column(field.column), field.kind)
        if k.kind == "num":
            order.append(Order(frame.item(k.field, as_number(value)), down))
        elif k.kind == "str" or field.kind in {"list", "map"}:
            order.append(Order(frame.item(k.field, as_text(value)), down))
        elif k.kind == "ip":
            parts = [
                sql.fn("lpad", sql.fn("split_part", as_text(value), ".", i), 3, "0") for i in range(1, 5)
            ]
            order.append(Order(frame.item(k.field, sql.fn("concat", *parts)), down))
        elif field.kind == "text":
            # Numbers as numbers, and then texts by their characters; the other way round where it descends.
            number = frame.item(k.field, sql.try_cast(value.sql, "DOUBLE"))
            wordy = frame.item(
                k.field,
                sql.case(
                    [
                        (
                            sql.both(
                                [sql.not_null(value.sql), sql.is_null(sql.try_cast(value.sql, "DOUBLE"))]
                            ),
                            value.sql,
                        )
                    ]
                ),
            )
            order += [Order(wordy, True), Order(number, True)] if down else [Order(number), Order(wordy)]
        else:
            order.append(Order(field.column, down))
    frame.order = [*order, *frame.order]


COMMAND = Declaration(
    "sort",
    "Other order, of 10,000 rows at most unless another number is given",
    "sort [COUNT] [-|+]FIELD … [desc]",
    (option, number, descending, key),
    compile_sort,
    options=(Opt("limit", "int", "10000", "Rows that are kept; 0: all"),),
    notes="Numbers as numbers, then texts. num(), str() and ip() say how a field is compared.",
    examples=("* | stats count BY host | sort -count", "* | sort 0 host, -num(pid)"),
)

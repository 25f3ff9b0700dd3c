"""`trendline`: moving averages."""

from __future__ import annotations

import re

from .. import sql
from ..declare import Declaration
from ..frame import Frame
from ..parser import Parser
from ..shapes import alias
from ..tree import Aggregate, Command, Name
from ..values import Value, as_number

CALL = re.compile(r"(sma|wma|ema)(\d+)\s*\(\s*([^\s()]+)\s*\)", re.I)


def average(p: Parser, d: Declaration) -> Aggregate | None:
    """`sma5(count) AS name`."""
    at = p.pos
    p.offer("keyword", ("sma5(", "wma5("))
    found = CALL.match(p.text, p.pos)
    if not found:
        return None
    p.pos = found.end()
    p.space()
    written = f"{found[1].lower()}{found[2]}({found[3]})"
    return Aggregate(found[1].lower() + found[2], Name(found[3]), alias(p), at=at, written=written)


def compile_trendline(frame: Frame, command: Command) -> Frame:
    for part in command.parts:
        if not isinstance(part, Aggregate) or not isinstance(part.argument, Name):
            continue
        kind, size = part.function[:3], int(part.function[3:])
        if kind == "ema":
            frame.fail(part.at, "ema of trendline is not there", "sma and wma are")
        if not 2 <= size <= 10_000:
            frame.fail(part.at, "a trendline is of 2 to 10000 rows")
        number = as_number(frame.value(part.argument.name, part.at))
        frame.numbered()
        frame.close()
        bounds = f"ROWS {size - 1} PRECEDING AND CURRENT ROW"
        enough = sql.op(
            "=", sql.window(sql.fn("count", number), (), frame.ordering(), bounds), sql.number(size)
        )
        if kind == "sma":
            shown = sql.window(sql.fn("avg", number), (), frame.ordering(), bounds)
        else:
            place = sql.column(frame.order[0].column)
            weighted = sql.window(sql.fn("sum", sql.op("*", number, place)), (), frame.ordering(), bounds)
            total = sql.window(sql.fn("sum", number), (), frame.ordering(), bounds)
            before = sql.op("-", place, sql.number(size))
            shown = sql.op(
                "/",
                sql.op("-", weighted, sql.op("*", before, total)),
                sql.number(f"{size * (size + 1) / 2:.1f}"),
            )
        frame.put(part.alias or part.written, Value(sql.case([(enough, shown)]), "num"), window=True)
    return frame


COMMAND = Declaration(
    "trendline",
    "Moving averages, simple (sma) or weighted (wma)",
    "trendline sma5(FIELD) [AS name] …",
    (average,),
    compile_trendline,
    examples=("* | timechart span=10m count | trendline sma3(count) AS smooth",),
)

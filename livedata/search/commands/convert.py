"""`convert`: values as numbers, times or other forms."""

from __future__ import annotations

import re

from .. import sql
from ..declare import Declaration, Opt
from ..frame import Frame
from ..functions.times import formatted, read_time
from ..parser import Parser
from ..shapes import FIELD_WORD, alias, option
from ..sql import Sql
from ..tree import Aggregate, Command, Name
from ..values import Value, as_number, as_text

CALL = re.compile(r"([A-Za-z_]\w*)\s*\(")
TIME_FORMAT = "%m/%d/%Y %H:%M:%S"


def conversion(p: Parser, d: Declaration) -> Aggregate | None:
    """`function(field) AS name`."""
    at = p.pos
    p.offer("keyword", CONVERSIONS)
    found = CALL.match(p.text, p.pos)
    if not found:
        return None
    if found[1].lower() not in CONVERSIONS:
        p.fail(f"convert has no {found[1]}()", f"it has {', '.join(CONVERSIONS)}")
    p.pos = found.end()
    p.space()
    word = p.word(FIELD_WORD)
    if word is None:
        p.unexpected("in convert")
    p.need(")")
    return Aggregate(found[1].lower(), Name(word[0]), alias(p), at=at)


def _ctime(value: Value, form: str) -> Value:
    return Value(formatted(value, form), "text")


def _mktime(value: Value, form: str) -> Value:
    return Value(read_time(as_text(value), form), "num")


def _auto(value: Value, form: str) -> Value:
    """A number where it is one, else as it is."""
    return value


def _num(value: Value, form: str) -> Value:
    return Value(as_number(value), "int" if value.kind == "int" else "num")


def _rmcomma(value: Value, form: str) -> Value:
    return Value(sql.fn("replace", as_text(value), ",", ""), "text")


def _rmunit(value: Value, form: str) -> Value:
    number = sql.fn("regexp_extract", as_text(value), r"^\s*(-?\d+(?:\.\d+)?)", 1)
    return Value(sql.try_cast(sql.fn("nullif", number, ""), "DOUBLE"), "num")


def _memk(value: Value, form: str) -> Value:
    """Kilobytes of a text such as 200k, 3m, 1G; without a letter it is kilobytes."""
    text = sql.fn("lower", as_text(value))
    number = sql.try_cast(
        sql.fn("nullif", sql.fn("regexp_extract", text, r"^\s*(\d+(?:\.\d+)?)", 1), ""), "DOUBLE"
    )
    unit = sql.fn("regexp_extract", text, r"([kmg])b?\s*$", 1)
    factor = sql.case(
        [
            (sql.op("=", unit, sql.text("m")), sql.number(1024)),
            (sql.op("=", unit, sql.text("g")), sql.number(1024 * 1024)),
        ],
        sql.number(1),
    )
    return Value(sql.op("*", number, factor), "num")


def _dur2sec(value: Value, form: str) -> Value:
    """Seconds of `[D+]HH:MM:SS` or `MM:SS`."""
    text = as_text(value)
    parts = [
        _group(text, r"(\d+)\+", 86_400),
        _group(text, r"(\d+):\d+:[\d.]+\s*$", 3_600),
        _group(text, r"(\d+):[\d.]+\s*$", 60),
        _group(text, r"([\d.]+)\s*$", 1),
    ]
    total: Sql = parts[0]
    for part in parts[1:]:
        total = sql.op("+", total, part)
    return Value(sql.case([(sql.fn("regexp_matches", text, r"^(\d+\+)?[\d:.]+$"), total)]), "num")


def _mstime(value: Value, form: str) -> Value:
    """Seconds of `[MM:]SS.SSS`."""
    text = as_text(value)
    return Value(sql.op("+", _group(text, r"^(\d+):", 60), _group(text, r"([\d.]+)\s*$", 1)), "num")


def _group(text: Sql, pattern: str, factor: int) -> Sql:
    number = sql.try_cast(sql.fn("nullif", sql.fn("regexp_extract", text, pattern, 1), ""), "DOUBLE")
    return sql.op("*", sql.fn("coalesce", number, sql.number(0)), sql.number(factor))


CONVERSIONS = {
    "ctime": _ctime, "mktime": _mktime, "auto": _auto, "num": _num, "none": _auto, "rmcomma": _rmcomma, "rmunit": _rmunit, "memk": _memk,
    "dur2sec": _dur2sec, "mstime": _mstime,
}  # fmt: skip


def compile_convert(frame: Frame, command: Command) -> Frame:
    form = command.option("timeformat", TIME_FORMAT)
    for part in command.parts:
        if not isinstance(part, Aggregate) or not isinstance(part.argument, Name):
            continue
        for name in frame.matching(part.argument.name):
            value = frame.value(name, part.at)
            if value.kind == "null" or part.function == "none":
                continue
            frame.put(part.alias or name, CONVERSIONS[part.function](value, form))
    return frame


COMMAND = Declaration(
    "convert",
    "Values as numbers, times or other forms",
    'convert [timeformat="FORMAT"] FUNCTION(field) [AS name] …',
    (option, conversion),
    compile_convert,
    options=(Opt("timeformat", "text", TIME_FORMAT, "How ctime() and mktime() write a time"),),
    notes="ctime mktime auto num none rmcomma rmunit memk dur2sec mstime.",
    examples=('* | stats latest(_time) AS seen BY host | convert timeformat="%H:%M" ctime(seen)',),
)

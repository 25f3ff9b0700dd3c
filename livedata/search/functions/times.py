"""Functions of time. Times are numbers of seconds since 1970; days and hours are those of UTC."""

from __future__ import annotations

import re

from .. import sql
from ..sql import Sql
from ..tree import Call
from ..values import Value, as_number, as_text, of_number
from ..when import BadTime, relative, shifted_sql
from .kit import Env, Function, constant_text, table

_DIRECTIVE = re.compile(r"%(?:[-_^#]?(?:\d?[A-Za-z%+])|:z|Ez|[369]?[NQ])")
SAME = frozenset("aAbBdHIjmMpSyYUWwuVGg%")
"""What DuckDB means by the same letter."""
EXPANDED = {
    "T": "%H:%M:%S",
    "F": "%Y-%m-%d",
    "D": "%m/%d/%y",
    "R": "%H:%M",
    "h": "%b",
    "c": "%a %b %d %H:%M:%S %Y",
    "x": "%m/%d/%Y",
    "X": "%H:%M:%S",
    "+": "%a %b %e %H:%M:%S %Z %Y",
    "r": "%I:%M:%S %p",
}


def plain_time(value: Value) -> Sql:
    """A TIMESTAMP without a zone, in UTC."""
    if value.kind == "time":
        return sql.fn("timezone", "UTC", value.sql)
    return sql.fn(
        "make_timestamp",
        sql.cast(
            sql.fn("round", sql.op("*", sql.cast(as_number(value), "DOUBLE"), sql.number(1_000_000))),
            "BIGINT",
        ),
    )


def _strftime(env: Env, call: Call) -> Value:
    form = constant_text(env, call, 1, "the format")
    value = env.value(call.arguments[0])
    if value.kind in {"bool", "list", "map", "null"}:
        return Value(sql.null(), "text")
    return Value(formatted(value, form), "text")


def formatted(value: Value, form: str) -> Sql:
    """A time in Splunk's format."""
    at = plain_time(value)
    form = _expanded(form)
    parts: list[Sql] = []
    run = ""
    for piece, directive in _pieces(form):
        special = None if directive is None else _special(directive, at, value)
        if special is None:
            run += piece if directive is None else _same(directive)
        else:
            if run:
                parts.append(_run(at, run))
                run = ""
            parts.append(special)
    if run or not parts:
        parts.append(_run(at, run))
    from functools import reduce

    return reduce(lambda a, b: sql.op("||", a, b), parts)


def _run(at: Sql, form: str) -> Sql:
    if "%" not in form.replace("%%", ""):
        return sql.case([(sql.not_null(at), sql.text(form.replace("%%", "%")))])
    return sql.fn("strftime", at, form)


def _expanded(form: str) -> str:
    for _ in range(2):
        form = re.sub(
            r"%%|%([TFDRhcxX+r])", lambda m: m.group() if m.group() == "%%" else EXPANDED[m[1]], form
        )
    return form


def _pieces(form: str) -> list[tuple[str, str | None]]:
    pieces: list[tuple[str, str | None]] = []
    last = 0
    for found in _DIRECTIVE.finditer(form):
        if found.start() > last:
            pieces.append((form[last : found.start()].replace("%", "%%"), None))
        pieces.append((found.group(), found.group()))
        last = found.end()
    if last < len(form):
        pieces.append((form[last:].replace("%", "%%"), None))
    return pieces


def _same(directive: str) -> str:
    """A directive as DuckDB writes it; one that nobody knows stands as it is."""
    if directive[-1] in SAME and (len(directive) == 2 or directive[1] == "-"):
        return directive
    return "%%" + directive[1:]


def _special(directive: str, at: Sql, value: Value) -> Sql | None:
    match directive[1:]:
        case "s":
            return sql.cast(sql.cast(sql.fn("floor", as_number(value)), "BIGINT"), "VARCHAR")
        case "e":
            return sql.fn("lpad", sql.fn("strftime", at, "%-d"), 2, " ")
        case "k":
            return sql.fn("lpad", sql.fn("strftime", at, "%-H"), 2, " ")
        case "l":
            return sql.fn("lpad", sql.fn("strftime", at, "%-I"), 2, " ")
        case "z":
            return sql.text("+0000")
        case ":z" | "Ez":
            return sql.text("+00:00")
        case "Z":
            return sql.text("UTC")
        case "n":
            return sql.text("\n")
        case "t":
            return sql.text("\t")
        case "N" | "9N" | "9Q":
            return sql.fn("strftime", at, "%n")
        case "6N" | "6Q" | "f":
            return sql.fn("strftime", at, "%f")
        case "3N" | "3Q" | "Q":
            return sql.fn("strftime", at, "%g")
    return None


def _strptime(env: Env, call: Call) -> Value:
    form = constant_text(env, call, 1, "the format")
    return Value(read_time(as_text(env.value(call.arguments[0])), form), "num")


def read_time(text: Sql, form: str) -> Sql:
    """Seconds since 1970 of a time that a text writes; null where it does not."""
    form = _expanded(form)
    if form.strip() == "%s":
        return sql.try_cast(text, "DOUBLE")
    kept = ""
    for piece, directive in _pieces(form):
        if directive is None:
            kept += piece
        else:
            kept += {"e": "%d", "k": "%H", "l": "%I", "N": "%n", "9N": "%n", "6N": "%f", "3N": "%g", "Q": "%g", "3Q": "%g", "6Q": "%f", ":z": "%z", "Ez": "%z", "n": " ", "t": " ", "z": "%z", "Z": "%Z"}.get(directive[1:], _same(directive))  # fmt: skip
    return sql.fn("epoch", sql.fn("try_strptime", text, kept))


def _now(env: Env, call: Call) -> Value:
    return of_number(env.now_us // 1_000_000)


def _relative_time(env: Env, call: Call) -> Value:
    value = env.value(call.arguments[0])
    written = constant_text(env, call, 1, "the shift")
    try:
        if isinstance(value.constant, float):
            moved = relative(written, round(value.constant * 1_000_000))
            return of_number(moved // 1_000_000) if moved % 1_000_000 == 0 else of_number(moved / 1_000_000)
        return Value(sql.fn("epoch", shifted_sql(plain_time(value), written)), "num")
    except BadTime as bad:
        env.fail(call.arguments[1].at, str(bad), "for example: -1d@d, @h, +15m")


FUNCTIONS = table(
    [
        Function("now", "now()", "The moment at which the search is asked", 0, 0, _now, "if(now() > 0, 1, 0)", "1"),
        Function("time", "time()", "The same moment", 0, 0, lambda env, call: of_number(env.now_us / 1_000_000), "if(time() > 0, 1, 0)", "1"),
        Function("strftime", "strftime(time, format)", "A time as text", 2, 2, _strftime, 'strftime(0, "%Y-%m-%d %H:%M:%S")', "1970-01-01 00:00:00"),
        Function("strptime", "strptime(text, format)", "The time that a text writes", 2, 2, _strptime, 'strptime("1970-01-02", "%Y-%m-%d")', "86400"),
        Function("relative_time", "relative_time(time, shift)", "A time moved and snapped", 2, 2, _relative_time, 'relative_time(90000, "@d")', "86400"),
    ]
)  # fmt: skip

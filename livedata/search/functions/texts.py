"""Functions of text."""

from __future__ import annotations

from collections.abc import Callable

from .. import sql
from ..extract import json_value
from ..sql import Sql
from ..tree import Call
from ..values import Value, as_number, as_text
from .kit import Env, Function, constant_number, of_values, table
from .logic import checked_regex


def _each(name: str) -> Callable[..., Value]:
    """A function of one text, of a multivalue each value."""

    def make(value: Value) -> Value:
        if value.kind == "list":
            one = sql.fn(name, sql.variable("v"))
            return Value(sql.fn("list_transform", value.sql, sql.function_of("v", one)), "list")
        return Value(sql.fn(name, as_text(value)), "text")

    return make


def _len(value: Value) -> Value:
    return Value(sql.fn("length", as_text(value)), "int")


def _substr(env: Env, call: Call) -> Value:
    text = as_text(env.value(call.arguments[0]))
    start = sql.cast(as_number(env.value(call.arguments[1])), "BIGINT")
    more = [sql.cast(as_number(env.value(a)), "BIGINT") for a in call.arguments[2:]]
    return Value(sql.fn("substr", text, start, *more), "text")


def _trim(name: str) -> Callable[..., Value]:
    def make(text: Value, *marks: Value) -> Value:
        default = [sql.text(" \t")] if not marks else [as_text(m) for m in marks]
        return Value(sql.fn(name, as_text(text), *default), "text")

    return make


def _replace(env: Env, call: Call) -> Value:
    value = env.value(call.arguments[0])
    pattern = env.value(call.arguments[1])
    by = env.value(call.arguments[2])
    regex = (
        sql.text(checked_regex(env, call, pattern.constant))
        if isinstance(pattern.constant, str)
        else as_text(pattern)
    )
    new = sql.text(replacement(by.constant)) if isinstance(by.constant, str) else as_text(by)
    if value.kind == "list":
        one = sql.fn("regexp_replace", sql.variable("v"), regex, new, "g")
        return Value(sql.fn("list_transform", value.sql, sql.function_of("v", one)), "list")
    return Value(sql.fn("regexp_replace", as_text(value), regex, new, "g"), "text")


def replacement(text: str) -> str:
    r"""A replacement as the engine takes it: `\1` and `$1` are groups."""
    import re

    return re.sub(r"\$(\d)", r"\\\1", text) if "$" in text else text


def _tonumber(env: Env, call: Call) -> Value:
    value = env.value(call.arguments[0])
    base = constant_number(env, call, 1, 10)
    if not 2 <= base <= 36:
        env.fail(call.arguments[1].at, "a base is a number from 2 to 36", "")
    if base == 10:
        return value if value.kind in {"int", "num"} else Value(as_number(value), "num")
    return Value(_of_base(as_text(value), base), "int")


def _of_base(text: Sql, base: int) -> Sql:
    """The whole number that a text writes in another base than ten; null where it has other digits."""
    bare = sql.fn("lower", sql.fn("regexp_replace", text, "^(0[xX])?", "") if base == 16 else text)
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"[:base]
    place = sql.op("-", sql.fn("instr", digits, sql.variable("c")), sql.number(1))
    step = sql.op("+", sql.op("*", sql.variable("n"), sql.number(base)), sql.variable("c"))
    values = sql.fn(
        "list_transform", sql.fn("string_split", bare, ""), sql.function_of("c", sql.cast(place, "BIGINT"))
    )
    from sqlglot import exp

    total = sql.fn(
        "list_reduce", values, exp.Lambda(this=step, expressions=[exp.Var(this="n"), exp.Var(this="c")])
    )
    return sql.case([(sql.fn("regexp_full_match", bare, f"[{digits}]{{1,12}}"), total)])


def _tostring(env: Env, call: Call) -> Value:
    value = env.value(call.arguments[0])
    if len(call.arguments) == 1:
        return value if value.kind == "list" else Value(as_text(value), "text")
    form = env.value(call.arguments[1]).constant
    number = as_number(value)
    match form:
        case "commas":
            return Value(with_commas(number), "text")
        case "hex":
            return Value(sql.op("||", sql.text("0x"), sql.fn("hex", sql.cast(number, "BIGINT"))), "text")
        case "duration":
            return Value(duration(number), "text")
        case "binary":
            return Value(sql.fn("bin", sql.cast(number, "BIGINT")), "text")
    return env.fail(
        call.arguments[1].at, "tostring() has no such form", '"commas", "hex", "binary" or "duration"'
    )


def with_commas(number: Sql) -> Sql:
    """A number with commas between thousands and, where it is not whole, two decimals."""
    whole = sql.fn("format", "{:,}", sql.cast(number, "BIGINT"))
    return sql.case(
        [(sql.op("=", number, sql.fn("trunc", number)), whole)],
        sql.fn("format", "{:,.2f}", sql.cast(number, "DOUBLE")),
    )


def duration(seconds: Sql) -> Sql:
    """Seconds as `[D+]HH:MM:SS`, with the fraction that they have."""
    whole = sql.cast(sql.fn("trunc", seconds), "BIGINT")
    days = sql.fn("divide", whole, sql.number(86_400))
    clock = sql.fn(
        "printf", "%02d:%02d:%02d", sql.fn("divide", sql.op("%", whole, sql.number(86_400)), sql.number(3_600)),
        sql.fn("divide", sql.op("%", whole, sql.number(3_600)), sql.number(60)), sql.op("%", whole, sql.number(60)),
    )  # fmt: skip
    part = sql.op("-", sql.cast(seconds, "DOUBLE"), whole)
    fraction = sql.case(
        [(sql.op("=", part, sql.number(0)), sql.text(""))],
        sql.fn("substr", sql.fn("printf", "%.6f", part), 2),
    )
    prefix = sql.case(
        [(sql.op(">", days, sql.number(0)), sql.op("||", sql.cast(days, "VARCHAR"), sql.text("+")))],
        sql.text(""),
    )
    return sql.op("||", sql.op("||", prefix, clock), fraction)


def _printf(env: Env, call: Call) -> Value:
    import re

    form = env.value(call.arguments[0]).constant
    if not isinstance(form, str):
        env.fail(call.arguments[0].at, "the format of printf() must be a text in quotes", "")
    kinds = [m[1] for m in re.finditer(r"%(?:%|[-+ #0']*\d*(?:\.\d+)?([a-zA-Z]))", form) if m[1]]
    if len(kinds) != len(call.arguments) - 1 or set(kinds) - set("dioufFeEgGxXsc"):
        env.fail(
            call.at,
            "printf() wants one value for each % of its format",
            'for example: printf("%d %s", 1, "a")',
        )
    values = []
    for kind, argument in zip(kinds, call.arguments[1:], strict=True):
        value = env.value(argument)
        if kind in "dioxXu":
            values.append(sql.cast(sql.fn("trunc", as_number(value)), "BIGINT"))
        elif kind in "fFeEgG":
            values.append(sql.cast(as_number(value), "DOUBLE"))
        else:
            values.append(as_text(value))
    clean = form.replace("'", "").replace("%i", "%d").replace("%u", "%d")
    return Value(sql.fn("printf", clean, *values), "text")


def _hash(name: str) -> Callable[..., Value]:
    return lambda value: Value(sql.fn(name, as_text(value)), "text")


def _spath(env: Env, call: Call) -> Value:
    text = as_text(env.value(call.arguments[0]))
    path = env.value(call.arguments[1]).constant
    if not isinstance(path, str):
        env.fail(call.arguments[1].at, "the path of spath() must be a text in quotes", "")
    return json_value(text, path)


def _urldecode(value: Value) -> Value:
    return Value(sql.fn("url_decode", sql.fn("replace", as_text(value), "+", " ")), "text")


FUNCTIONS = table(
    [
        Function("lower", "lower(text)", "In small letters", 1, 1, of_values(_each("lower")), 'lower("AbC")', "abc"),
        Function("upper", "upper(text)", "In capitals", 1, 1, of_values(_each("upper")), 'upper("AbC")', "ABC"),
        Function("len", "len(text)", "How many characters it has", 1, 1, of_values(_len), 'len("abc")', "3"),
        Function("substr", "substr(text, start, length)", "A part, from 1; a start below 0 counts from the end", 2, 3, _substr, 'substr("abcdef", 2, 3)', "bcd"),
        Function("trim", "trim(text, characters)", "Without these at both ends; blanks and tabs by default", 1, 2, of_values(_trim("trim")), 'trim("  a ")', "a"),
        Function("ltrim", "ltrim(text, characters)", "Without these at its beginning", 1, 2, of_values(_trim("ltrim")), 'ltrim("xxa", "x")', "a"),
        Function("rtrim", "rtrim(text, characters)", "Without these at its end", 1, 2, of_values(_trim("rtrim")), 'rtrim("axx", "x")', "a"),
        Function("replace", "replace(text, regex, replacement)", r"Every match replaced; \1 is its first group", 3, 3, _replace, r'replace("a1b2", "(\d)", "<\1>")', "a<1>b<2>"),
        Function("tonumber", "tonumber(text, base)", "The number that a text writes; null where it writes none", 1, 2, _tonumber, 'tonumber("ff", 16)', "255"),
        Function("tostring", 'tostring(value, "commas" | "hex" | "duration")', "A value as text", 1, 2, _tostring, 'tostring(12345.678, "commas")', "12,345.68"),
        Function("printf", "printf(format, value, …)", "Values in C's format", 1, None, _printf, 'printf("%03d-%s", 7, "a")', "007-a"),
        Function("md5", "md5(text)", "The MD5 hash", 1, 1, of_values(_hash("md5")), 'md5("a")', "0cc175b9c0f1b6a831c399e269772661"),
        Function("sha1", "sha1(text)", "The SHA-1 hash", 1, 1, of_values(_hash("sha1")), 'sha1("a")', "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"),
        Function("sha256", "sha256(text)", "The SHA-256 hash", 1, 1, of_values(_hash("sha256")), 'substr(sha256("a"), 1, 8)', "ca978112"),
        Function("urldecode", "urldecode(text)", "With %20 and the like decoded", 1, 1, of_values(_urldecode), 'urldecode("a%20b")', "a b"),
        Function("spath", "spath(json, path)", "What a path of JSON leads to", 2, 2, _spath, r'spath("{\"a\": {\"b\": 1}}", "a.b")', "1"),
    ]
)  # fmt: skip

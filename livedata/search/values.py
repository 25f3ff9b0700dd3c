"""Values as Splunk has them: texts that count as numbers where they look like one, and how SQL's types are taken for them.

A field's kind is known when the search is compiled; a `text` is the one whose values may turn out to be numbers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from . import sql
from .sql import Sql

Kind = Literal["int", "num", "text", "bool", "time", "list", "map", "null"]
"""`time` is a TIMESTAMPTZ, in reckoning seconds since 1970; `list` is a multivalue, a list of texts; `map` is text to text."""

KINDS: dict[str, Kind] = {
    "str": "text",
    "bool": "bool",
    "i64": "int",
    "u64": "int",
    "f64": "num",
    "d2": "num",
    "ts": "time",
    "map": "map",
}
"""By the types that a table's columns have."""

_NUMERIC = re.compile(r"\s*[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?\s*")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LEAST_US, MOST_US = -62_135_596_800_000_000, 253_402_300_799_999_999
"""The years 1 to 9999, as a calendar has them."""


@dataclass(frozen=True, slots=True)
class Value:
    """An expression with its kind. `constant`: what it is in every row, where that is known."""

    sql: Sql
    kind: Kind
    constant: str | float | None = None


NULL = Value(sql.null(), "null")


def of_text(value: str) -> Value:
    return Value(sql.text(value), "text", value)


def of_number(value: float | int | str) -> Value:
    whole = isinstance(value, int) or (isinstance(value, str) and re.fullmatch(r"-?\d+", value) is not None)
    if whole:
        return Value(sql.number(int(value)), "int", float(value))
    if isinstance(value, str):
        return Value(sql.cast(sql.number(value), "DOUBLE"), "num", float(value))
    return Value(sql.cast(sql.number(repr(value)), "DOUBLE"), "num", value)


def looks_numeric(text: str) -> bool:
    return _NUMERIC.fullmatch(text) is not None


def timestamp(us: int) -> Sql:
    """A moment as a literal; what a calendar can't hold becomes its first or last moment."""
    moment = _EPOCH + timedelta(microseconds=min(max(us, LEAST_US), MOST_US))
    return sql.cast(sql.text(f"{moment:%Y-%m-%d %H:%M:%S.%f}+00".replace(".000000", "")), "TIMESTAMPTZ")


def as_number(value: Value) -> Sql:
    """A number, null where it isn't one."""
    match value.kind:
        case "int" | "num":
            return value.sql
        case "text":
            if isinstance(value.constant, str):
                return (
                    of_number(value.constant.strip()).sql
                    if looks_numeric(value.constant)
                    else sql.null("DOUBLE")
                )
            return sql.try_cast(value.sql, "DOUBLE")
        case "time":
            return sql.fn("epoch", value.sql)
        case "list":
            return sql.try_cast(sql.fn("list_extract", value.sql, 1), "DOUBLE")
        case "bool":
            return sql.cast(value.sql, "INTEGER")
    return sql.null("DOUBLE")


def as_text(value: Value) -> Sql:
    """A text: whole numbers without a point, truth as True and False, several values with blanks between."""
    match value.kind:
        case "text":
            return value.sql
        case "int":
            return (
                sql.text(str(int(value.constant)))
                if isinstance(value.constant, float)
                else sql.cast(value.sql, "VARCHAR")
            )
        case "num":
            return number_text(value.sql)
        case "time":
            return number_text(sql.fn("epoch", value.sql))
        case "bool":
            return sql.case([(value.sql, sql.text("True")), (sql.negated(value.sql), sql.text("False"))])
        case "list":
            return sql.fn("array_to_string", value.sql, " ")
        case "map":
            return sql.cast(value.sql, "VARCHAR")
    return sql.null()


def number_text(number: Sql) -> Sql:
    """A fraction as text, without a point where it is whole."""
    whole = sql.op("=", number, sql.fn("trunc", number))
    small = sql.op("<", sql.fn("abs", number), sql.number("1e15"))
    return sql.case(
        [(sql.both([whole, small]), sql.cast(sql.cast(number, "BIGINT"), "VARCHAR"))],
        sql.cast(number, "VARCHAR"),
    )


def as_list(value: Value) -> Sql:
    """A list of texts; of a single value a list of one, of null null."""
    if value.kind == "list":
        return value.sql
    if value.kind == "null":
        return sql.null("VARCHAR[]")
    found = as_text(value)
    if value.constant is not None:
        return sql.items(found)
    return sql.case([(sql.not_null(found), sql.items(found))])


def as_truth(value: Value) -> Sql:
    """A condition."""
    match value.kind:
        case "bool":
            return value.sql
        case "int" | "num":
            return sql.op("!=", value.sql, sql.number(0))
        case "text":
            return sql.within(sql.fn("lower", value.sql), [sql.text("true"), sql.text("t"), sql.text("1")])
    return sql.null("BOOLEAN")


def as_time(value: Value) -> Sql:
    """A TIMESTAMPTZ; of a number the moment so many seconds after 1970."""
    if value.kind == "time":
        return value.sql
    return sql.fn("to_timestamp", sql.cast(as_number(value), "DOUBLE"))


def common(values: Sequence[Value]) -> tuple[Kind, list[Sql]]:
    """The kind that all can be taken for, and each as that."""
    kinds = {v.kind for v in values} - {"null"}
    if not kinds:
        return "null", [v.sql for v in values]
    if len(kinds) == 1 and kinds != {"map"}:
        kind = kinds.pop()
    elif kinds <= {"int", "num", "time"}:
        kind = "num"
    else:
        kind = "list" if "list" in kinds else "text"
    return kind, [as_kind(v, kind) for v in values]


def as_kind(value: Value, kind: Kind) -> Sql:
    types = {"int": "BIGINT", "num": "DOUBLE", "bool": "BOOLEAN", "time": "TIMESTAMPTZ", "list": "VARCHAR[]"}
    if value.kind == "null":
        return sql.null(types.get(kind, "VARCHAR"))
    if value.kind == kind:
        return value.sql
    return {"num": as_number, "list": as_list, "bool": as_truth, "time": as_time}.get(kind, as_text)(value)


def compared(operator: str, left: Value, right: Value) -> Sql:
    """A comparison as `eval` and `where` make it: as numbers where both are, else as texts, by case; of a list any value."""
    if left.kind == "list" or right.kind == "list":
        return _any_of(operator, left, right)
    if "null" in (left.kind, right.kind):
        return sql.null("BOOLEAN")
    numeric = {"int", "num", "time"}
    if "time" in (left.kind, right.kind):
        plain = _as_moments(operator, left, right)
        if plain is not None:
            return plain
    if left.kind in numeric and right.kind in numeric:
        return sql.op(operator, as_number(left), as_number(right))
    if left.kind == right.kind == "bool":
        return sql.op(operator, left.sql, right.sql)
    as_texts = sql.op(operator, as_text(left), as_text(right))
    if any(
        v.kind == "bool" or (isinstance(v.constant, str) and not looks_numeric(v.constant))
        for v in (left, right)
    ):
        return as_texts
    return sql.fn("coalesce", sql.op(operator, as_number(left), as_number(right)), as_texts)


def _as_moments(operator: str, left: Value, right: Value) -> Sql | None:
    """A comparison of a time with another, or with a number that is known, in a form that narrows what is read."""
    if left.kind == right.kind:
        return sql.op(operator, left.sql, right.sql)
    constant = right.constant if left.kind == "time" else left.constant
    if not isinstance(constant, float):
        return None
    moments = [v.sql if v.kind == "time" else timestamp(round(constant * 1_000_000)) for v in (left, right)]
    return sql.op(operator, *moments)


def _any_of(operator: str, left: Value, right: Value) -> Sql:
    if left.kind != "list":
        swapped = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}.get(operator, operator)
        return _any_of(swapped, right, left)
    if right.kind == "list":
        right = Value(sql.fn("list_extract", right.sql, 1), "text")
    one = compared(operator, Value(sql.variable("v"), "text"), right)
    found = sql.fn("len", sql.fn("list_filter", left.sql, sql.function_of("v", one)))
    return sql.op(">", found, sql.number(0))

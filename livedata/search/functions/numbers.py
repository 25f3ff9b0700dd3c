"""Functions of numbers."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

from .. import sql
from ..sql import Sql
from ..values import Kind, Value, as_number, of_number
from .kit import Function, of_values, table


def _whole(name: str) -> Callable[[Value], Value]:
    """To a whole number."""
    return lambda v: (
        v if v.kind == "int" else Value(sql.try_cast(sql.fn(name, as_number(v)), "BIGINT"), "int")
    )


def _of(name: str) -> Callable[..., Value]:
    return lambda *values: Value(sql.fn(name, *(sql.cast(as_number(v), "DOUBLE") for v in values)), "num")


def _abs(value: Value) -> Value:
    return Value(sql.fn("abs", as_number(value)), "int" if value.kind == "int" else "num")


def _round(value: Value, places: Value | None = None) -> Value:
    if places is None:
        return (
            value
            if value.kind == "int"
            else Value(sql.try_cast(sql.fn("round", as_number(value)), "BIGINT"), "int")
        )
    digits = sql.cast(as_number(places), "INTEGER")
    if value.kind == "int":
        return Value(sql.fn("round", value.sql, digits), "int")
    return Value(sql.fn("round", sql.cast(as_number(value), "DOUBLE"), digits), "num")


def _safe(name: str, least: float, strict: bool) -> Callable[..., Value]:
    """Null where the function has no value."""

    def make(value: Value, *more: Value) -> Value:
        number = sql.cast(as_number(value), "DOUBLE")
        allowed = sql.op(">" if strict else ">=", number, sql.number(int(least)))
        return Value(sql.case([(allowed, sql.fn(name, number))]), "num")

    return make


def _log(value: Value, base: Value | None = None) -> Value:
    number = sql.cast(as_number(value), "DOUBLE")
    result: Sql = sql.fn("log10", number)
    if base is not None:
        result = sql.op(
            "/",
            sql.fn("ln", number),
            sql.fn("nullif", sql.fn("ln", sql.cast(as_number(base), "DOUBLE")), sql.number(0)),
        )
    return Value(sql.case([(sql.op(">", number, sql.number(0)), result)]), "num")


def _sigfig(value: Value) -> Value:
    return Value(sql.cast(as_number(value), "DOUBLE"), "num")


def _inverse(name: str) -> Callable[..., Value]:
    """Null outside of -1 to 1."""

    def make(value: Value) -> Value:
        number = sql.cast(as_number(value), "DOUBLE")
        return Value(
            sql.case([(sql.op("<=", sql.fn("abs", number), sql.number(1)), sql.fn(name, number))]), "num"
        )

    return make


def _hypot(a: Value, b: Value) -> Value:
    x, y = (sql.cast(as_number(v), "DOUBLE") for v in (a, b))
    return Value(sql.fn("sqrt", sql.op("+", sql.op("*", x, x), sql.op("*", y, y))), "num")


FUNCTIONS = table(
    [
        Function("abs", "abs(number)", "Without its sign", 1, 1, of_values(_abs), "abs(-2)", "2"),
        Function("ceiling", "ceiling(number)", "Rounded up", 1, 1, of_values(_whole("ceil")), "ceiling(1.2)", "2"),
        Function("ceil", "ceil(number)", "Rounded up", 1, 1, of_values(_whole("ceil")), "ceil(1.2)", "2"),
        Function("floor", "floor(number)", "Rounded down", 1, 1, of_values(_whole("floor")), "floor(1.8)", "1"),
        Function("round", "round(number, places)", "Rounded, to whole numbers by default", 1, 2, of_values(_round), "round(2.345, 1)", "2.3"),
        Function("exact", "exact(number)", "As it is: reckoning is in doubles", 1, 1, of_values(_sigfig), "exact(1.5)", "1.5"),
        Function("exp", "exp(number)", "e to the power of it", 1, 1, of_values(_of("exp")), "exp(0)", "1"),
        Function("ln", "ln(number)", "The natural logarithm", 1, 1, of_values(_safe("ln", 0, True)), "ln(1)", "0"),
        Function("log", "log(number, base)", "The logarithm, to base 10 by default", 1, 2, of_values(_log), "log(100)", "2"),
        Function("pi", "pi()", "3.14159…", 0, 0, lambda env, call: Value(sql.fn("pi"), "num"), "round(pi(), 4)", "3.1416"),
        Function("pow", "pow(number, power)", "To a power", 2, 2, of_values(_of("pow")), "pow(2, 3)", "8"),
        Function("sqrt", "sqrt(number)", "The square root", 1, 1, of_values(_safe("sqrt", 0, False)), "sqrt(9)", "3"),
        Function("sum", "sum(number, …)", "The sum of its arguments", 1, None, of_values(lambda *v: _sum(v)), "sum(1, 2, 3)", "6"),
        Function("random", "random()", "A whole number from 0 to 2147483647", 0, 0, lambda env, call: Value(sql.cast(sql.op("*", sql.fn("random"), sql.number(2_147_483_647)), "BIGINT"), "int"), "if(random() >= 0, 1, 0)", "1"),
        Function("sin", "sin(x)", "The sine", 1, 1, of_values(_of("sin")), "sin(0)", "0"),
        Function("cos", "cos(x)", "The cosine", 1, 1, of_values(_of("cos")), "cos(0)", "1"),
        Function("tan", "tan(x)", "The tangent", 1, 1, of_values(_of("tan")), "tan(0)", "0"),
        Function("asin", "asin(x)", "The arc sine", 1, 1, of_values(_inverse("asin")), "asin(0)", "0"),
        Function("acos", "acos(x)", "The arc cosine", 1, 1, of_values(_inverse("acos")), "acos(1)", "0"),
        Function("atan", "atan(x)", "The arc tangent", 1, 1, of_values(_of("atan")), "atan(0)", "0"),
        Function("atan2", "atan2(y, x)", "The angle of a point", 2, 2, of_values(_of("atan2")), "atan2(0, 1)", "0"),
        Function("hypot", "hypot(x, y)", "The hypotenuse", 2, 2, of_values(_hypot), "hypot(3, 4)", "5"),
        Function("sinh", "sinh(x)", "The hyperbolic sine", 1, 1, of_values(_of("sinh")), "sinh(0)", "0"),
        Function("cosh", "cosh(x)", "The hyperbolic cosine", 1, 1, of_values(_of("cosh")), "cosh(0)", "1"),
        Function("tanh", "tanh(x)", "The hyperbolic tangent", 1, 1, of_values(_of("tanh")), "tanh(0)", "0"),
    ]
)  # fmt: skip


def _sum(values: tuple[Value, ...]) -> Value:
    if not values:
        return of_number(0)
    kind: Kind = "int" if all(v.kind == "int" for v in values) else "num"
    return Value(reduce(lambda a, b: sql.op("+", a, b), map(as_number, values)), kind)

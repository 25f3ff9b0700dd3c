"""Functions that choose, compare and ask what a value is."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_network

from .. import sql
from ..regex import BadRegex, re2
from ..sql import Sql
from ..tree import Call
from ..values import NULL, Value, as_kind, as_number, as_text, as_truth, common, compared, of_text
from .kit import Env, Function, constant_text, of_values, table


def _if(condition: Value, then: Value, otherwise: Value) -> Value:
    kind, (yes, no) = common([then, otherwise])
    return Value(sql.case([(as_truth(condition), yes)], no), kind)


def _case(env: Env, call: Call) -> Value:
    if len(call.arguments) % 2:
        env.fail(call.at, "case() wants pairs: a condition and a value", "the last condition may be true()")
    values = [env.value(a) for a in call.arguments]
    kind, results = common(values[1::2])
    conditions = [as_truth(v) for v in values[::2]]
    return Value(sql.case(zip(conditions, results, strict=True)), kind)


def _validate(env: Env, call: Call) -> Value:
    if len(call.arguments) % 2:
        env.fail(call.at, "validate() wants pairs: a condition and a value", "")
    values = [env.value(a) for a in call.arguments]
    kind, results = common(values[1::2])
    broken = [sql.negated(as_truth(v)) for v in values[::2]]
    return Value(sql.case(zip(broken, results, strict=True)), kind)


def _coalesce(*values: Value) -> Value:
    kind, found = common(values)
    return Value(sql.fn("coalesce", *found), kind) if kind != "null" else NULL


def _nullif(left: Value, right: Value) -> Value:
    return Value(sql.case([(compared("=", left, right), as_kind(NULL, left.kind))], left.sql), left.kind)


def _like(env: Env, call: Call) -> Value:
    text, pattern = (env.value(a) for a in call.arguments)
    return like(text, pattern)


def like(text: Value, pattern: Value) -> Value:
    """SQL's LIKE, by case."""
    from sqlglot import exp

    return Value(exp.Like(this=sql.tight(as_text(text)), expression=sql.tight(as_text(pattern))), "bool")


def _match(env: Env, call: Call) -> Value:
    text = env.value(call.arguments[0])
    pattern = env.value(call.arguments[1])
    if isinstance(pattern.constant, str):
        found = sql.text(checked_regex(env, call, pattern.constant))
    else:
        found = as_text(pattern)
    if text.kind == "list":
        one = sql.fn("regexp_matches", sql.variable("v"), found)
        return Value(
            sql.op(
                ">", sql.fn("len", sql.fn("list_filter", text.sql, sql.function_of("v", one))), sql.number(0)
            ),
            "bool",
        )
    return Value(sql.fn("regexp_matches", as_text(text), found), "bool")


def checked_regex(env: Env, call: Call, pattern: str, index: int = 1) -> str:
    """A regular expression as the engine takes it; raises SearchError."""
    try:
        return re2(pattern)
    except BadRegex as bad:
        env.fail(call.arguments[index].at, str(bad), bad.hint)


def _cidrmatch(env: Env, call: Call) -> Value:
    written = constant_text(env, call, 0, "the network")
    try:
        network = ip_network(written, strict=False)
    except ValueError:
        env.fail(call.arguments[0].at, f"{written} is no network", 'for example: cidrmatch("10.0.0.0/8", ip)')
    address = as_text(env.value(call.arguments[1]))
    if network.version == 6:
        env.fail(
            call.arguments[0].at,
            "cidrmatch() knows IPv4 networks only",
            "match() can compare the beginning of an address",
        )
    return Value(in_network(address, int(network.network_address), int(network.broadcast_address)), "bool")


def in_network(address: Sql, first: int, last: int) -> Sql:
    """Whether an IPv4 address lies between two, as numbers; of what is no address false."""
    whole = sql.fn("regexp_full_match", address, r"\d{1,3}(\.\d{1,3}){3}")
    number = sql.op(
        "+",
        _octet(address, 1, 16_777_216),
        sql.op("+", _octet(address, 2, 65_536), sql.op("+", _octet(address, 3, 256), _octet(address, 4, 1))),
    )
    inside = sql.both([sql.op(">=", number, sql.number(first)), sql.op("<=", number, sql.number(last))])
    return sql.case([(whole, inside)], sql.false())


def _octet(address: Sql, place: int, weight: int) -> Sql:
    return sql.op("*", sql.cast(sql.fn("split_part", address, ".", place), "BIGINT"), sql.number(weight))


def _isnum(value: Value) -> Value:
    if value.kind in {"int", "num", "time"}:
        return Value(sql.not_null(value.sql), "bool")
    if value.kind in {"bool", "list", "map", "null"}:
        return Value(sql.false(), "bool")
    return Value(sql.both([sql.not_null(value.sql), sql.not_null(sql.try_cast(value.sql, "DOUBLE"))]), "bool")


def _isint(value: Value) -> Value:
    if value.kind == "int":
        return Value(sql.not_null(value.sql), "bool")
    number = as_number(value)
    return Value(sql.fn("coalesce", sql.op("=", number, sql.fn("trunc", number)), sql.false()), "bool")


def _isstr(value: Value) -> Value:
    if value.kind == "text":
        return Value(
            sql.both([sql.not_null(value.sql), sql.is_null(sql.try_cast(value.sql, "DOUBLE"))]), "bool"
        )
    return Value(sql.false(), "bool")


def _isbool(value: Value) -> Value:
    return Value(sql.not_null(value.sql) if value.kind == "bool" else sql.false(), "bool")


def _typeof(value: Value) -> Value:
    match value.kind:
        case "int" | "num" | "time":
            name: Sql = sql.text("Number")
        case "bool":
            name = sql.text("Boolean")
        case "null":
            return of_text("Invalid")
        case "text" if value.constant is not None:
            name = sql.text("String")
        case "text":
            name = sql.case(
                [(sql.not_null(sql.try_cast(value.sql, "DOUBLE")), sql.text("Number"))], sql.text("String")
            )
        case _:
            name = sql.text("String")
    return Value(sql.case([(sql.is_null(value.sql), sql.text("Invalid"))], name), "text")


def _in(value: Value, *among: Value) -> Value:
    return Value(sql.either(compared("=", value, v) for v in among), "bool")


def _extreme(name: str) -> Callable[..., Value]:
    def make(*values: Value) -> Value:
        flat = [v for v in values if v.kind != "null"]
        if not flat:
            return NULL
        if all(v.kind in {"int", "num", "time"} for v in flat):
            kind, found = common(flat)
            return Value(sql.fn("greatest" if name == "max" else "least", *found), kind)
        # Texts are greater than numbers.
        texts = [as_text(v) for v in flat]
        numbers = sql.fn("greatest" if name == "max" else "least", *map(as_number, flat))
        wordy = [sql.case([(sql.is_null(as_number(v)), t)]) for v, t in zip(flat, texts, strict=True)]
        words = sql.fn("greatest" if name == "max" else "least", *wordy)
        number = as_text(Value(numbers, "num"))
        order = [words, number] if name == "max" else [number, words]
        return Value(sql.fn("coalesce", *order), "text")

    return make


FUNCTIONS = table(
    [
        Function("if", "if(condition, then, otherwise)", "One of two values", 3, 3, of_values(_if), 'if(1 < 2, "yes", "no")', "yes"),
        Function("case", "case(condition, value, …)", "The value of the first condition that is true", 2, None, _case, 'case(1 > 2, "a", true(), "b")', "b"),
        Function("validate", "validate(condition, value, …)", "The value of the first condition that is false", 2, None, _validate, 'validate(1 < 2, "a", 2 < 1, "b")', "b"),
        Function("coalesce", "coalesce(value, …)", "The first value that is not null", 1, None, of_values(_coalesce), 'coalesce(null(), "a")', "a"),
        Function("nullif", "nullif(value, other)", "Null where both are equal, else the first", 2, 2, of_values(_nullif), "nullif(1, 2)", "1"),
        Function("null", "null()", "No value", 0, 0, lambda env, call: NULL, "null()", None),
        Function("true", "true()", "True", 0, 0, lambda env, call: Value(sql.true(), "bool"), 'if(true(), "a", "b")', "a"),
        Function("false", "false()", "False", 0, 0, lambda env, call: Value(sql.false(), "bool"), 'if(false(), "a", "b")', "b"),
        Function("isnull", "isnull(value)", "Whether there is no value", 1, 1, of_values(lambda v: Value(sql.is_null(v.sql), "bool")), 'if(isnull(null()), "a", "b")', "a"),
        Function("isnotnull", "isnotnull(value)", "Whether there is a value", 1, 1, of_values(lambda v: Value(sql.not_null(v.sql), "bool")), 'if(isnotnull(1), "a", "b")', "a"),
        Function("isnum", "isnum(value)", "Whether it is a number", 1, 1, of_values(_isnum), 'if(isnum("12"), "a", "b")', "a"),
        Function("isint", "isint(value)", "Whether it is a whole number", 1, 1, of_values(_isint), 'if(isint(1.5), "a", "b")', "b"),
        Function("isstr", "isstr(value)", "Whether it is a text that is no number", 1, 1, of_values(_isstr), 'if(isstr("x"), "a", "b")', "a"),
        Function("isbool", "isbool(value)", "Whether it is true or false", 1, 1, of_values(_isbool), 'if(isbool(1 = 1), "a", "b")', "a"),
        Function("typeof", "typeof(value)", "Number, String, Boolean or Invalid", 1, 1, of_values(_typeof), "typeof(1)", "Number"),
        Function("in", "in(value, one, …)", "Whether a value is among others", 2, None, of_values(_in), 'if(in("a", "b", "a"), 1, 0)', "1"),
        Function("like", "like(text, pattern)", "Whether a text is like a pattern of % and _, by case", 2, 2, _like, 'if(like("abc", "a%"), 1, 0)', "1"),
        Function("match", "match(text, regex)", "Whether a regular expression occurs in a text", 2, 2, _match, r'if(match("a1", "\d"), 1, 0)', "1"),
        Function("cidrmatch", "cidrmatch(network, address)", "Whether an IPv4 address is in a network", 2, 2, _cidrmatch, 'if(cidrmatch("10.0.0.0/8", "10.1.2.3"), 1, 0)', "1"),
        Function("searchmatch", "searchmatch(search)", "Whether a row matches the terms of a search", 1, 1, lambda env, call: env.term(call.arguments[0]), 'if(searchmatch("x=1"), 1, 0)', "0"),
        Function("max", "max(value, …)", "The greatest; texts are greater than numbers", 1, None, of_values(_extreme("max")), "max(1, 3, 2)", "3"),
        Function("min", "min(value, …)", "The least; numbers are less than texts", 1, None, of_values(_extreme("min")), "min(2, 1)", "1"),
    ]
)  # fmt: skip

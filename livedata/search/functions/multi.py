"""Functions of multivalue fields: lists of texts. A single value is taken for a list of one."""

from __future__ import annotations

from .. import sql
from ..extract import json_value
from ..sql import Sql
from ..tree import Call
from ..values import Value, as_list, as_number, as_text, as_truth
from .kit import Env, Function, of_values, table
from .logic import checked_regex


def _nonempty(value: Sql) -> Value:
    """A list; null where nothing is left in it."""
    return Value(sql.case([(sql.op(">", sql.fn("len", value), sql.number(0)), value)]), "list")


def _mvcount(value: Value) -> Value:
    if value.kind == "list":
        return Value(sql.fn("nullif", sql.fn("len", value.sql), sql.number(0)), "int")
    return Value(sql.case([(sql.not_null(value.sql), sql.number(1))]), "int")


def _at(index: Value) -> Sql:
    """Splunk counts from 0, the engine from 1; below 0 both count from the end."""
    number = sql.cast(as_number(index), "BIGINT")
    if isinstance(index.constant, float):
        return sql.number(int(index.constant) + (index.constant >= 0))
    return sql.case([(sql.op("<", number, sql.number(0)), number)], sql.op("+", number, sql.number(1)))


def _mvindex(value: Value, start: Value, end: Value | None = None) -> Value:
    if end is None:
        return Value(sql.fn("list_extract", as_list(value), _at(start)), "text")
    return _nonempty(sql.fn("list_slice", as_list(value), _at(start), _at(end)))


def _mvjoin(value: Value, delimiter: Value) -> Value:
    return Value(sql.fn("array_to_string", as_list(value), as_text(delimiter)), "text")


def _split(value: Value, delimiter: Value) -> Value:
    return Value(sql.fn("string_split", as_text(value), as_text(delimiter)), "list")


def _mvappend(*values: Value) -> Value:
    lists = [
        sql.fn("coalesce", as_list(v), sql.cast(sql.items(), "VARCHAR[]")) for v in values if v.kind != "null"
    ]
    if not lists:
        return Value(sql.null("VARCHAR[]"), "list")
    return _nonempty(sql.fn("list_concat", *lists)) if len(lists) > 1 else _nonempty(lists[0])


def _mvdedup(value: Value) -> Value:
    first = sql.op("=", sql.fn("list_position", as_list(value), sql.variable("v")), sql.variable("i"))
    from sqlglot import exp

    kept = exp.Lambda(this=first, expressions=[exp.Var(this="v"), exp.Var(this="i")])
    return Value(sql.fn("list_filter", as_list(value), kept), "list")


def _mvsort(value: Value) -> Value:
    return Value(sql.fn("list_sort", as_list(value)), "list")


def _mvfind(env: Env, call: Call) -> Value:
    value, pattern = (env.value(a) for a in call.arguments)
    regex = (
        sql.text(checked_regex(env, call, pattern.constant))
        if isinstance(pattern.constant, str)
        else as_text(pattern)
    )
    hits = sql.fn(
        "list_transform",
        as_list(value),
        sql.function_of("v", sql.fn("regexp_matches", sql.variable("v"), regex)),
    )
    place = sql.fn("nullif", sql.fn("list_position", hits, sql.true()), sql.number(0))
    return Value(sql.op("-", place, sql.number(1)), "int")


def _mvzip(left: Value, right: Value, delimiter: Value | None = None) -> Value:
    between = sql.text(",") if delimiter is None else as_text(delimiter)
    pair = sql.op(
        "||",
        sql.op("||", sql.fn("list_extract", as_list(left), sql.variable("i")), between),
        sql.fn("list_extract", as_list(right), sql.variable("i")),
    )
    count = sql.fn("least", sql.fn("len", as_list(left)), sql.fn("len", as_list(right)))
    return Value(
        sql.fn(
            "list_transform",
            sql.fn("range", sql.number(1), sql.op("+", count, sql.number(1))),
            sql.function_of("i", pair),
        ),
        "list",
    )


def _mvrange(start: Value, end: Value, step: Value | None = None) -> Value:
    from_, to = (sql.cast(as_number(v), "BIGINT") for v in (start, end))
    by = sql.number(1) if step is None else sql.cast(as_number(step), "BIGINT")
    few = sql.op("<", sql.fn("abs", sql.op("-", to, from_)), sql.number(10_000_000))
    made = sql.cast(sql.fn("range", from_, to, by), "VARCHAR[]")
    return Value(sql.case([(few, made)]), "list")


def _mvfilter(env: Env, call: Call) -> Value:
    values, condition = env.element(call.arguments[0], call.at)
    return _nonempty(sql.fn("list_filter", as_list(values), sql.function_of("v", as_truth(condition))))


def _mvmap(env: Env, call: Call) -> Value:
    values, result = env.element(call.arguments[1], call.at)
    return Value(sql.fn("list_transform", as_list(values), sql.function_of("v", as_text(result))), "list")


def _json_array(*values: Value) -> Value:
    return Value(sql.cast(sql.fn("to_json", sql.items(*map(as_text, values))), "VARCHAR"), "text")


def _json_object(env: Env, call: Call) -> Value:
    if len(call.arguments) % 2:
        env.fail(call.at, "json_object() wants pairs: a name and a value", "")
    return Value(
        sql.cast(sql.fn("json_object", *(_json_part(env.value(a)) for a in call.arguments)), "VARCHAR"),
        "text",
    )


def _json_part(value: Value) -> Sql:
    return value.sql if value.kind in {"int", "num", "bool", "list"} else as_text(value)


def _json_extract(env: Env, call: Call) -> Value:
    text = as_text(env.value(call.arguments[0]))
    if len(call.arguments) == 1:
        return Value(text, "text")
    paths = [env.value(a).constant for a in call.arguments[1:]]
    for path, argument in zip(paths, call.arguments[1:], strict=True):
        if not isinstance(path, str):
            env.fail(argument.at, "the path of json_extract() must be a text in quotes", "")
    if len(paths) == 1:
        return json_value(text, str(paths[0]))
    return Value(sql.items(*(as_text(json_value(text, str(p))) for p in paths)), "list")


def _json_keys(value: Value) -> Value:
    keys = sql.fn("json_keys", sql.try_cast(as_text(value), "JSON"))
    return Value(sql.cast(sql.fn("to_json", keys), "VARCHAR"), "text")


def _json_valid(value: Value) -> Value:
    return Value(sql.fn("json_valid", as_text(value)), "bool")


def _json_to_mv(value: Value) -> Value:
    return Value(sql.try_cast(sql.try_cast(as_text(value), "JSON"), "VARCHAR[]"), "list")


FUNCTIONS = table(
    [
        Function("mvcount", "mvcount(field)", "How many values; null for none", 1, 1, of_values(_mvcount), 'mvcount(split("a,b", ","))', "2"),
        Function("mvindex", "mvindex(field, start, end)", "The value at a place from 0, or those from a place to another; below 0 from the end", 2, 3, of_values(_mvindex), 'mvindex(split("a,b,c", ","), -1)', "c"),
        Function("mvjoin", "mvjoin(field, delimiter)", "Its values in one text", 2, 2, of_values(_mvjoin), 'mvjoin(split("a,b", ","), "-")', "a-b"),
        Function("split", "split(text, delimiter)", "A multivalue of a text's parts", 2, 2, of_values(_split), 'mvcount(split("a b c", " "))', "3"),
        Function("mvappend", "mvappend(value, …)", "All values in one multivalue", 1, None, of_values(_mvappend), 'mvjoin(mvappend("a", "b", "a"), "")', "aba"),
        Function("mvdedup", "mvdedup(field)", "Each value once, in order", 1, 1, of_values(_mvdedup), 'mvjoin(mvdedup(split("b,a,b", ",")), "")', "ba"),
        Function("mvsort", "mvsort(field)", "Its values in the order of their characters", 1, 1, of_values(_mvsort), 'mvjoin(mvsort(split("b,a", ",")), "")', "ab"),
        Function("mvfind", "mvfind(field, regex)", "The place, from 0, of the first value that matches", 2, 2, _mvfind, 'mvfind(split("a,b", ","), "b")', "1"),
        Function("mvzip", "mvzip(left, right, delimiter)", "Values pair by pair, with a comma by default", 2, 3, of_values(_mvzip), 'mvjoin(mvzip(split("a,b", ","), split("1,2", ",")), " ")', "a,1 b,2"),
        Function("mvrange", "mvrange(start, end, step)", "Numbers from start up to, without, end", 2, 3, of_values(_mvrange), 'mvjoin(mvrange(1, 4), " ")', "1 2 3"),
        Function("mvfilter", "mvfilter(condition)", "The values of a field for which a condition of it holds", 1, 1, _mvfilter),
        Function("mvmap", "mvmap(field, expression)", "Each value of a field reckoned anew", 2, 3, _mvmap),
        Function("json_array", "json_array(value, …)", "A JSON array", 0, None, of_values(_json_array), 'json_array("a", "b")', '["a","b"]'),
        Function("json_object", "json_object(name, value, …)", "A JSON object", 0, None, _json_object, 'json_object("a", 1)', '{"a":1}'),
        Function("json_extract", "json_extract(json, path, …)", "What a path of JSON leads to", 1, None, _json_extract, r'json_extract("{\"a\": [1, 2]}", "a{0}")', "1"),
        Function("json_keys", "json_keys(json)", "The keys of an object, as JSON", 1, 1, of_values(_json_keys), r'json_keys("{\"a\": 1}")', '["a"]'),
        Function("json_valid", "json_valid(text)", "Whether it is JSON", 1, 1, of_values(_json_valid), 'if(json_valid("[1"), 1, 0)', "0"),
        Function("json_array_to_mv", "json_array_to_mv(json)", "A multivalue of an array's values", 1, 2, of_values(lambda v, *q: _json_to_mv(v)), 'mvcount(json_array_to_mv("[1, 2]"))', "2"),
    ]
)  # fmt: skip

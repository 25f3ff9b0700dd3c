"""The aggregates of `stats`, `chart`, `timechart` and their like: a closed table."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlglot import exp

from . import sql
from .sql import Sql
from .values import Kind, Value, as_number, as_text

LIST_MOST = 100
"""Values that `list()` keeps."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What an aggregate may know of the rows: their order, the reverse of it, and their time."""

    order: Sequence[exp.Ordered]
    reverse: Sequence[exp.Ordered]
    time: Sql | None
    place: Sql | None = None
    """Each row's number, where it is known."""
    seconds: Sql | None = None
    """How long a bucket is, in timechart."""
    spark: Callable[[str], tuple[Sql, Sql | None, Sql | None]] | None = None
    """For a span: the number of the bucket that a row is in, and of the first and the last, where they are known."""


Make = Callable[[Value, Rows], Value]


@dataclass(frozen=True, slots=True)
class Aggregation:
    name: str
    help: str
    make: Make
    timed: bool = False
    """Without a time it has no meaning."""


def _number(name: str, kind: Kind = "num") -> Make:
    return lambda v, rows: Value(sql.fn(name, _flat_number(v)), kind)


def _flat_number(value: Value) -> Sql:
    return as_number(value)


def _count(value: Value, rows: Rows) -> Value:
    if value.kind == "list":
        return Value(
            sql.cast(sql.fn("coalesce", sql.fn("sum", sql.fn("len", value.sql)), sql.number(0)), "BIGINT"),
            "int",
        )
    return Value(sql.fn("count", value.sql), "int")


def count_rows() -> Value:
    return Value(exp.Count(this=exp.Star()), "int")


def _distinct(value: Value, rows: Rows) -> Value:
    if value.kind == "list":
        return Value(sql.fn("len", sql.fn("list_distinct", _flat(value))), "int")
    return Value(exp.Count(this=exp.Distinct(expressions=[sql.own(value.sql)])), "int")


def _flat(value: Value) -> Sql:
    """All values of all rows of a multivalue field."""
    return sql.fn("flatten", sql.fn("list", value.sql))


def _values(value: Value, rows: Rows) -> Value:
    if value.kind == "list":
        return Value(_or_null(sql.fn("list_sort", sql.fn("list_distinct", _flat(value)))), "list")
    shown = as_text(value)
    found = sql.filtered(sql.fn("list", exp.Distinct(expressions=[sql.own(shown)])), sql.not_null(shown))
    return Value(sql.fn("list_sort", found), "list")


def _or_null(value: Sql) -> Sql:
    return sql.fn("nullif", value, sql.cast(sql.items(), "VARCHAR[]"))


def _list(value: Value, rows: Rows) -> Value:
    if value.kind == "list":
        every = sql.fn("flatten", sql.fn("list", sql.in_order(value.sql, rows.order)))
    else:
        shown = as_text(value)
        every = sql.filtered(sql.fn("list", sql.in_order(shown, rows.order)), sql.not_null(shown))
    return Value(sql.fn("list_slice", every, sql.number(1), sql.number(LIST_MOST)), "list")


def _sum(value: Value, rows: Rows) -> Value:
    return Value(sql.fn("sum", as_number(value)), "int" if value.kind == "int" else "num")


def _extreme(name: str) -> Make:
    def make(value: Value, rows: Rows) -> Value:
        if value.kind == "time":
            return Value(sql.fn("epoch", sql.fn(name, value.sql)), "num")
        if value.kind in {"int", "num"}:
            return Value(sql.fn(name, value.sql), value.kind)
        if value.kind in {"null", "bool", "map"}:
            return Value(sql.fn(name, as_text(value)), "text")
        if value.kind == "list":
            value = Value(sql.fn(f"list_{name}", value.sql), "text")
        # As numbers where all values are numbers, else by their characters.
        numbers = as_number(value)
        all_numbers = sql.op("=", sql.fn("count", value.sql), sql.fn("count", numbers))
        return Value(
            sql.case([(all_numbers, as_text(Value(sql.fn(name, numbers), "num")))], sql.fn(name, value.sql)),
            "text",
        )

    return make


def _by_time(name: str) -> Make:
    def make(value: Value, rows: Rows) -> Value:
        assert rows.time is not None
        shown = Value(sql.fn("epoch", value.sql), "num") if value.kind == "time" else value
        found = sql.filtered(sql.fn(name, shown.sql, rows.time), sql.not_null(value.sql))
        return Value(found, "text" if shown.kind in {"null", "map"} else shown.kind)

    return make


def _time_of(name: str) -> Make:
    def make(value: Value, rows: Rows) -> Value:
        assert rows.time is not None
        return Value(sql.fn("epoch", sql.filtered(sql.fn(name, rows.time), sql.not_null(value.sql))), "num")

    return make


def _by_order(last: bool) -> Make:
    def make(value: Value, rows: Rows) -> Value:
        shown = Value(sql.fn("epoch", value.sql), "num") if value.kind == "time" else value
        order = rows.reverse if last else rows.order
        if rows.place is not None:
            best = sql.fn("arg_max" if last else "arg_min", shown.sql, rows.place)
            return Value(
                sql.filtered(best, sql.not_null(value.sql)),
                "text" if shown.kind in {"null", "map"} else shown.kind,
            )
        found = sql.filtered(sql.fn("first", sql.in_order(shown.sql, order)), sql.not_null(value.sql))
        return Value(found, "text" if shown.kind in {"null", "map"} else shown.kind)

    return make


def _range(value: Value, rows: Rows) -> Value:
    number = as_number(value)
    return Value(
        sql.op("-", sql.fn("max", number), sql.fn("min", number)), "int" if value.kind == "int" else "num"
    )


def _mode(value: Value, rows: Rows) -> Value:
    shown = as_text(value)
    return Value(sql.filtered(sql.fn("mode", shown), sql.not_null(shown)), "text")


def _sumsq(value: Value, rows: Rows) -> Value:
    number = sql.cast(as_number(value), "DOUBLE")
    return Value(sql.fn("sum", sql.op("*", number, number)), "num")


def _rate(value: Value, rows: Rows) -> Value:
    assert rows.time is not None
    number, at = as_number(value), sql.fn("epoch", rows.time)
    known = sql.not_null(number)
    grown = sql.op(
        "-",
        sql.filtered(sql.fn("arg_max", number, rows.time), known),
        sql.filtered(sql.fn("arg_min", number, rows.time), known),
    )
    passed = sql.op("-", sql.filtered(sql.fn("max", at), known), sql.filtered(sql.fn("min", at), known))
    return Value(sql.op("/", grown, sql.fn("nullif", passed, sql.number(0))), "num")


def _per(seconds: int) -> Make:
    def make(value: Value, rows: Rows) -> Value:
        assert rows.seconds is not None
        spans = sql.op("/", rows.seconds, sql.number(f"{seconds}.0"))
        return Value(sql.op("/", sql.cast(sql.fn("sum", as_number(value)), "DOUBLE"), spans), "num")

    return make


def sparkline(rows: Rows, span: str) -> Value:
    """How many rows there are in each bucket of time, as a multivalue."""
    assert rows.spark is not None
    bucket, first, last = rows.spark(span)
    lowest = first if first is not None else sql.fn("min", bucket)
    highest = last if last is not None else sql.fn("max", bucket)
    counts = sql.fn("histogram", bucket)
    one = sql.fn("coalesce", sql.fn("map_extract_value", counts, sql.variable("i")), sql.number(0))
    every = sql.fn("range", lowest, sql.op("+", highest, sql.number(1)))
    return Value(sql.fn("list_transform", every, sql.function_of("i", sql.cast(one, "VARCHAR"))), "list")


def percentile(value: Value, part: float) -> Value:
    """The nearest rank: a value that is there, as Splunk reckons it below 1,000 distinct values."""
    kind: Kind = "int" if value.kind == "int" else "num"
    return Value(sql.fn("quantile_disc", as_number(value), sql.number(str(part))), kind)


_ALL = (
    Aggregation("count", "How many rows, or rows that have the field", _count),
    Aggregation("c", "As count", _count),
    Aggregation("dc", "How many distinct values", _distinct),
    Aggregation("distinct_count", "As dc", _distinct),
    Aggregation(
        "estdc",
        "About how many distinct values",
        lambda v, rows: Value(sql.fn("approx_count_distinct", as_text(v)), "int"),
    ),
    Aggregation("sum", "The sum", _sum),
    Aggregation("sumsq", "The sum of squares", _sumsq),
    Aggregation("avg", "The mean", _number("avg")),
    Aggregation("mean", "As avg", _number("avg")),
    Aggregation("median", "The middle value; between two their mean", _number("median")),
    Aggregation("mode", "The most frequent value", _mode),
    Aggregation("min", "The least: of numbers, or by characters where a value is none", _extreme("min")),
    Aggregation("max", "The greatest: of numbers, or by characters where a value is none", _extreme("max")),
    Aggregation("range", "The greatest less the least", _range),
    Aggregation("stdev", "The standard deviation of a sample", _number("stddev_samp")),
    Aggregation("stdevp", "The standard deviation of all", _number("stddev_pop")),
    Aggregation("var", "The variance of a sample", _number("var_samp")),
    Aggregation("varp", "The variance of all", _number("var_pop")),
    Aggregation("values", "Its distinct values, in the order of their characters", _values),
    Aggregation("list", f"Its values in the order of rows, at most {LIST_MOST}", _list),
    Aggregation("first", "Its value in the first row that has one", _by_order(False)),
    Aggregation("last", "Its value in the last row that has one", _by_order(True)),
    Aggregation("earliest", "Its value at the earliest time", _by_time("arg_min"), True),
    Aggregation("latest", "Its value at the latest time", _by_time("arg_max"), True),
    Aggregation("earliest_time", "The earliest time at which it has a value", _time_of("min"), True),
    Aggregation("latest_time", "The latest time at which it has a value", _time_of("max"), True),
    Aggregation("rate", "By how much it grows a second, from earliest to latest", _rate, True),
    Aggregation("per_second", "In timechart: the sum by second", _per(1)),
    Aggregation("per_minute", "In timechart: the sum by minute", _per(60)),
    Aggregation("per_hour", "In timechart: the sum by hour", _per(3600)),
    Aggregation("per_day", "In timechart: the sum by day", _per(86400)),
    Aggregation("sparkline", "How an aggregate goes over time, as a multivalue", _count, True),
)
AGGREGATES: dict[str, Aggregation] = {a.name: a for a in _ALL}
PER = {"per_second": 1, "per_minute": 60, "per_hour": 3_600, "per_day": 86_400}

_PERCENTILE = re.compile(r"(?:p|perc|exactperc|upperperc)(\d+(?:\.\d+)?)")


def percentile_of(name: str) -> float | None:
    """The part, 0 to 1, of `perc95` and the like."""
    found = _PERCENTILE.fullmatch(name)
    return float(found[1]) / 100 if found and float(found[1]) <= 100 else None

"""Cuts times and numbers into buckets: of a given span, or of one that makes so many of them."""

from __future__ import annotations

from dataclasses import dataclass

from . import sql
from .frame import Field, Frame, Step
from .sql import Sql
from .tree import Command
from .values import Value, as_number, as_time, number_text, timestamp
from .when import BadTime, parse_span, relative

LADDER = (1, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 86_400)
"""Seconds of the spans that Splunk chooses from; a month follows."""
MONTH_SECONDS = 2_592_000
TIME_BINS = 100
MOST_BUCKETS = 50_000


@dataclass(frozen=True, slots=True)
class Interval:
    """How far two buckets are apart: an expression, over the one row of a step where that depends on the rows."""

    sql: Sql
    step: str = ""
    seconds: Sql | None = None
    """The same as a number, as an aggregate of rows may use it."""
    first: Sql | None = None
    """The bucket that the search's time begins in, where it is known, and the one that it ends in."""
    last: Sql | None = None


def time_buckets(
    frame: Frame, field: Field, span: str, bins: int, at: int, *, least: str = ""
) -> tuple[str, Interval]:
    """A column of the buckets that times fall into; and the interval between two."""
    time = (
        sql.column(field.column)
        if field.kind == "time"
        else as_time(Value(sql.column(field.column), field.kind))
    )
    if span:
        size, unit, offset = read_span(frame, span, at)
        return frame.item("_time", bucket_sql(time, size, unit, offset)), _bounded(
            frame, size, unit, offset, at
        )
    floor = read_span(frame, least, at)[0] // 1_000_000 if least else 0
    since, until = frame.build.span
    if since is not None:
        end = frame.build.world.now_us if until is None else until
        size, unit = chosen((end - since) / 1_000_000, bins, floor)
        return frame.item("_time", bucket_sql(time, size, unit, 0)), _bounded(frame, size, unit, 0, at)
    return _by_range(frame, time, bins, floor)


def _bounded(frame: Frame, size: int, unit: str, offset: int, at: int) -> Interval:
    """The interval with the buckets that the search's time begins and ends in."""
    step = interval_sql(size, unit)
    since, until = frame.build.span
    if since is None:
        return step
    end = max(frame.build.world.now_us if until is None else until, since + 1) - 1
    if unit == "us" and (end - since) // size > MOST_BUCKETS:
        frame.fail(at, f"it makes more than {MOST_BUCKETS:,} buckets", "a longer span= makes fewer")
    first, last = (bucket_sql(timestamp(us), size, unit, offset) for us in (since, end))
    return Interval(step.sql, "", step.seconds, first, last)


def read_span(frame: Frame, text: str, at: int) -> tuple[int, str, int]:
    """A span's size and unit, and where its buckets begin, microseconds after 1970."""
    written, _, snap = text.partition("@")
    if written.lower() == "auto":
        frame.fail(at, "span=auto says nothing", "leave span out: it is chosen then")
    try:
        size, unit = parse_span(written)
        offset = relative("@" + snap, 0) if snap else 0
    except BadTime as bad:
        frame.fail(at, str(bad), "for example: span=5m, span=1h, span=1d, span=1mon")
    return size, unit, offset


def chosen(seconds: float, bins: int, floor: int = 0) -> tuple[int, str]:
    """The least span of the ladder that makes no more than so many buckets."""
    for step in LADDER:
        if step >= floor and seconds / step <= bins:
            return step * 1_000_000, "us"
    return 1, "month"


def bucket_sql(time: Sql, size: int, unit: str, offset: int) -> Sql:
    """The bucket's beginning."""
    if unit == "month":
        return sql.fn("time_bucket", sql.fn("to_months", sql.number(size)), time, timestamp(0))
    return sql.fn("time_bucket", sql.fn("to_microseconds", sql.number(size)), time, timestamp(offset))


def interval_sql(size: int, unit: str) -> Interval:
    seconds = sql.number(size * MONTH_SECONDS if unit == "month" else f"{size / 1_000_000:.6f}")
    return Interval(
        sql.fn("to_months" if unit == "month" else "to_microseconds", sql.number(size)), "", seconds
    )


def _by_range(frame: Frame, time: Sql, bins: int, floor: int) -> tuple[str, Interval]:
    """The span goes by the times that there are: from the first to the last."""
    at = frame.item("at", time)
    source = frame.close()
    first, last = frame.build.fresh("first_time"), frame.build.fresh("last_time")
    frame.step = Step([(source, "", None)], passes=False)
    frame.step.items = {first: sql.fn("min", sql.column(at)), last: sql.fn("max", sql.column(at))}
    frame.step.sealed = True
    frame.step.group = []
    frame.close()
    seconds = sql.op("-", sql.fn("epoch", sql.column(last)), sql.fn("epoch", sql.column(first)))
    ladder = [
        (sql.op("<=", seconds, sql.number(step * bins)), sql.fn("to_seconds", sql.number(step)))
        for step in LADDER
        if step >= floor
    ]
    span = frame.build.fresh("span")
    frame.step.items[span] = sql.case(ladder, sql.fn("to_months", sql.number(1)))
    spans = frame.close()
    frame.step = Step([(source, "", None), (spans, "cross", None)])
    made = frame.item("_time", sql.fn("time_bucket", sql.column(span), sql.column(at), timestamp(0)))
    return made, Interval(
        sql.fn("any_value", sql.column(span)), spans, sql.fn("any_value", sql.fn("epoch", sql.column(span)))
    )


def number_buckets(frame: Frame, field: Field, command: Command, options: dict[str, str]) -> Value:
    """The range `low-high` that a number falls into."""
    number = as_number(Value(sql.column(field.column), field.kind))
    span = options.get("span", "")
    if span:
        try:
            size: Sql = sql.number(f"{float(span):g}")
        except ValueError:
            frame.fail(
                command.at,
                f"{span!r} is no number",
                "the span of a field that is no time is a number: span=10",
            )
        if float(span) <= 0:
            frame.fail(command.at, "a span is above 0")
    else:
        bins = max(1, int(options.get("bins", "100")) if options.get("bins", "100").isdigit() else 100)
        low, high = (sql.window(sql.fn(n, number)) for n in ("min", "max"))
        wide = sql.fn(
            "greatest",
            sql.op("/", sql.cast(sql.op("-", high, low), "DOUBLE"), sql.number(bins)),
            sql.number("1e-9"),
        )
        made = frame.item(
            "span", sql.fn("pow", sql.number(10), sql.fn("ceil", sql.fn("log10", wide))), window=True
        )
        frame.close()
        size = sql.column(made)
    start = sql.op("*", sql.fn("floor", sql.op("/", sql.cast(number, "DOUBLE"), size)), size)
    low_at = frame.item("low", start)
    frame.close()
    column = sql.column(low_at)
    shown = sql.op(
        "||", sql.op("||", number_text(column), sql.text("-")), number_text(sql.op("+", column, size))
    )
    return Value(shown, "text")

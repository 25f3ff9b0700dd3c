"""What `stats` and its like share: keys, aggregates, and aggregates as windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from . import sql
from .aggregates import AGGREGATES, PER, Rows, count_rows, percentile, percentile_of, sparkline
from .buckets import chosen
from .evaluate import evaluate, evaluate_with
from .frame import Field, Frame, Order
from .sql import Sql
from .tree import Aggregate, Binary, Call, Clause, Command, Expression, Name, Option, Part, Unary, Word
from .values import Kind, Value, as_truth
from .when import BadTime, parse_span

FUNCTIONS = frozenset(
    [
        "count",
        "sum",
        "avg",
        "min",
        "max",
        "list",
        "first",
        "arg_min",
        "arg_max",
        "quantile_disc",
        "median",
        "mode",
        "stddev_samp",
        "stddev_pop",
        "var_samp",
        "var_pop",
        "approx_count_distinct",
        "count_star",
        "last",
        "any_value",
        "map_from_entries",
        "histogram",
    ]
)
"""Names of the engine's aggregates."""


SPARKS, MOST_SPARKS, HOUR = 50, 10_000, 3_600_000_000
"""Buckets of a sparkline without a span; the most that are filled; the span where the search's time isn't known, microseconds."""


@dataclass(frozen=True, slots=True)
class Result:
    """An aggregate with the name of its field."""

    name: str
    value: Value
    aggregate: Aggregate


def by_names(command: Command, word: str = "BY") -> list[Word]:
    """The fields of a clause."""
    return [
        p
        for c in command.parts
        if isinstance(c, Clause) and c.word == word
        for p in c.parts
        if isinstance(p, Word)
    ]


def clause_options(command: Command, word: str = "BY") -> list[Option]:
    return [
        p
        for c in command.parts
        if isinstance(c, Clause) and c.word == word
        for p in c.parts
        if isinstance(p, Option)
    ]


def aggregates_of(parts: Sequence[Part]) -> list[Aggregate]:
    return [p for p in parts if isinstance(p, Aggregate)]


def expanded(frame: Frame, aggregates: Sequence[Aggregate], keys: Sequence[str]) -> list[Aggregate]:
    """The aggregates with one for each field that a wildcard means."""
    found: list[Aggregate] = []
    for a in aggregates:
        if not isinstance(a.argument, Name) or "*" not in a.argument.name:
            found.append(a)
            continue
        pattern = a.argument.name
        start, _, end = pattern.partition("*")
        names = [
            n
            for n in frame.matching(pattern)
            if n not in keys and frame.fields[n].kind != "map" and n != frame.aliases.get("_time")
        ]
        if frame.wide is not None:
            frame.fail(
                a.argument.at,
                "a wildcard can't mean the series of a chart: what they are is known only when it has run",
                "untable makes rows of them: | untable _time name value | stats avg(value) BY name",
            )
        if not names and frame.open_fields:
            frame.fail(
                a.argument.at,
                f"no column is called {pattern}",
                f"fields of messages are found when they are named: {a.function}(bytes_in)",
            )
        for name in names:
            part = name[len(start) : len(name) - len(end)] if end else name[len(start) :]
            alias = a.alias.replace("*", part, 1) if a.alias else f"{a.function}({name})"
            found.append(
                Aggregate(
                    a.function, Name(name), alias, False, a.rest, at=a.at, written=f"{a.function}({name})"
                )
            )
    return found


def results(frame: Frame, aggregates: Sequence[Aggregate], keys: Sequence[str] = ()) -> list[Result]:
    """What each aggregate of a frame's rows is."""
    return [Result(a.alias or a.written, reckoned(frame, a), a) for a in expanded(frame, aggregates, keys)]


def reckoned(frame: Frame, a: Aggregate) -> Value:
    """One aggregate. Raises SearchError."""
    if a.function == "eval" and a.argument is not None:
        return _of_aggregates(frame, a.argument)
    rows = rows_of(frame)
    part = percentile_of(a.function)
    known = AGGREGATES.get(a.function)
    if part is None and known is None:
        frame.fail(a.at, f"{a.function} wants a part from 0 to 100", "for example: perc95(x)")
    if known is not None and known.timed and rows.time is None:
        frame.fail(
            a.at,
            f"{a.function}() goes by time, and these rows have none",
            "first and last go by the order of rows",
        )
    if a.function in PER and rows.seconds is None:
        frame.fail(
            a.at,
            f"{a.function}() belongs into timechart with a span",
            f"for example: timechart span=1m {a.function}(x)",
        )
    if a.function == "sparkline":
        if isinstance(a.argument, Call) and (
            a.argument.function not in {"count", "c"} or a.argument.arguments
        ):
            frame.fail(a.at, "sparkline() counts rows only", "timechart reckons other aggregates over time")
        return sparkline(rows, a.rest[0] if a.rest else "")
    if a.argument is None:
        if a.function not in {"count", "c"}:
            frame.fail(a.at, f"{a.function}() wants a field", f"for example: {a.function}(x)")
        return count_rows()
    value = evaluate(frame, a.argument)
    if a.reckoned and value.kind == "bool":
        value = Value(sql.case([(as_truth(value), sql.number(1))]), "int")
    if a.function == "count" and a.argument is not None and value.kind == "null":
        return Value(sql.fn("count", sql.null()), "int")
    if part is not None:
        return percentile(value, part)
    assert known is not None
    return known.make(value, rows)


def _of_aggregates(frame: Frame, node: Expression) -> Value:
    """An expression whose calls are aggregates."""
    bound: dict[str, Value] = {}

    def replaced(inner: Expression) -> Expression:
        match inner:
            case Call(function=function, arguments=arguments):
                if (function in AGGREGATES or percentile_of(function) is not None) and len(arguments) <= 1:
                    name = f"aggregate {len(bound)}"
                    argument = arguments[0] if arguments else None
                    bound[name] = reckoned(
                        frame, Aggregate(function, argument, "", not isinstance(argument, Name), at=inner.at)
                    )
                    return Name(name, at=inner.at)
                return Call(function, tuple(map(replaced, arguments)), at=inner.at)
            case Name(name="count" | "c" as name):
                bound[name] = count_rows()
            case Name(name=name):
                frame.fail(
                    inner.at, f"the field {name} stands outside of an aggregate", f"for example: max({name})"
                )
            case Binary(operator=operator, left=left, right=right):
                return Binary(operator, replaced(left), replaced(right), at=inner.at)
            case Unary(operator=operator, operand=operand):
                return Unary(operator, replaced(operand), at=inner.at)
        return inner

    ready = replaced(node)
    if not bound:
        frame.fail(node.at, "there is no aggregate in it", "for example: eval(round(avg(x), 2)) AS mean")
    return evaluate_with(frame, ready, bound)


def rows_of(frame: Frame) -> Rows:
    time = frame.time()
    stamp: Sql | None = None
    if time is not None:
        stamp = sql.column(time.column)
        if time.kind != "time":
            stamp = sql.fn("to_timestamp", sql.cast(stamp, "DOUBLE"))
    placed = frame.place if frame.order == [Order(frame.place)] else ""
    return Rows(
        frame.ordering(),
        frame.ordering(reverse=True),
        stamp,
        sql.column(placed) if placed else None,
        frame.build.bucket_seconds,
        lambda span: _spark(frame, stamp, span),
    )


def _spark(frame: Frame, time: Sql | None, span: str) -> tuple[Sql, Sql | None, Sql | None]:
    """Buckets of a sparkline, counted from 1970."""
    since, until = frame.build.span
    end = frame.build.world.now_us if until is None else until
    try:
        size = (
            parse_span(span)[0]
            if span
            else chosen((end - since) / 1_000_000, SPARKS)[0]
            if since is not None
            else HOUR
        )
    except BadTime as bad:
        frame.fail(None, str(bad), "for example: sparkline(count, 1h)")
    assert time is not None
    size = max(size, 1_000_000)
    bucket = sql.cast(
        sql.fn("floor", sql.op("/", sql.fn("epoch", time), sql.number(size // 1_000_000))), "BIGINT"
    )
    if since is None or (end - since) // size > MOST_SPARKS:
        return bucket, None, None
    return bucket, sql.number(since // size), sql.number(max(end - 1, since) // size)


def keys_of(frame: Frame, names: Sequence[Word], *, drop_null: bool = True) -> dict[str, Field]:
    """The columns to group by; rows without one are left out, those with several values count for each."""
    found: dict[str, Field] = {}
    for word in (w for name in names for w in _matched(frame, name)):
        field = frame.field(word.text, word.at)
        if field is None:
            field = Field(frame.item(word.text, sql.null()), "text")
        if field.kind == "list":
            frame.close()
            field = Field(frame.item(word.text, sql.fn("unnest", sql.column(field.column))), "text")
            frame.close()
        elif field.kind == "map":
            field = Field(frame.item(word.text, sql.cast(sql.column(field.column), "VARCHAR")), "text")
        if drop_null and not frame.always(field):
            frame.where(sql.not_null(sql.column(field.column)))
        found[word.text] = field
    return found


def _matched(frame: Frame, word: Word) -> list[Word]:
    if "*" not in word.text:
        return [word]
    return [Word(n, at=word.at) for n in frame.matching(word.text)]


def windowed(node: Sql, partition: Sequence[Sql], order: Sequence[exp.Ordered] = (), frame: str = "") -> Sql:
    """An expression of aggregates with each of them as a window."""

    def change(inner: Sql) -> Sql:
        if isinstance(inner, exp.Window):
            return inner
        if isinstance(inner, exp.Filter | exp.Count) or (
            isinstance(inner, exp.Anonymous) and str(inner.this) in FUNCTIONS
        ):
            return sql.window(inner, partition, order, frame)
        for key, value in list(inner.args.items()):
            if isinstance(value, exp.Expr):
                inner.set(key, change(value.copy()))
            elif isinstance(value, list):
                inner.set(key, [change(v.copy()) if isinstance(v, exp.Expr) else v for v in value])
        return inner

    return change(node.copy())


def kind_after(kind: Kind) -> Kind:
    return "text" if kind in {"null", "map"} else kind

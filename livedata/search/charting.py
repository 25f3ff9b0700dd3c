"""What `chart` and `timechart` share: a row for each value of one field, a column for each value of another.

Which columns there are is known only when it is asked; they are the keys of a map, complete and in the same order in every row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from . import sql
from .arguments import is_true
from .buckets import Interval
from .frame import Field, Frame, Order, Step
from .grouping import Result, kind_after, results
from .sql import Sql
from .tree import Aggregate
from .values import Kind, Value, as_number, as_text, common

ZERO = frozenset({"count", "c", "dc", "distinct_count", "estdc"})
"""Aggregates that are 0 of no rows."""


@dataclass(frozen=True, slots=True)
class Split:
    """How many series there are at most (0: all), whether by the least, and what becomes of the others and of null."""

    limit: int = 10
    bottom: bool = False
    other: str | None = "OTHER"
    null: str | None = "NULL"


def joined(frame: Frame, step: Step) -> str:
    """Goes on from a step of one's own making; gives its name."""
    frame.step = step
    return frame.close()


def rows_by(
    frame: Frame, rows: dict[str, Field], aggregates: Sequence[Aggregate], spine: Interval | None = None
) -> Frame:
    """A row for each combination of `rows`; with `spine`, the step between two times, also for those that no row has."""
    found = results(frame, aggregates, list(rows))
    build = frame.build
    columns = {r.name: (build.fresh(r.name), r) for r in found}
    frame.grouped(
        {f.column: sql.column(f.column) for f in rows.values()}, {c: r.value.sql for c, r in columns.values()}
    )
    fields = {name: Field(c, kind_after(r.value.kind)) for name, (c, r) in columns.items()}
    if spine is not None:
        (name, at), grouped = next(iter(rows.items())), frame.close()
        time = _spine(frame, grouped, at, spine)
        on = sql.op("=", sql.column(time), sql.column(at.column))
        step = Step([(frame.step.sources[0][0], "", None), (grouped, "left", on)])
        for field_name, (c, r) in columns.items():
            if r.aggregate.function in ZERO:
                made = build.fresh(field_name)
                step.items[made] = sql.fn("coalesce", sql.column(c), sql.number(0))
                fields[field_name] = Field(made, fields[field_name].kind)
        frame.step = step
        rows = {name: Field(time, "time")}
    frame.tabled({**rows, **fields}, [Order(f.column) for f in rows.values()])
    return frame


def _spine(frame: Frame, grouped: str, at: Field, spine: Interval) -> str:
    """A step with a row for each time between the first and the last; gives the column's name."""
    first: Sql = sql.fn("min", sql.column(at.column))
    last: Sql = sql.fn("max", sql.column(at.column))
    if spine.first is not None:
        first = sql.case([(sql.not_null(first), sql.fn("least", first, spine.first))])
    if spine.last is not None:
        last = sql.fn("greatest", last, spine.last)
    further = [(spine.step, "cross", None)] if spine.step else []
    frame.step = Step([(grouped, "", None), *further], passes=False)
    time = frame.build.fresh("_time")
    frame.step.items[time] = sql.fn("unnest", sql.fn("generate_series", first, last, spine.sql))
    frame.close()
    return time


def rows_and_series(
    frame: Frame,
    name: str,
    row: Field,
    series: Field,
    aggregates: Sequence[Aggregate],
    split: Split,
    spine: Interval | None = None,
) -> Frame:
    """A row for each value of `row` (called `name`) with a map of the series."""
    results(
        frame, aggregates, [name]
    )  # finds the fields that are only found by their names, for all that follows
    shown = as_text(Value(sql.column(series.column), series.kind))
    label = frame.item(
        "series", sql.fn("coalesce", shown, sql.text(split.null)) if split.null is not None else shown
    )
    if split.null is None:
        frame.where(sql.not_null(sql.column(label)))
    frame.found["series"] = Field(label, "text")
    source = frame.close()
    if split.limit > 0:
        label = _ranked(frame, source, label, row, aggregates, split)
    found = results(frame, aggregates, [name])
    return pivoted(frame, name, row, label, found, split, spine)


def pivoted(
    frame: Frame,
    name: str,
    row: Field,
    label: str,
    found: Sequence[Result],
    split: Split,
    spine: Interval | None = None,
) -> Frame:
    """Groups by a row's value and a label, and makes a map of the labels of each row."""
    build = frame.build
    values, kind = _values(found)
    frame.grouped(
        {row.column: sql.column(row.column), label: sql.column(label)},
        dict(zip((made := [build.fresh("value") for _ in found]), values, strict=True)),
    )
    grouped = frame.close()
    frame.tabled({}, [])
    frame.step = Step([(grouped, "", None)], passes=False, distinct=True)
    labels = build.fresh("label")
    frame.step.items[labels] = sql.column(label)
    frame.step.sealed = True
    label_step = frame.close()
    times, time_step = _row_values(frame, grouped, row, spine)
    full = Step(
        [(time_step, "", None), (label_step, "cross", None),
         (grouped, "left", sql.both([sql.op("=", sql.column(times), sql.column(row.column)), sql.op("=", sql.column(labels), sql.column(label))]))]
    )  # fmt: skip
    frame.step = full
    wide = build.fresh("series")
    keys_first = [r.name for r in found]
    entries: list[Sql] = []
    for i, (r, column) in enumerate(zip(found, made, strict=True)):
        value = sql.column(column)
        filled = sql.fn("coalesce", value, sql.number(0)) if r.aggregate.function in ZERO else value
        key: Sql = sql.column(labels)
        if len(found) > 1:
            key = sql.op("||", sql.text(f"{keys_first[i]}: "), key)
        pair = sql.struct(k=key, v=filled)
        last = _behind(sql.column(labels), split)
        entries.append(
            sql.fn("list", sql.in_order(pair, [sql.ordered(last), sql.ordered(sql.column(labels))]))
        )
    made_map = sql.fn("map_from_entries", sql.fn("list_concat", *entries) if len(entries) > 1 else entries[0])
    frame.step.items = {times: sql.column(times), wide: made_map}
    frame.step.passes = False
    frame.step.group = [sql.column(times)]
    frame.step.sealed = True
    frame.tabled({name: Field(times, row.kind)}, [Order(times)])
    frame.widen(Field(wide, kind))
    return frame


def _behind(label: Sql, split: Split) -> Sql:
    """Puts the series that stand for others behind those that stand for themselves."""
    special = [
        (sql.op("=", label, sql.text(t)), sql.number(n))
        for n, t in enumerate((split.other, split.null), 1)
        if t is not None
    ]
    return sql.case(special, sql.number(0)) if special else sql.number(0)


def _values(found: Sequence[Result]) -> tuple[list[Sql], Kind]:
    kind, values = common([r.value for r in found])
    return values, "text" if kind == "null" else kind


def _ranked(
    frame: Frame, source: str, label: str, row: Field, aggregates: Sequence[Aggregate], split: Split
) -> str:
    """The label that each row's series has: its own, or that of all that are not among the greatest."""
    build = frame.build
    inner = frame.copy()
    first = results(inner, aggregates[:1], [])[0]
    score, total, place, key = (
        build.fresh("score"),
        build.fresh("total"),
        build.fresh("place"),
        build.fresh("key"),
    )
    inner.step = Step([(source, "", None)])
    inner.grouped(
        {row.column: sql.column(row.column), label: sql.column(label)},
        {score: sql.cast(as_number(first.value), "DOUBLE")},
    )
    inner.close()
    inner.grouped({key: sql.column(label)}, {total: sql.fn("sum", sql.column(score))})
    inner.step.group = [sql.column(label)]
    inner.close()
    if split.null is not None:
        inner.step.where.append(sql.op("!=", sql.column(key), sql.text(split.null)))
    inner.step.items[place] = sql.window(
        sql.fn("row_number"),
        (),
        [sql.ordered(sql.column(total), not split.bottom), sql.ordered(sql.column(key))],
    )
    inner.step.windowed = True
    ranking = inner.close()
    step = Step([(source, "", None), (ranking, "left", sql.op("=", sql.column(label), sql.column(key)))])
    frame.step = step
    kept = sql.op("<=", sql.column(place), sql.number(split.limit))
    is_null = sql.op("=", sql.column(label), sql.text(split.null)) if split.null is not None else sql.false()
    own = sql.either([kept, is_null])
    if split.other is None:
        frame.where(own)
        return label
    made = frame.item("label", sql.case([(own, sql.column(label))], sql.text(split.other)))
    frame.close()
    return made


def _row_values(frame: Frame, grouped: str, row: Field, spine: Interval | None) -> tuple[str, str]:
    """A step with each value of a row once; the column's name, and the step's."""
    if spine is not None:
        return _spine(frame, grouped, row, spine), frame.step.sources[0][0]
    frame.step = Step([(grouped, "", None)], passes=False, distinct=True)
    made = frame.build.fresh("row")
    frame.step.items[made] = sql.column(row.column)
    frame.step.sealed = True
    return made, frame.close()


def split_of(options: dict[str, str]) -> Split:
    """What the options of a split by a field say."""
    written = options.get("limit", "10").lower().strip()
    bottom = written.startswith("bottom")
    digits = written.removeprefix("bottom").removeprefix("top").strip()
    limit = int(digits) if digits.isdigit() else 10
    other = options.get("otherstr", "OTHER") if is_true(options.get("useother", "t")) else None
    null = options.get("nullstr", "NULL") if is_true(options.get("usenull", "t")) else None
    return Split(limit, bottom, other, null)

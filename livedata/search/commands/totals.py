"""`addtotals` and `addcoltotals`: sums along rows and below columns."""

from __future__ import annotations

from functools import reduce

from .. import series, sql
from ..arguments import truth
from ..declare import Declaration, Opt
from ..frame import Field, Frame, Step
from ..shapes import field, option
from ..sql import Sql
from ..stacking import stacked
from ..tree import Command, Word
from ..values import Value, as_number

OPTIONS = (
    Opt("row", "bool", "true", "Whether each row gets the sum of its numbers"),
    Opt("col", "bool", "false", "Whether there is a row more with the sum of each column"),
    Opt("fieldname", "field", "Total", "The name of the rows' sums"),
    Opt("labelfield", "field", "", "The field of the last row that says what it is"),
    Opt("label", "text", "Total", "What it says"),
)


def compile_addtotals(frame: Frame, command: Command) -> Frame:
    names = _names(frame, command)
    if truth(command, "row", True):
        _rows(frame, names, command.option("fieldname", "Total"))
    return (
        _columns(
            frame,
            command,
            [*names, command.option("fieldname", "Total")] if truth(command, "row", True) else names,
        )
        if truth(command, "col")
        else frame
    )


def compile_addcoltotals(frame: Frame, command: Command) -> Frame:
    return _columns(frame, command, _names(frame, command))


def _names(frame: Frame, command: Command) -> list[str]:
    """The fields that are summed: those that are named, or all that may hold numbers."""
    words = [p for p in command.parts if isinstance(p, Word)]
    if words:
        return [n for w in words for n in frame.matching(w.text) if frame.field(n) is not None]
    return [n for n, f in frame.fields.items() if f.kind in {"int", "num", "text"} and not n.startswith("_")]


def _number(frame: Frame, name: str) -> Sql:
    f = frame.field(name)
    assert f is not None
    return as_number(Value(sql.column(f.column), f.kind))


def _rows(frame: Frame, names: list[str], into: str) -> None:
    series.overwritten(frame)
    parts = [sql.fn("coalesce", _number(frame, n), sql.number(0)) for n in names]
    whole = all((f := frame.field(n)) is not None and f.kind == "int" for n in names)
    if frame.wide is not None and frame.wide.kind in {"int", "num"}:
        parts.append(
            sql.fn(
                "coalesce",
                sql.fn("list_sum", sql.fn("map_values", sql.column(frame.wide.column))),
                sql.number(0),
            )
        )
        whole = whole and frame.wide.kind == "int"
    total = reduce(lambda a, b: sql.op("+", a, b), parts) if parts else sql.number(0)
    frame.put(into, Value(total, "int" if whole else "num"))


def _columns(frame: Frame, command: Command, names: list[str]) -> Frame:
    series.overwritten(frame)
    build = frame.build
    other = frame.copy()
    below = _series_sums(frame) if not any(isinstance(p, Word) for p in command.parts) else None
    made = {n: build.fresh(n) for n in names}
    kinds = {n: f.kind for n in names if (f := frame.field(n)) is not None}
    if names or below is None:
        other.grouped({}, {m: sql.fn("sum", _number(other, n)) for n, m in made.items()})
    other.tabled({n: Field(m, "int" if kinds.get(n) == "int" else "num") for n, m in made.items()})
    if label := command.option("labelfield"):
        other.put(label, Value(sql.text(command.option("label", "Total")), "text"))
    if below is not None:
        source, wide = below
        step = Step([(source, "", None)])
        if names:
            step.sources.append((other.close(), "cross", None))
        other.step = step
        other.widen(wide)
    return stacked([frame, other])


def _series_sums(frame: Frame) -> tuple[str, Field] | None:
    """A step of one row with the sum of each series of a chart; None where there are none that hold numbers."""
    if frame.wide is None or frame.wide.kind not in {"int", "num"}:
        return None
    build = frame.build
    sums = frame.copy()
    entry = sums.item("entry", sql.fn("unnest", sql.fn("map_entries", sql.column(frame.wide.column))))
    sums.close()
    key, value = (sql.fn("struct_extract", sql.column(entry), part) for part in ("key", "value"))
    name, total, wide = build.fresh("name"), build.fresh("total"), build.fresh("series")
    sums.grouped({name: key}, {total: sql.fn("sum", value)})
    sums.close()
    names, totals = (
        sql.fn("list", sql.in_order(sql.column(c), [sql.ordered(sql.column(name))])) for c in (name, total)
    )
    sums.grouped({}, {wide: sql.fn("map", names, totals)})
    return sums.close(), Field(wide, frame.wide.kind)


ADDTOTALS = Declaration(
    "addtotals",
    "The sum of each row's numbers, and with col=true of each column",
    "addtotals [row=BOOL] [col=BOOL] [fieldname=NAME] [labelfield=NAME label=TEXT] [FIELD …]",
    (option, field),
    compile_addtotals,
    options=OPTIONS,
    examples=(
        "* | chart count OVER host BY priority | addtotals",
        "* | stats count BY host | addtotals row=f col=t labelfield=host",
    ),
)
ADDCOLTOTALS = Declaration(
    "addcoltotals",
    "A row more with the sum of each column",
    "addcoltotals [labelfield=NAME label=TEXT] [FIELD …]",
    (option, field),
    compile_addcoltotals,
    options=OPTIONS[3:],
    examples=("* | stats count BY host | addcoltotals labelfield=host",),
)

"""`fillnull`: a value where a field has none."""

from __future__ import annotations

from .. import sql
from ..declare import Declaration, Opt
from ..frame import Field, Frame
from ..shapes import field, option
from ..tree import Command, Word
from ..values import Kind, Value, as_kind, as_text, looks_numeric, of_number, of_text


def compile_fillnull(frame: Frame, command: Command) -> Frame:
    value = command.option("value", "0")
    words = [p for p in command.parts if isinstance(p, Word)]
    names = (
        [n for w in words for n in frame.matching(w.text)]
        if words
        else [n for n in frame.fields if frame.fields[n].kind != "map"]
    )
    for name in names:
        there = frame.field(name) or Field(frame.item(name, sql.null()), "null")
        frame.put(name, filled(Value(sql.column(there.column), there.kind), value))
    if not words and frame.wide is not None:
        fill_wide(frame, value)
    return frame


def filled(value: Value, with_: str) -> Value:
    """The value, or another where it is null."""
    other = of_number(with_) if looks_numeric(with_) else of_text(with_)
    if value.kind in {"int", "num"} and other.kind in {"int", "num"}:
        kind: Kind = "int" if value.kind == other.kind == "int" else "num"
        return Value(sql.fn("coalesce", as_kind(value, kind), as_kind(other, kind)), kind)
    if value.kind == "time":
        return value
    if value.kind == "list":
        return Value(sql.fn("coalesce", value.sql, sql.items(sql.text(with_))), "list")
    if value.kind == "null":
        return other
    return Value(sql.fn("coalesce", as_text(value), sql.text(with_)), "text")


def fill_wide(frame: Frame, value: str) -> None:
    """The same of every series."""
    assert frame.wide is not None
    wide = frame.wide
    one = filled(Value(sql.variable("v"), wide.kind), value)
    keys = sql.fn("map_keys", sql.column(wide.column))
    values = sql.fn(
        "list_transform", sql.fn("map_values", sql.column(wide.column)), sql.function_of("v", one.sql)
    )
    frame.wide = Field(frame.item("series", sql.fn("map", keys, values)), one.kind)


COMMAND = Declaration(
    "fillnull",
    "A value where a field has none",
    "fillnull [value=TEXT] [FIELD …]",
    (option, field),
    compile_fillnull,
    options=(Opt("value", "text", "0", "What stands there"),),
    notes="Without fields it fills all that there are.",
    examples=('* | fillnull value="-" unit | stats count BY unit',),
)

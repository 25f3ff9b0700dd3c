"""Rows of several frames as one: below each other (`append`), beside each other (`join`, `appendcols`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from . import sql
from .frame import Build, Field, Frame, Order, Step
from .sql import Sql
from .values import Kind, Value, as_kind, as_text, common


def merged(
    build: Build,
    name: str,
    values: Sequence[Value],
    selects: Sequence[dict[str, Sql]],
    kind: Kind | None = None,
) -> Field:
    """A field of all frames: `values` in each, which its SELECT gets under one name; of the kind that all can be taken for, or of `kind`."""
    if kind is None:
        kind, _ = common(values)
        kind = "text" if kind == "null" else kind
    made = build.fresh(name)
    for select, value in zip(selects, values, strict=True):
        select[made] = as_kind(value, kind)
    return Field(made, kind)


def stacked(frames: Sequence[Frame]) -> Frame:
    """The rows of all frames, those of the first before those of the next; fields by name."""
    build = frames[0].build
    for frame in frames:
        frame.numbered()
    fields: dict[str, Field] = {}
    selects: list[dict[str, Sql]] = [{} for _ in frames]
    for name in dict.fromkeys(_shared(frames, f, n) for f in frames for n in f.fields):
        fields[name] = merged(build, name, [_value(f, name) for f in frames], selects)
    found = _found(frames, fields, selects)
    part, row = build.fresh("part"), build.fresh("row")
    for i, (frame, select) in enumerate(zip(frames, selects, strict=True)):
        select[part] = sql.number(i)
        select[row] = sql.column(frame.order[0].column)
    wide = _stacked_wide(frames, selects)
    step = Step([], union=[(f.close(), s) for f, s in zip(frames, selects, strict=True)])
    step.sealed, step.passes = True, False
    first = frames[0]
    made_frame = Frame(build, step, fields)
    made_frame.order = [Order(part), Order(row)]
    made_frame.aliases = {a: b for a, b in first.aliases.items() if b in fields}
    made_frame.found = found
    made_frame.events = first.events
    made_frame.wide, made_frame.wide_at = wide, max(f.wide_at for f in frames)
    return made_frame


def _found(
    frames: Sequence[Frame], fields: Mapping[str, Field], selects: Sequence[dict[str, Sql]]
) -> dict[str, Field]:
    """Fields that some of the rows may have and that are only found by their names: those that the search names anywhere."""
    build = frames[0].build
    known = {*fields, *(n for f in frames for n in f.aliases)}
    found: dict[str, Field] = {}
    if not any(f.open_fields for f in frames):
        return found
    for name in build.mentioned:
        if name in known or "*" in name:
            continue
        values = [_value(f, name) for f in frames]
        if any(v.kind != "null" for v in values):
            found[name] = merged(build, name, values, selects)
    return found


def _shared(frames: Sequence[Frame], frame: Frame, name: str) -> str:
    """A field's name in the first frame that has it, also by its other name."""
    first = frames[0]
    if name in first.fields:
        return name
    return first.aliases.get(name, name) if first.aliases.get(name) in first.fields else name


def _value(frame: Frame, name: str) -> Value:
    there = frame.fields.get(name)
    if there is None:
        other = frame.aliases.get(name) or next((a for a, b in frame.aliases.items() if b == name), None)
        there = frame.fields.get(other or "")
        if there is None and name in {"ts", "_time"}:
            there = frame.fields.get("_time" if name == "ts" else "ts")
    if there is None and (frame.open_fields or frame.wide is not None):
        there = frame.field(name)
    return Value(sql.column(there.column), there.kind) if there else Value(sql.null(), "null")


def _stacked_wide(frames: Sequence[Frame], selects: Sequence[dict[str, Sql]]) -> Field | None:
    wides = [f.wide for f in frames]
    if not any(wides):
        return None
    kinds = {w.kind for w in wides if w}
    kind: Kind = kinds.pop() if len(kinds) == 1 else "num" if kinds <= {"int", "num"} else "text"
    name = frames[0].build.fresh("series")
    types = {"int": "BIGINT", "num": "DOUBLE", "list": "VARCHAR[]"}
    target = f"MAP(VARCHAR, {types.get(kind, 'VARCHAR')})"
    for wide, select in zip(wides, selects, strict=True):
        select[name] = sql.cast(sql.column(wide.column), target) if wide else sql.null(target)
    return Field(name, kind)


def beside(
    left: Frame,
    right: Frame,
    on: Mapping[str, tuple[Field, Field]],
    *,
    outer: bool,
    overwrite: bool = True,
    row: tuple[str, str] | None = None,
) -> Frame:
    """Each row of the left frame with the row of the right one that has the same keys (or the same place); fields of the right one
    stand in the place of those of the left one where they have a value."""
    left_step, right_step = left.close(), right.close()
    same = [sql.op("=", *_alike(ours, theirs)) for ours, theirs in on.values()]
    if row:
        same.append(sql.op("=", sql.column(row[0]), sql.column(row[1])))
    left.step = Step([(left_step, "", None), (right_step, "left" if outer else "inner", sql.both(same))])
    left.order = [*left.order, *right.order]
    for name, field in right.fields.items():
        if name in on or (
            name in {"ts", "_time"} and row is None and name not in left.fields and "_time" in left.aliases
        ):
            continue
        theirs = Value(sql.column(field.column), field.kind)
        there = left.fields.get(name)
        if there is None:
            left.show(name, field)
            continue
        ours = Value(sql.column(there.column), there.kind)
        kind, values = common([theirs, ours] if overwrite else [ours, theirs])
        left.fields[name] = Field(
            left.item(name, sql.fn("coalesce", *values)), "text" if kind == "null" else kind
        )
    return left


def _alike(ours: Field, theirs: Field) -> list[Sql]:
    """Both columns as something that can be compared."""
    kind, values = common([Value(sql.column(f.column), f.kind) for f in (ours, theirs)])
    if kind == "num" or ours.kind == theirs.kind:
        return values
    return [as_text(Value(sql.column(f.column), f.kind)) for f in (ours, theirs)]

"""Changes the series of a chart: a map in each row, whose keys become columns only when the search has run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from . import sql
from .frame import Field, Frame
from .regex import literal, target
from .sql import Sql
from .values import Kind, Value, as_kind, common

_ENTRY, _KEY = sql.variable("e"), sql.variable("k")


def kept(frame: Frame, patterns: Iterable[str], besides: Iterable[str] = ()) -> None:
    """Keeps the series whose names match one of the patterns (`*`: any characters), without those that are named."""
    patterns = list(patterns)
    if frame.wide is not None and "*" not in patterns:
        _filter(frame, sql.either([_matches(_name(), p) for p in patterns]))
    dropped(frame, besides)


def dropped(frame: Frame, patterns: Iterable[str]) -> None:
    """Takes away the series whose names match one of the patterns."""
    if patterns := list(patterns):
        _filter(frame, sql.negated(sql.either([_matches(_name(), p) for p in patterns])))


def renamed(frame: Frame, old: str, new: str) -> None:
    """Gives the series that match a pattern the names that another one makes of what its `*` stands for."""
    if frame.wide is None:
        return
    keys = sql.fn("map_keys", sql.column(frame.wide.column))
    ours = sql.fn("list_filter", keys, sql.function_of("k", _matches(_KEY, old)))
    made = sql.fn("list_transform", ours, sql.function_of("k", _other(_KEY, old, new)))
    # A series that has such a name already is replaced.
    _filter(
        frame,
        sql.either([_matches(_name(), old), sql.negated(sql.fn("list_contains", made, _name()))]),
    )
    column = sql.column(frame.wide.column)
    names = sql.fn(
        "list_transform",
        sql.fn("map_keys", column),
        sql.function_of("k", sql.case([(_matches(_KEY, old), _other(_KEY, old, new))], _KEY)),
    )
    frame.wide = Field(
        frame.item("series", sql.fn("map", names, sql.fn("map_values", column))), frame.wide.kind
    )


def overwritten(frame: Frame) -> None:
    """Takes away the series that a later command has made fields of the same names of."""
    dropped(frame, list(frame.fields)[frame.wide_at :])


def pairs(frame: Frame, names: Sequence[str], *, texts: bool = False) -> tuple[Sql, Kind]:
    """A list of (k, v) of a row's fields and series, all of one kind; `texts`: as texts, unless some have several values."""
    overwritten(frame)
    values = [Value(sql.column(frame.fields[n].column), frame.fields[n].kind) for n in names]
    wide = frame.wide
    every = values if wide is None else [*values, Value(sql.variable("e.value"), wide.kind)]
    kind, _ = common(every)
    if kind != "list" and (texts or kind in {"null", "map", "time"}):
        kind = "text"
    listed = sql.items(
        *(sql.struct(k=sql.text(n), v=as_kind(v, kind)) for n, v in zip(names, values, strict=True))
    )
    if wide is None:
        return listed, kind
    pair = sql.struct(k=sql.variable("e.key"), v=as_kind(every[-1], kind))
    entries = sql.fn("map_entries", sql.column(wide.column))
    others = sql.fn("list_transform", entries, sql.function_of("e", pair))
    return (sql.fn("list_concat", listed, others) if names else others), kind


def _name() -> Sql:
    return sql.fn("struct_extract", _ENTRY, "key")


def _matches(name: Sql, pattern: str) -> Sql:
    if "*" not in pattern:
        return sql.op("=", name, sql.text(pattern))
    return sql.fn("regexp_full_match", name, _regex(pattern), "s")


def _regex(pattern: str) -> str:
    return "(.*)".join(map(literal, pattern.split("*")))


def _other(name: Sql, old: str, new: str) -> Sql:
    if "*" not in old:
        return sql.text(new)
    return sql.fn("regexp_replace", name, f"^{_regex(old)}$", target(new), "s")


def _filter(frame: Frame, condition: Sql) -> None:
    if frame.wide is None:
        return
    entries = sql.fn("map_entries", sql.column(frame.wide.column))
    left = sql.fn("list_filter", entries, sql.function_of("e", condition))
    frame.wide = Field(frame.item("series", sql.fn("map_from_entries", left)), frame.wide.kind)

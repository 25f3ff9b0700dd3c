"""Where a search's rows come from: the tables that its `index=` terms name, within its times, as a first frame."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import translate

from . import sql
from .errors import suggestion
from .extract import found_in
from .frame import Build, Field, Frame, Lazy, Order, Step
from .match import TIMES, matching
from .stacking import merged
from .tree import Compare, Condition, Either, Every, Negated, OneOf
from .values import KINDS, Kind, Value, of_text, timestamp
from .when import BadTime, parse_time
from .world import LOG

DEFAULT_INDEXES = frozenset({"main", "default"})
"""Splunk's names for what is searched where none is named."""

DATE_PARTS = {
    "date_hour": "%-H",
    "date_mday": "%-d",
    "date_minute": "%-M",
    "date_second": "%-S",
    "date_year": "%Y",
    "date_month": "%B",
    "date_wday": "%A",
}


def searched(build: Build, node: Condition) -> Frame:
    """The rows that the first `search` of a pipeline finds, newest first."""
    node, span = _timed(build, node)
    build.span = span
    wanted = tables_of(build, node)
    frames = []
    for table in wanted:
        frame = table_frame(build, table)
        narrow(frame, span)
        condition = matching(frame, node)
        if sql.constant_truth(condition) is not False:
            frame.where(condition)
            frames.append(frame)
    if not frames:
        frame = table_frame(build, wanted[0] if wanted else LOG)
        frame.step.where.append(sql.false())
        return frame
    return frames[0] if len(frames) == 1 else together(build, frames)


def narrow(frame: Frame, span: tuple[int | None, int | None]) -> None:
    """Keeps the rows of a time, in a form that the store's files are chosen by."""
    field = frame.time()
    if field is None:
        return
    since, until = span
    if since is not None:
        frame.where(sql.op(">=", sql.column(field.column), timestamp(since)))
    if until is not None:
        frame.where(sql.op("<", sql.column(field.column), timestamp(until)))


def _timed(build: Build, node: Condition) -> tuple[Condition, tuple[int | None, int | None]]:
    """The condition without its times, and these; what is not said is as before."""
    parts = node.parts if isinstance(node, Every) else (node,)
    kept = tuple(p for p in parts if not (isinstance(p, Compare) and p.field in TIMES))
    since, until = build.span
    for part in parts:
        if not isinstance(part, Compare) or part.field not in TIMES:
            continue
        if part.operator != "=":
            build.fail(part.at, f"{part.field} takes = only", f"for example: {part.field}=-1h")
        if part.field.startswith("_index") or part.field == "timeformat":
            build.fail(
                part.at,
                f"{part.field} is of Splunk's index",
                "earliest and latest say of what time the rows are",
            )
        try:
            us = parse_time(part.value, build.world.now_us)
        except BadTime as bad:
            build.fail(
                part.at, str(bad), "for example: -1h@h, @d, -7d@w1, now, 1795143600, 2026-11-20T03:00:00"
            )
        if part.field in {"earliest", "starttime", "starttimeu"}:
            since = us
        else:
            until = us
    if since is not None and until is not None and since > until:
        build.fail(parts[0].at, "its earliest is later than its latest")
    return (kept[0] if len(kept) == 1 else Every(kept)), (since, until)


def tables_of(build: Build, node: Condition) -> list[str]:
    """The tables that `index=` terms name; the log where there is none."""
    patterns = list(_indexes(node))
    if not patterns:
        return [LOG]
    found: dict[str, None] = {}
    for pattern, _ in patterns:
        low = pattern.lower()
        named = [t for t in build.world.tables if re.fullmatch(translate(low.replace("[", "[[]")), t.lower())]
        if low in DEFAULT_INDEXES and not named:
            named = [LOG]
        if not named:
            near = suggestion(pattern, build.world.tables, "livedata fleet tables lists them")
            build.note(f"there is no table {pattern}, so index={pattern} finds nothing: {near}")
        found.update(dict.fromkeys(named))
    return list(found)


def _indexes(node: Condition, positive: bool = True) -> Iterator[tuple[str, int]]:
    match node:
        case Every(parts=parts) | Either(parts=parts):
            for part in parts:
                yield from _indexes(part, positive)
        case Negated(part=part):
            yield from _indexes(part, not positive)
        case Compare(field="index", operator="=", value=value) if positive:
            yield value, node.at
        case OneOf(field="index", values=values) if positive:
            for value in values:
                yield value, node.at


def table_frame(build: Build, table: str) -> Frame:
    """All rows of a table, newest first, with the names that people from Splunk know its columns by."""
    columns = build.world.tables.get(
        table, {"ts": "ts", "host": "str", "message": "str", "fields": "map"} if table == LOG else {}
    )
    build.tables.setdefault(table, tuple(columns))
    step = Step([(table, "", None)])
    fields: dict[str, Field] = {}
    clash = any(c.lower() in build.taken for c in columns)
    for name, type_ in columns.items():
        kind = kind_of(type_)
        if clash:
            made = build.fresh(name)
            step.items[made] = sql.column(name)
            fields[name] = Field(made, kind)
        else:
            build.taken.add(name.lower())
            fields[name] = Field(name, kind)
    step.passes = not clash
    frame = Frame(build, step, fields)
    frame.events = True
    if build.world.only is not None and "host" in fields:
        frame.where(
            sql.within(sql.column(fields["host"].column), map(sql.text, sorted(build.world.only)))
            if build.world.only
            else sql.false()
        )
    if "ts" in fields:
        frame.order = [Order(fields["ts"].column, True)]
        frame.aliases["_time"] = "ts"
    if "message" in fields:
        frame.aliases["_raw"] = "message"
    frame.open_fields = "message" in fields or any(f.kind == "map" for f in fields.values())
    frame.lazy = [_known(table, fields), _dates(fields), *_mapped(fields), *_in_message(fields)]
    return frame


def kind_of(type_: str) -> Kind:
    """The kind of a column by its type in a header, or by what DuckDB calls it."""
    if type_ in KINDS:
        return KINDS[type_]
    low = type_.upper()
    if low.endswith("[]"):
        return "list"
    if low.startswith("MAP"):
        return "map"
    if "TIMESTAMP" in low:
        return "time"
    if low in {"BIGINT", "INTEGER", "UBIGINT", "HUGEINT", "SMALLINT", "TINYINT", "UINTEGER"}:
        return "int"
    if low in {"DOUBLE", "FLOAT"} or low.startswith("DECIMAL"):
        return "num"
    return "bool" if low == "BOOLEAN" else "text"


def _known(table: str, fields: dict[str, Field]) -> Lazy:
    """Splunk's own fields, where a table has what they mean."""

    def find(name: str) -> Value | None:
        match name:
            case "index":
                return of_text(table)
            case "sourcetype":
                return _first_of(fields, "transport") or of_text(table)
            case "source":
                return _first_of(fields, "unit", "identifier") or of_text(table)
        return None

    return find


def _first_of(fields: dict[str, Field], *names: str) -> Value | None:
    found = [sql.column(fields[n].column) for n in names if n in fields]
    if not found:
        return None
    return Value(sql.fn("coalesce", *found) if len(found) > 1 else found[0], "text")


def _dates(fields: dict[str, Field]) -> Lazy:
    def find(name: str) -> Value | None:
        if name not in DATE_PARTS or "ts" not in fields:
            return None
        shown = sql.fn(
            "strftime", sql.fn("timezone", "UTC", sql.column(fields["ts"].column)), DATE_PARTS[name]
        )
        if name in {"date_month", "date_wday"}:
            return Value(sql.fn("lower", shown), "text")
        return Value(sql.cast(shown, "BIGINT"), "int")

    return find


def _mapped(fields: dict[str, Field]) -> list[Lazy]:
    """Fields of the table's maps by their names."""
    maps = [f for f in fields.values() if f.kind == "map"]
    if not maps or "message" in fields:
        return []
    return [_from_map(f.column) for f in maps]


def _from_map(column: str) -> Lazy:
    return lambda name: Value(sql.fn("map_extract_value", sql.column(column), name), "text")


def _in_message(fields: dict[str, Field]) -> list[Lazy]:
    """Fields of the entry, and what its message writes as `name=value` or JSON."""
    if "message" not in fields:
        return []
    maps = [f for f in fields.values() if f.kind == "map"]

    def find(name: str) -> Value | None:
        if "*" in name or name in {
            "_raw",
            "_time",
            "_indextime",
            "_cd",
            "_si",
            "_serial",
            "_bkt",
            "punct",
            "linecount",
            "splunk_server",
            "eventtype",
            "tag",
        }:
            return None
        value = found_in(sql.column(fields["message"].column), name)
        if value.kind == "list" or not maps:
            return value
        return Value(
            sql.fn(
                "coalesce",
                *(sql.fn("map_extract_value", sql.column(f.column), name) for f in maps),
                value.sql,
            ),
            "text",
        )

    return [find]


def together(build: Build, frames: list[Frame]) -> Frame:
    """The rows of several frames one after the other, fields by name; the order is that of their times if all have one."""
    names = list(dict.fromkeys(n for f in frames for n in f.fields))
    fields: dict[str, Field] = {}
    selects: list[dict[str, sql.Sql]] = [{} for _ in frames]
    for name in names:
        values = [
            f.value(name)
            if name in f.fields or f.aliases.get(name) in f.fields
            else Value(sql.null(), "null")
            for f in frames
        ]
        fields[name] = merged(build, name, values, selects)
    hidden: dict[str, Field] = {}
    for name in ("index", "source", "sourcetype"):
        if name not in fields:
            hidden[name] = merged(build, name, [f.value(name) for f in frames], selects, "text")
    step = Step([], union=[(f.close(), select) for f, select in zip(frames, selects, strict=True)])
    step.sealed = True
    step.passes = False
    frame = Frame(build, step, fields)
    frame.found = hidden
    frame.events = all(f.events for f in frames)
    frame.open_fields = any(f.open_fields for f in frames)
    if frame.events and "ts" in fields:
        frame.aliases["_time"] = "ts"
        frame.order = [Order(fields["ts"].column, True)]
    if "message" in fields:
        frame.aliases["_raw"] = "message"
        frame.lazy = [_dates(fields), *_in_message(fields)]
    return frame

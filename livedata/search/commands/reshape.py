"""`xyseries`, `untable`, `transpose`: rows to columns and back."""

from __future__ import annotations

from sqlglot import exp

from .. import series, sql
from ..arguments import whole
from ..charting import Split, pivoted
from ..declare import Declaration, Opt
from ..frame import Field, Frame, Order, Step
from ..grouping import Result
from ..shapes import field, number, option
from ..sql import Sql
from ..tree import Aggregate, Command, Number, Word
from ..values import Kind, Value, as_kind, as_text, common

ALL = Split(0, False, None, None)


def compile_xyseries(frame: Frame, command: Command) -> Frame:
    words = [p for p in command.parts if isinstance(p, Word)]
    if len(words) < 3:
        frame.fail(
            command.at,
            "xyseries wants the field of rows, of columns, and of values",
            "for example: | xyseries host unit count",
        )
    row_field, name_field, *value_fields = ((w.text, frame.field(w.text, w.at)) for w in words)
    (row_name, row), (_, label_field) = row_field, name_field
    row = row or Field(frame.item(row_name, sql.null()), "text")
    label_field = label_field or Field(frame.item("name", sql.null()), "text")
    label = frame.item("label", as_text(Value(sql.column(label_field.column), label_field.kind)))
    frame.close()
    frame.where(sql.both([sql.not_null(sql.column(row.column)), sql.not_null(sql.column(label))]))
    found = []
    for name, there in value_fields:
        value = Value(sql.column(there.column), there.kind) if there else Value(sql.null(), "text")
        last = sql.fn("first", sql.in_order(value.sql, frame.ordering(reverse=True)))
        found.append(Result(name, Value(last, value.kind), Aggregate("last")))
    return pivoted(frame, row_name, row, label, found, ALL)


def struct(**parts: Sql) -> Sql:
    """A struct of named parts."""
    return exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier(n), expression=sql.own(v)) for n, v in parts.items()
        ]
    )


def pairs(frame: Frame, names: list[str]) -> tuple[Sql, Kind]:
    """A list of (name, value) of a row's fields and series."""
    series.overwritten(frame)
    values = [Value(sql.column(frame.fields[n].column), frame.fields[n].kind) for n in names]
    kinds = list(values)
    if frame.wide is not None:
        kinds.append(Value(sql.null(), frame.wide.kind))
    kind, _ = common(kinds)
    kind = "text" if kind in {"null", "map", "time"} else kind
    listed = sql.items(
        *(struct(k=sql.text(n), v=as_kind(v, kind)) for n, v in zip(names, values, strict=True))
    )
    if frame.wide is not None:
        entries = sql.fn("map_entries", sql.column(frame.wide.column))
        inner = as_kind(Value(sql.variable("e.value"), frame.wide.kind), kind)
        others = sql.fn(
            "list_transform", entries, sql.function_of("e", struct(k=sql.variable("e.key"), v=inner))
        )
        listed = sql.fn("list_concat", listed, others) if names else others
    return listed, kind


def compile_untable(frame: Frame, command: Command) -> Frame:
    words = [p.text for p in command.parts if isinstance(p, Word)]
    if len(words) != 3:
        frame.fail(
            command.at,
            "untable wants the field of rows, and the names of two fields",
            "for example: | untable _time host count",
        )
    row_name, name, value_name = words
    row = frame.field(row_name)
    if row is None:
        frame.fail(command.at, f"there is no field {row_name}")
    names = [
        n
        for n, f in frame.fields.items()
        if f.column != row.column and f.kind != "map" and not n.startswith("_")
    ]
    listed, kind = pairs(frame, names)
    place = frame.numbered()
    pair = frame.item("pair", sql.fn("unnest", listed))
    frame.close()
    label = frame.item(name, sql.fn("struct_extract", sql.column(pair), "k"))
    value = frame.item(value_name, sql.fn("struct_extract", sql.column(pair), "v"))
    frame.close()
    frame.tabled({row_name: row, name: Field(label, "text"), value_name: Field(value, kind)}, [Order(place)])
    frame.where(sql.not_null(sql.column(value)))
    return frame


def compile_transpose(frame: Frame, command: Command) -> Frame:
    count = next((int(p.text) for p in command.parts if isinstance(p, Number)), 5)
    if given := command.option("int"):
        count = whole(frame, command, given)
    header = command.option("header_field")
    first = command.option("column_name", "column")
    place = frame.numbered()
    if count > 0:
        frame.first(count)
        frame.close()
    names = [n for n, f in frame.fields.items() if n != header and f.kind != "map"]
    listed, kind = pairs(frame, names)
    if kind != "list":
        listed, kind = _as_texts(frame, names)
    title: Sql = sql.op("||", sql.text("row "), sql.cast(sql.column(place), "VARCHAR"))
    if header and (there := frame.field(header)) is not None:
        title = sql.fn("coalesce", as_text(Value(sql.column(there.column), there.kind)), title)
    label = frame.item("label", title)
    pair, at = (
        frame.item("pair", sql.fn("unnest", listed)),
        frame.item("at", sql.fn("unnest", sql.fn("range", sql.number(len(names) + 10_000)))),
    )
    source = frame.close()
    build = frame.build
    name = build.fresh(first)
    key, value = (sql.fn("struct_extract", sql.column(pair), k) for k in "kv")
    frame.step = Step([(source, "", None)])
    frame.where(sql.not_null(sql.column(pair)))
    if header:  # of rows with the same header the last counts
        down = [sql.ordered(sql.column(place), True)]
        latest = frame.item(
            "latest", sql.window(sql.fn("row_number"), [key, sql.column(label)], down), window=True
        )
        frame.where(sql.op("=", sql.column(latest), sql.number(1)))
    entry = struct(k=sql.column(label), v=value)
    wide, position = build.fresh("series"), build.fresh("position")
    made = sql.fn("map_from_entries", sql.fn("list", sql.in_order(entry, [sql.ordered(sql.column(place))])))
    frame.grouped({name: key}, {wide: made, position: sql.fn("min", sql.column(at))})
    frame.tabled({first: Field(name, "text")}, [Order(position)])
    frame.widen(Field(wide, kind))
    return frame


def _as_texts(frame: Frame, names: list[str]) -> tuple[Sql, Kind]:
    shown = [
        struct(k=sql.text(n), v=as_text(Value(sql.column(frame.fields[n].column), frame.fields[n].kind)))
        for n in names
    ]
    if frame.wide is None:
        return sql.items(*shown), "text"
    inner = as_text(Value(sql.variable("e.value"), frame.wide.kind))
    entries = sql.fn("map_entries", sql.column(frame.wide.column))
    others = sql.fn("list_transform", entries, sql.function_of("e", struct(k=sql.variable("e.key"), v=inner)))
    return sql.fn("list_concat", sql.items(*shown), others) if shown else others, "text"


XYSERIES = Declaration(
    "xyseries",
    "A column for each value of a field",
    "xyseries ROWS COLUMNS VALUES",
    (option, field),
    compile_xyseries,
    options=(
        Opt("grouped", "bool", "false", "Not here"),
        Opt("sep", "text", ": ", "Not here"),
        Opt("format", "text", "", "Not here"),
    ),
    aliases=("maketable",),
    examples=("* | stats count BY host, unit | xyseries host unit count",),
)
UNTABLE = Declaration(
    "untable",
    "A row for each column",
    "untable ROWS NAME VALUE",
    (field,),
    compile_untable,
    examples=("* | timechart span=1h count BY host | untable _time host entries",),
)
TRANSPOSE = Declaration(
    "transpose",
    "Rows to columns and columns to rows, of 5 rows by default",
    "transpose [COUNT] [column_name=NAME] [header_field=FIELD]",
    (option, number),
    compile_transpose,
    options=(
        Opt("int", "int", "5", "How many rows; 0: all"),
        Opt("column_name", "field", "column", "The name of the first column"),
        Opt("header_field", "field", "", "The field that gives the columns their names"),
        Opt("include_empty", "bool", "true", "Not here"),
    ),
    examples=("* | stats count dc(unit) BY host | transpose header_field=host",),
)

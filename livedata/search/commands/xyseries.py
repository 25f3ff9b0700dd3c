"""`xyseries`: a column for each value of a field."""

from __future__ import annotations

from .. import sql
from ..charting import Split, pivoted
from ..declare import Declaration, Opt
from ..frame import Field, Frame
from ..grouping import Result
from ..shapes import field, option
from ..tree import Aggregate, Command, Word
from ..values import Value, as_text

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


COMMAND = Declaration(
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

"""`mvexpand`, `makemv`, `nomv` and `mvcombine`: fields of several values."""

from __future__ import annotations

from .. import sql
from ..arguments import only_word, truth
from ..declare import Declaration, Opt
from ..frame import Field, Frame, Order
from ..regex import BadRegex, re2
from ..shapes import field, option
from ..sql import Sql
from ..tree import Command, Word
from ..values import Value, as_list, as_text


def one_field(frame: Frame, command: Command) -> Word:
    word = only_word(command)
    if word is None:
        frame.fail(command.at, f"{command.name} wants one field", f"for example: | {command.name} ip")
    return word


def compile_mvexpand(frame: Frame, command: Command) -> Frame:
    word = one_field(frame, command)
    there = frame.field(word.text, word.at)
    if there is None or there.kind != "list":
        return frame
    values: Sql = sql.column(there.column)
    limit = command.option("limit", "0")
    if limit.isdigit() and int(limit) > 0:
        values = sql.fn("list_slice", values, sql.number(1), sql.number(int(limit)))
    frame.numbered()
    frame.close()
    length = sql.fn("greatest", sql.fn("coalesce", sql.fn("len", values), sql.number(1)), sql.number(1))
    place = frame.item(
        "place", sql.fn("unnest", sql.fn("range", sql.number(1), sql.op("+", length, sql.number(1))))
    )
    frame.close()
    frame.put(word.text, Value(sql.fn("list_extract", values, sql.column(place)), "text"))
    frame.order = [*frame.order, Order(place)]
    return frame


def compile_makemv(frame: Frame, command: Command) -> Frame:
    word = one_field(frame, command)
    there = frame.field(word.text, word.at)
    if there is None or there.kind == "list":
        return frame
    text = as_text(Value(sql.column(there.column), there.kind))
    if tokenizer := command.option("tokenizer"):
        try:
            found = sql.fn("regexp_extract_all", text, re2(tokenizer), 1)
        except BadRegex as bad:
            frame.fail(command.at, str(bad), bad.hint)
    else:
        found = sql.fn("string_split", text, command.option("delim", " ") or " ")
    if not truth(command, "allowempty"):
        found = sql.fn(
            "list_filter", found, sql.function_of("v", sql.op("!=", sql.variable("v"), sql.text("")))
        )
    frame.put(word.text, Value(sql.fn("nullif", found, sql.cast(sql.items(), "VARCHAR[]")), "list"))
    return frame


def compile_nomv(frame: Frame, command: Command) -> Frame:
    word = one_field(frame, command)
    there = frame.field(word.text, word.at)
    if there is not None and there.kind == "list":
        frame.put(word.text, Value(sql.fn("array_to_string", sql.column(there.column), "\n"), "text"))
    return frame


def compile_mvcombine(frame: Frame, command: Command) -> Frame:
    word = one_field(frame, command)
    there = frame.field(word.text, word.at)
    if there is None:
        return frame
    row = frame.numbered()
    frame.close()
    others = {n: f for n, f in frame.fields.items() if f is not there and f.column != there.column}
    made, first = frame.build.fresh(word.text), frame.build.fresh("row")
    flat = sql.fn(
        "flatten",
        sql.fn("list", sql.in_order(as_list(Value(sql.column(there.column), there.kind)), frame.ordering())),
    )
    frame.grouped(
        {f.column: sql.column(f.column) for f in others.values()},
        {made: flat, first: sql.fn("min", sql.column(row))},
    )
    fields = {
        n: (Field(made, "list") if n == word.text else others[n])
        for n in frame.fields
        if n == word.text or n in others
    }
    frame.tabled(fields, [Order(first)])
    return frame


MVEXPAND = Declaration(
    "mvexpand",
    "A row for each value of a field",
    "mvexpand FIELD [limit=COUNT]",
    (option, field),
    compile_mvexpand,
    options=(Opt("limit", "int", "0", "How many values of each row; 0: all"),),
    examples=('| makeresults | eval x = split("a,b", ",") | mvexpand x | table x',),
)
MAKEMV = Declaration(
    "makemv",
    "Several values out of one",
    'makemv [delim="TEXT" | tokenizer="REGEX"] FIELD',
    (option, field),
    compile_makemv,
    options=(
        Opt("delim", "text", " ", "What stands between the values"),
        Opt("tokenizer", "text", "", "A regular expression, whose first group is a value"),
        Opt("allowempty", "bool", "false", "Whether an empty value is one"),
        Opt("setsv", "bool", "false", "Taken"),
    ),
    examples=('| makeresults | eval x = "a,b" | makemv delim="," x | eval n = mvcount(x)',),
)
NOMV = Declaration(
    "nomv",
    "One value out of several, a line each",
    "nomv FIELD",
    (option, field),
    compile_nomv,
    examples=("* | stats values(unit) AS units BY host | nomv units",),
)
MVCOMBINE = Declaration(
    "mvcombine",
    "One row out of those that differ in a field only",
    "mvcombine FIELD",
    (option, field),
    compile_mvcombine,
    options=(Opt("delim", "text", " ", "Taken"),),
    examples=("* | stats count BY host, priority | fields - count | mvcombine host",),
)

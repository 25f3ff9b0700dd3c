"""`chart`: a row for each value of one field, a column for each value of another."""

from __future__ import annotations

from .. import sql
from ..buckets import number_buckets, time_buckets
from ..charting import rows_and_series, rows_by, split_of
from ..declare import Declaration, Opt
from ..frame import Field, Frame
from ..grouping import aggregates_of, by_names, clause_options, keys_of
from ..shapes import aggregate, by, clause, field, option
from ..tree import Aggregate, Command, Option, Word

OPTIONS = (
    Opt("limit", "text", "10", "How many series; the rest is OTHER; 0: all; bottom5: the least"),
    Opt("useother", "bool", "true", "Whether the rest is a series"),
    Opt("usenull", "bool", "true", "Whether rows without the field are a series"),
    Opt("otherstr", "text", "OTHER", "What the rest is called"),
    Opt("nullstr", "text", "NULL", "What rows without the field are called"),
    Opt("span", "span", "", "How wide a bucket is"),
    Opt("bins", "int", "100", "How many buckets at most"),
    Opt("minspan", "span", "", "The least that a bucket may be"),
    Opt("cont", "bool", "true", "Whether empty buckets appear"),
    Opt("partial", "bool", "true", "Not here"),
    Opt("agg", "text", "", "Not here"),
    Opt("format", "text", "", "Not here"),
    Opt("sep", "text", ": ", "Not here"),
    Opt("aligntime", "text", "", "Not here"),
    Opt(
        "fixedrange",
        "bool",
        "true",
        "In timechart: whether buckets reach from the beginning of the search's time to its end",
    ),
    Opt("dedup_splitvals", "bool", "false", "Not here"),
    Opt("start", "num", "", "Not here"),
    Opt("end", "num", "", "Not here"),
)


def options_of(command: Command) -> dict[str, str]:
    """The options, also of those behind BY."""
    found = [p for p in command.parts if isinstance(p, Option)]
    return {o.name: o.value for o in [*found, *clause_options(command, "OVER"), *clause_options(command)]}


def compile_chart(frame: Frame, command: Command) -> Frame:
    options = options_of(command)
    aggregates = aggregates_of(command.parts) or [Aggregate("count", None, written="count")]
    names = [*by_names(command, "OVER"), *by_names(command)]
    if len(names) > 2:
        frame.fail(names[2].at, "chart takes two fields at most", "stats takes more")
    if not names:
        return rows_by(frame, {}, aggregates)
    row = _row(frame, command, names[0], options)
    if len(names) == 1:
        return rows_by(frame, {names[0].text: row}, aggregates)
    series = frame.field(names[1].text, names[1].at) or Field(frame.item(names[1].text, sql.null()), "text")
    return rows_and_series(frame, names[0].text, row, series, aggregates, split_of(options))


def _row(frame: Frame, command: Command, word: Word, options: dict[str, str]) -> Field:
    keys_of(frame, [word])
    there = frame.field(word.text)
    if there is None:
        return keys_of(frame, [word])[word.text]
    if there.kind == "time":
        if "span" in options or "bins" in options:
            bins = options.get("bins", "100")
            return Field(
                time_buckets(
                    frame, there, options.get("span", ""), int(bins) if bins.isdigit() else 100, word.at
                )[0],
                "time",
            )
        return there
    if "span" in options or "bins" in options:
        value = number_buckets(frame, there, command, options)
        return Field(frame.item(word.text, value.sql), "text")
    return keys_of(frame, [word])[word.text]


COMMAND = Declaration(
    "chart",
    "A row for each value of one field, a column for each value of another",
    "chart FUNCTION(field) [AS name] … [OVER field] [BY field [field]]",
    (option, clause("OVER", option, field, most=1), by, aggregate),
    compile_chart,
    options=OPTIONS,
    notes="The ten greatest series have columns of their own, the rest is OTHER, rows without the field NULL.",
    examples=("* | chart count OVER host BY priority", "* | chart avg(pid) BY unit"),
)

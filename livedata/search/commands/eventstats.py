"""`eventstats`: aggregates beside the rows that they are of."""

from __future__ import annotations

from functools import partial

from sqlglot import exp

from .. import sql
from ..declare import Declaration, Opt
from ..frame import Field, Frame
from ..grouping import aggregates_of, by_names, kind_after, results, windowed
from ..shapes import aggregate, by, number, option
from ..tree import Aggregate, Command
from ..values import Value, as_number
from ..when import BadTime, parse_span


def compile_eventstats(frame: Frame, command: Command) -> Frame:
    aggregates = aggregates_of(command.parts) or [Aggregate("count", None, written="count")]
    keys: list[Field] = []
    for word in by_names(command):
        there = frame.field(word.text, word.at)
        if there is None:
            return frame
        keys.append(there)
    partition = [sql.column(k.column) for k in keys]
    known = sql.both([sql.not_null(sql.column(k.column)) for k in keys if not frame.always(k)])
    if any(a.function in {"first", "last"} for a in aggregates):
        frame.numbered()
        frame.close()
    found = results(frame, aggregates, [])
    made: dict[str, Field] = {}
    for r in found:
        over = windowed(r.value.sql, partition)
        # A row without one of the keys belongs to no group.
        shown = over if sql.constant_truth(known) else sql.case([(known, over)])
        made[r.name] = Field(frame.item(r.name, shown, window=True), kind_after(r.value.kind))
    for name, field in made.items():
        frame.show(name, field)
    return frame


def compile_streamstats(frame: Frame, command: Command) -> Frame:
    aggregates = aggregates_of(command.parts) or [Aggregate("count", None, written="count")]
    truth = partial(_truth, command)
    window = command.option("window", "0")
    size = int(window) if window.isdigit() else 0
    if any(command.option(o) for o in ("reset_before", "reset_after")) or truth("reset_on_change", False):
        frame.fail(
            command.at,
            "reset of streamstats is not there",
            "split the rows with BY, or use window=COUNT",
        )
    names = by_names(command)
    keys: list[Field] = []
    for word in names:
        there = frame.field(word.text, word.at)
        if there is None:
            return frame
        keys.append(there)
    partition = [sql.column(k.column) for k in keys]
    current = truth("current", True)
    order = _by_time(frame, command) if command.option("time_window") else None
    frame.numbered()
    frame.close()
    seconds = order is not None
    order = order or frame.ordering()
    if seconds:
        bounds = f"RANGE {_window_seconds(frame, command)} PRECEDING AND CURRENT ROW"
    elif size > 0:
        start, end = (
            (f"{size - 1} PRECEDING", "CURRENT ROW") if current else (f"{size} PRECEDING", "1 PRECEDING")
        )
        # A window of all rows counts those of the group among them; the order is that of the rows' numbers.
        bounds = f"{'RANGE' if truth('global', True) else 'ROWS'} {start} AND {end}"
    else:
        bounds = f"ROWS UNBOUNDED PRECEDING AND {'CURRENT ROW' if current else '1 PRECEDING'}"
    known = sql.both([sql.not_null(sql.column(k.column)) for k in keys if not frame.always(k)])
    made: dict[str, Field] = {}
    for r in results(frame, aggregates, []):
        over = windowed(r.value.sql, partition, order, bounds)
        made[r.name] = Field(
            frame.item(r.name, over if sql.constant_truth(known) else sql.case([(known, over)]), window=True),
            kind_after(r.value.kind),
        )
    for name, field in made.items():
        frame.show(name, field)
    return frame


def _by_time(frame: Frame, command: Command) -> list[exp.Ordered]:
    """The rows' order by their time, in seconds. Raises SearchError where they are in another one."""
    time = frame.time()
    if time is None or not frame.order or frame.order[0].column != time.column:
        frame.fail(
            command.at,
            "time_window wants rows in the order of their time",
            "for example: | sort 0 _time | streamstats …",
        )
    seconds = as_number(Value(sql.column(time.column), time.kind))
    return [sql.ordered(seconds, frame.order[0].descending)]


def _window_seconds(frame: Frame, command: Command) -> str:
    try:
        size, unit = parse_span(command.option("time_window"))
    except BadTime as bad:
        frame.fail(command.at, str(bad), "for example: time_window=5m")
    return f"{size / 1_000_000 if unit == 'us' else size * 2_592_000:f}"


def _truth(command: Command, name: str, default: bool) -> bool:
    return command.option(name, str(default)).lower() in {"t", "true", "1"}


EVENTSTATS = Declaration(
    "eventstats",
    "Aggregates beside the rows that they are of",
    "eventstats FUNCTION(field) [AS name] … [BY field …]",
    (option, by, aggregate),
    compile_eventstats,
    options=(Opt("allnum", "bool", "false", "Not here"),),
    examples=("* | eventstats count AS of_host BY host | where of_host > 3",),
)
STREAMSTATS = Declaration(
    "streamstats",
    "Aggregates of each row and those before it",
    "streamstats [window=COUNT] [current=BOOL] FUNCTION(field) [AS name] … [BY field …]",
    (option, number, by, aggregate),
    compile_streamstats,
    options=(
        Opt("current", "bool", "true", "Whether the row itself counts"),
        Opt("window", "int", "0", "How many rows count; 0: all before it"),
        Opt(
            "global",
            "bool",
            "true",
            "Whether a window is of all rows, of which those of the group count; false: of the rows of the group",
        ),
        Opt("allnum", "bool", "false", "Not here"),
        Opt("reset_on_change", "bool", "false", "Not here"),
        Opt("reset_before", "text", "", "Not here"),
        Opt("reset_after", "text", "", "Not here"),
        Opt(
            "time_window",
            "span",
            "",
            "How long the window is; the rows must be in the order of their time, and those of the same time count together",
        ),
    ),
    examples=(
        "* | streamstats count AS place BY host",
        "* | reverse | streamstats window=3 avg(pid) AS smooth",
    ),
)

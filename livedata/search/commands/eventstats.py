"""`eventstats` and `streamstats`: aggregates beside the rows that they are of, and of each row and those before it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from .. import sql
from ..arguments import truth
from ..declare import Declaration, Opt
from ..frame import Field, Frame
from ..grouping import aggregates_of, by_names, kind_after, results, windowed
from ..shapes import aggregate, by, number, option
from ..tree import Aggregate, Command
from ..values import Value, as_number
from ..when import BadTime, parse_span

COUNT = Aggregate("count", None, written="count")


def compile_eventstats(frame: Frame, command: Command) -> Frame:
    aggregates = aggregates_of(command.parts) or [COUNT]
    keys = _keys(frame, command)
    if keys is None:
        return frame
    if any(a.function in {"first", "last"} for a in aggregates):
        frame.numbered()
        frame.close()
    return _beside(frame, aggregates, keys)


def compile_streamstats(frame: Frame, command: Command) -> Frame:
    aggregates = aggregates_of(command.parts) or [COUNT]
    window = command.option("window", "0")
    size = int(window) if window.isdigit() else 0
    if any(command.option(o) for o in ("reset_before", "reset_after")) or truth(command, "reset_on_change"):
        frame.fail(
            command.at,
            "reset of streamstats is not there",
            "split the rows with BY, or use window=COUNT",
        )
    keys = _keys(frame, command)
    if keys is None:
        return frame
    current = truth(command, "current", True)
    by_time = _by_time(frame, command) if command.option("time_window") else None
    frame.numbered()
    frame.close()
    if by_time:
        bounds = f"RANGE {_window_seconds(frame, command)} PRECEDING AND CURRENT ROW"
    elif size > 0:
        start, end = (
            (f"{size - 1} PRECEDING", "CURRENT ROW") if current else (f"{size} PRECEDING", "1 PRECEDING")
        )
        # A window of all rows counts those of the group among them; the order is that of the rows' numbers.
        bounds = f"{'RANGE' if truth(command, 'global', True) else 'ROWS'} {start} AND {end}"
    else:
        bounds = f"ROWS UNBOUNDED PRECEDING AND {'CURRENT ROW' if current else '1 PRECEDING'}"
    return _beside(frame, aggregates, keys, by_time or frame.ordering(), bounds)


def _keys(frame: Frame, command: Command) -> list[Field] | None:
    """The fields that the groups are of; None where no row has one of them."""
    keys: list[Field] = []
    for word in by_names(command):
        there = frame.field(word.text, word.at)
        if there is None:
            return None
        keys.append(there)
    return keys


def _beside(
    frame: Frame,
    aggregates: Sequence[Aggregate],
    keys: Sequence[Field],
    order: Sequence[exp.Ordered] = (),
    bounds: str = "",
) -> Frame:
    """The rows with the aggregates of their groups; a row without one of the keys belongs to no group."""
    partition = [sql.column(k.column) for k in keys]
    known = sql.both([sql.not_null(sql.column(k.column)) for k in keys if not frame.always(k)])
    made: dict[str, Field] = {}
    for r in results(frame, aggregates, []):
        over = windowed(r.value.sql, partition, order, bounds)
        shown = over if sql.constant_truth(known) else sql.case([(known, over)])
        made[r.name] = Field(frame.item(r.name, shown, window=True), kind_after(r.value.kind))
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

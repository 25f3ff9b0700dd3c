"""`timechart`: aggregates over time, a column for each value of a field."""

from __future__ import annotations

from .. import sql
from ..arguments import is_true
from ..buckets import TIME_BINS, Interval, time_buckets
from ..charting import rows_and_series, rows_by, split_of
from ..declare import Declaration
from ..frame import Field, Frame
from ..grouping import aggregates_of, by_names
from ..shapes import aggregate, by, option
from ..tree import Aggregate, Command
from .chart import OPTIONS, options_of


def compile_timechart(frame: Frame, command: Command) -> Frame:
    options = options_of(command)
    aggregates = aggregates_of(command.parts) or [Aggregate("count", None, written="count")]
    time = frame.time()
    if time is None:
        frame.fail(
            command.at,
            "timechart goes by time, and these rows have none",
            "keep _time in the commands before it",
        )
    names = by_names(command)
    if len(names) > 1:
        frame.fail(names[1].at, "timechart splits by one field", 'join two: | eval both = a."/".b')
    bins = options.get("bins", "")
    span = options.get("span", "")
    made, step = time_buckets(
        frame,
        time,
        span,
        int(bins) if bins.isdigit() else TIME_BINS,
        command.at,
        least=options.get("minspan", ""),
    )
    row = Field(made, "time")
    continuous = is_true(options.get("cont", "true"))
    if options.get("fixedrange", "true").lower() in {"f", "false", "0"}:
        step = Interval(step.sql, step.step, step.seconds)
    spine = step if continuous else None
    frame.build.bucket_seconds = step.seconds
    if not names:
        found = rows_by(frame, {"_time": row}, aggregates, spine)
    else:
        series = frame.field(names[0].text, names[0].at) or Field(
            frame.item(names[0].text, sql.null()), "text"
        )
        found = rows_and_series(frame, "_time", row, series, aggregates, split_of(options), spine)
    frame.build.bucket_seconds = None
    return found


COMMAND = Declaration(
    "timechart",
    "Aggregates over time, a column for each value of a field",
    "timechart [span=SPAN] FUNCTION(field) [AS name] … [BY field]",
    (option, by, aggregate),
    compile_timechart,
    options=OPTIONS,
    notes="Without span it is chosen so that there are 100 buckets at most. Empty buckets appear.",
    examples=("* | timechart span=1h count BY host", "* | timechart count"),
)

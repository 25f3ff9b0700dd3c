"""A probe: a script, its cadence, and the columns it promises. Its header is the only schema there is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import Any, Literal

Type = Literal["str", "bool", "i64", "u64", "f64", "d2", "ts", "map"]
"""`d2` is a decimal of two places (kernel ticks, load averages): exact, and kept as a scaled integer.
`ts` is microseconds UTC; `map` is text to text."""

Kind = Literal["label", "gauge", "counter", "text", "time"]

Lane = Literal["main", "slow", "log"]
"""The channel of a host's session that a probe runs on: at most three, each a shell of its own."""


Pick = Callable[[tuple[Any, ...]], tuple[Any, ...]]


def _picker(positions: tuple[int, ...]) -> Pick:
    """A function from a row to its values at some positions."""
    if len(positions) > 1:
        return itemgetter(*positions)
    return (lambda row: (row[positions[0]],)) if positions else (lambda row: ())


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    id: int
    type: Type
    kind: Kind
    help: str = ""
    was: tuple[str, ...] = ()
    """Names this column had before; the id stays."""


@dataclass(frozen=True, slots=True)
class Derived:
    """A column reckoned when asked: a DuckDB expression over the table's own columns.

    With an `id` and a `type`, both permanent, rollups keep it. A double takes 7 bytes for each of sum, least and greatest,
    so that is for what is asked for over days.
    """

    name: str
    sql: str
    help: str = ""
    id: int = 0
    type: Type | None = None


@dataclass(frozen=True)
class Probe:
    """One table: what is read or run on a host, how often, and what comes of it."""

    name: str
    help: str
    columns: tuple[Column, ...]
    derived: tuple[Derived, ...] = ()
    source: str = ""
    docs: str = ""
    every: float = 10.0
    """Seconds between two runs; 0 for a table that the collector itself fills."""
    timeout: float = 5.0
    parse: str = "fields"
    """A declared format (`fields`, `keyvalue`, `csv`, `jsonl`) or the parser of a kernel file (`livedata.parse`)."""
    read: tuple[str, ...] = ()
    """Globs under /proc and /sys that the composer reads; a probe has these or a body. Without the first there is no such
    thing on a host; what else is missing is left to the parser."""
    body: str = ""
    lane: Lane = "main"
    denied_without: str = ""
    """A file that is readable where the host shows everything; without it the outcome is `denied`, rows are kept."""
    full: float = 0.0
    """Seconds between two samples that are kept whole; between them a file whose text is as before gives no row, and of a
    script a row that is as before is left out. 0 keeps every sample whole."""
    snapshot: float = 0.0
    """The same for a script whose rows belong together: where its text is as before there is no row, else all are kept."""
    after: str = ""
    """The probe after whose samples this script runs, in the same lane, for what is new in them; `every` means nothing then, and
    `full` how often it runs for all there is."""
    into: str = ""
    """The table of events that the rows go into, where it is another probe's: the columns are that one's."""
    mined: str = ""
    """The text of events whose constant part is kept beside it, in the column `template`, and whose words files are searched by."""
    privilege: Literal["", "root"] = ""
    rollup: tuple[str, ...] | None = None
    """Widths of the table's rollups, of `1m` and `5m`; None leaves it to the cadence (`livedata.model.rollup`)."""
    rollup_by: tuple[str, ...] | None = None
    """The columns besides `host` that a rollup has a row for each value of; None: the labels."""
    rollup_keep: tuple[str, ...] | None = None
    """The gauges and counters that rollups keep; None: all."""
    rollup_of: str = ""
    """The table that this one is a rollup of."""
    path: str = ""
    """The file this was read from, for messages."""

    # Cached, since they are asked for at each sample of each host.

    @cached_property
    def labels(self) -> tuple[int, ...]:
        """Positions of the series key in `columns`."""
        return tuple(i for i, c in enumerate(self.columns) if c.kind == "label")

    @cached_property
    def key_names(self) -> tuple[str, ...]:
        """The names of the labels."""
        return tuple(c.name for c in self.columns if c.kind == "label")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(c.name for c in self.columns)

    @cached_property
    def counters(self) -> tuple[int, ...]:
        """Positions of the counters in `columns`."""
        return tuple(i for i, c in enumerate(self.columns) if c.kind == "counter")

    @cached_property
    def key_of(self) -> Pick:
        """Takes a row's series key: the values of its labels."""
        return _picker(self.labels)

    @cached_property
    def counts_of(self) -> Pick:
        """Takes a row's raw counters."""
        return _picker(self.counters)

    @property
    def is_events(self) -> bool:
        """Whether each row brings its own `ts` (log entries) instead of the tick's."""
        return any(c.name == "ts" for c in self.columns)

"""Rollups: a table summed up by 1 and 5 minutes, as tables of their own whose columns follow from the probe's header.

`cpu_5m` has a row for each host (and each value of the keys) and 5 minutes, with `samples`, the number of raw rows; the first and last
`ts` of them; and for a measure `x` the number of values `x_count`, their sum `x_sum` and, but for increments, `x_min` and `x_max`. A
measure is a gauge, `dt_ms`, the increment of a counter, or a reckoned column that the header marks. Rows may be partial: several
of the same key and time; whoever asks sums up again.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

from .columns import COMMON_IDS, INCREASE_IDS, increase_name, increase_type, stored_columns
from .probe import Column, Probe, Type

WIDTHS = {"1m": 60, "5m": 300}
"""A rollup's name ends in `_` and one of these; seconds."""

NUMERIC: tuple[Type, ...] = ("i64", "u64", "f64", "d2")

Part = Literal["count", "sum", "min", "max"]
PARTS: tuple[Part, ...] = ("count", "sum", "min", "max")
PART_HELP: dict[Part, str] = {"count": "how many values", "sum": "sum", "min": "least", "max": "greatest"}

PART_IDS = 100_000
"""The field id of a measure's part is the measure's own plus this for its count, twice this for its sum, and so on: ids of
raw columns are below. `samples` is the count of measure 0, a key keeps its id."""
DERIVED_IDS = 30_000
"""A marked derived column's id is its own plus this."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What is summed up: a column of the table's view."""

    name: str
    id: int
    type: Type
    parts: tuple[Part, ...] = PARTS
    was: tuple[str, ...] = ()

    def column(self, part: Part) -> Column:
        """The rollup's column of one part; a count is `i64`, the others have the measure's type."""
        return Column(
            f"{self.name}_{part}",
            self.id + PART_IDS * (1 + PARTS.index(part)),
            "i64" if part == "count" else self.type,
            "time" if self.type == "ts" else "gauge",
            f"{self.name}: {PART_HELP[part]}",
            tuple(f"{name}_{part}" for name in self.was),
        )


TIME = Measure("ts", COMMON_IDS["ts"], "ts", ("min", "max"))
SAMPLES = Column("samples", PART_IDS, "i64", "gauge", "Rows of the table that this one sums up")


@dataclass(frozen=True, slots=True)
class Rollup:
    """One rollup of a table: `width` in seconds, `keys` besides `host`, and the `probe` that describes it as a table."""

    width: int
    keys: tuple[Column, ...]
    measures: tuple[Measure, ...]
    probe: Probe

    @property
    def table(self) -> str:
        return self.probe.name


def widths(probe: Probe) -> tuple[str, ...]:
    """The rollups that a table has: what its header says, else both for samples every 20 s or less, `5m` up to 60 s."""
    if probe.rollup_of:
        return ()
    if probe.rollup is not None:
        return probe.rollup
    if probe.is_events or not 0 < probe.every <= 60:
        return ()
    return ("1m", "5m") if probe.every <= 20 else ("5m",)


def measures(probe: Probe) -> tuple[Measure, ...]:
    """What a table's rollups sum up, in the order of its view."""
    wanted = probe.rollup_keep
    kept = [c for c in probe.columns if c.type in NUMERIC and (wanted is None or c.name in wanted)]
    counters = [c for c in kept if c.kind == "counter"]
    found = [
        Measure("dt_ms", c.id, c.type, ("count", "sum")) for c in stored_columns(probe) if c.name == "dt_ms"
    ]
    found += [Measure(c.name, c.id, c.type, was=c.was) for c in kept if c.kind == "gauge"]
    found += [
        Measure(
            increase_name(c.name),
            INCREASE_IDS + c.id,
            increase_type(c),
            ("count", "sum"),
            tuple(map(increase_name, c.was)),
        )
        for c in counters
    ]
    found += [Measure(d.name, DERIVED_IDS + d.id, d.type) for d in probe.derived if d.id and d.type]
    return tuple(found)


def keys(probe: Probe) -> tuple[Column, ...]:
    """The columns besides `host` that a rollup has a row for each value of."""
    if probe.rollup_by is None:
        named = [probe.columns[i].name for i in probe.labels]
    else:
        named = list(probe.rollup_by)
    return tuple(
        Column(c.name, c.id, c.type, "label", c.help, c.was) for c in probe.columns if c.name in named
    )


@cache
def rollups(probe: Probe) -> tuple[Rollup, ...]:
    """A table's rollups, the finest first."""
    if not (wanted := widths(probe)):
        return ()
    by, of = keys(probe), measures(probe)
    columns = (
        *by,
        SAMPLES,
        *(TIME.column(part) for part in TIME.parts),
        *(m.column(p) for m in of for p in m.parts),
    )
    return tuple(
        Rollup(
            WIDTHS[width],
            by,
            of,
            Probe(
                f"{probe.name}_{width}",
                f"{probe.name}, summed up by {WIDTHS[width] // 60} minute{'s' if width != '1m' else ''}.",
                columns,
                source=probe.source,
                docs=probe.docs,
                every=float(WIDTHS[width]),
                rollup_of=probe.name,
            ),
        )
        for width in WIDTHS
        if width in wanted
    )

"""How a host got to where it is: each measure now, and its course over the last quarter of an hour."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from .cells import Cell, limited, number, pct, size, spark
from .limits import BUSY_PCT, FULL_PCT, PRESSURE_PCT, STALE_US, USED_MEMORY_PCT, UTIL_PCT
from .records import Record
from .table import Column

POINTS = 45
POINT_US = 20_000_000

_SELECT = "SELECT {rank} AS rank, '{name}' AS name, ts, ({value})::DOUBLE AS value FROM {table} WHERE {within}{more}"


class Measured(NamedTuple):
    name: str
    table: str
    value: str
    """SQL."""
    show: Callable[[float | None], Cell]
    top: float | None = 100.0
    """What full height is; None: the most that there was."""
    more: str = ""


MEASURES = (
    Measured("cpu %", "cpu", "busy_pct", limited(BUSY_PCT)),
    Measured("  programs", "cpu", "user_pct", pct),
    Measured("  kernel", "cpu", "system_pct", pct),
    Measured("  waiting for disks", "cpu", "iowait_pct", pct),
    Measured("  taken by others", "cpu", "steal_pct", pct),
    Measured("load", "load", "load1", number, None),
    Measured("memory %", "memory", "100 - 100.0 * available_bytes / nullif(total_bytes, 0)", limited(USED_MEMORY_PCT)),
    Measured("swap %", "memory", "100 - 100.0 * swap_free_bytes / nullif(swap_total_bytes, 0)", pct),
    Measured("pressure cpu %", "pressure", "some_pct", limited(PRESSURE_PCT), more=" AND resource = 'cpu'"),
    Measured("pressure memory %", "pressure", "some_pct", limited(PRESSURE_PCT), more=" AND resource = 'memory'"),
    Measured("pressure io %", "pressure", "some_pct", limited(PRESSURE_PCT), more=" AND resource = 'io'"),
    Measured("busiest disk %", "disk", "max(util_pct)", limited(UTIL_PCT), more=" GROUP BY ts"),
    Measured("fullest file system %", "filesystem", "max(used_pct)", limited(FULL_PCT), more=" AND NOT coalesce(readonly, false) GROUP BY ts"),
    Measured("received/s", "network", "sum(rx_bytes_per_second)", size, None, " AND interface <> 'lo' GROUP BY ts"),
    Measured("sent/s", "network", "sum(tx_bytes_per_second)", size, None, " AND interface <> 'lo' GROUP BY ts"),
)  # fmt: skip


class Course(NamedTuple):
    """One measure: its newest value, None where that is too old, and the mean of each stretch of 20 s, the oldest first."""

    measure: Measured
    now: float | None
    points: tuple[float | None, ...]


def course_sql(tables: Mapping[str, object]) -> str:
    """(rank, name, ts, value) of those whose tables there are; empty where there are none."""
    within = "ts > {at} - INTERVAL 15 MINUTE AND ts <= {at}"
    return " UNION ALL ".join(
        _SELECT.format(rank=i, name=m.name, value=m.value, table=m.table, within=within, more=m.more)
        for i, m in enumerate(MEASURES)
        if m.table in tables
    )


def courses(answer: list[Record], at_us: int) -> list[Course]:
    """All measures that anything is known of."""
    found: dict[int, list[tuple[int, float]]] = {}
    for record in answer:
        if record["value"] is not None:
            found.setdefault(record["rank"], []).append((record["ts"], record["value"]))
    made = []
    for rank, points in sorted(found.items()):
        newest, value = max(points)
        cells: list[list[float]] = [[] for _ in range(POINTS)]
        for ts, point in points:
            back = (at_us - ts) // POINT_US
            if 0 <= back < POINTS:
                cells[POINTS - 1 - back].append(point)
        means = tuple(sum(c) / len(c) if c else None for c in cells)
        made.append(Course(MEASURES[rank], value if at_us - newest <= STALE_US else None, means))
    return made


def _spark(course: Course) -> Cell:
    top = course.measure.top or max((p for p in course.points if p is not None), default=1.0)
    return Cell(spark(course.points, top), "line")


COURSE_COLUMNS = (
    Column[Course]("", 22, lambda c: Cell(c.measure.name)),
    Column[Course]("now", 7, lambda c: c.measure.show(c.now), right=True),
    Column[Course]("last 15 minutes", 0, _spark),
)

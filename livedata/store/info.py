"""What a store holds and how it grows: tables, rows, bytes, how far back, and when its budget or the disk will be full."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..model.probe import Probe
from . import expire, manifest, registry
from .files import disk
from .keep import Keep
from .layout import DAY_US, HOUR_US, Layout, Segment

MEASURES = ("counter", "gauge")
LEAST_DAYS = 1 / 24
"""A shorter past than an hour says nothing about growth; nor does that of a store that is younger, whatever its logs go back to."""


@dataclass(frozen=True, slots=True)
class TableInfo:
    """One table. Times are microseconds UTC; rows of the last minutes, in the write-ahead log, are not counted.

    `samples`: values of counters and gauges, so that `bytes / samples` compares with time series databases. `bytes_per_day`: None
    where the past is too short to say. `keep_hours`: how long its rows are kept.
    """

    name: str
    hosts: int
    files: int
    rows: int
    bytes: int
    samples: int
    oldest: int | None
    newest: int | None
    bytes_per_day: float | None
    keep_hours: int


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """The whole store. `bytes`: all that it takes, with write-ahead logs and files that wait to be deleted (`dead_bytes`).

    `budget_full`, `disk_full`: when that will be at the present growth, microseconds UTC; None: never, as far as can be seen.
    `levels_off`: the bytes at which age holds the store, where no growth is unknown.
    """

    tables: tuple[TableInfo, ...]
    bytes: int
    log_bytes: int
    dead_bytes: int
    budget: int
    disk_free: int
    bytes_per_day: float
    levels_off: float
    budget_full: int | None
    disk_full: int | None


def _table(probe: Probe, hosts: int, segments: Sequence[Segment], keep: Keep, young: bool) -> TableInfo:
    rows, size = sum(s.rows for s in segments), sum(s.bytes for s in segments)
    oldest = min((s.first_ts for s in segments), default=None)
    newest = max((s.last_ts for s in segments), default=None)
    days = (newest - oldest) / DAY_US if newest is not None and oldest is not None else 0
    measures = sum(c.kind in MEASURES for c in probe.columns)
    growth = None if young or days < LEAST_DAYS else size / days
    return TableInfo(
        probe.name, hosts, len(segments), rows, size, rows * measures, oldest, newest, growth, keep.hours(probe.name)
    )  # fmt: skip


def filled(room: float, tables: Sequence[TableInfo], now_us: int) -> int | None:
    """When `room` bytes will be used up: each table grows until its oldest rows are as old as they may become; None: never."""
    ends = []
    for table in tables:
        if table.bytes_per_day and table.oldest is not None:
            left = table.keep_hours / 24 - (now_us - table.oldest) / DAY_US
            if left > 0:
                ends.append((left, table.bytes_per_day))
    day, growth = 0.0, sum(rate for _, rate in ends)
    for until, rate in sorted(ends):
        if growth * (until - day) >= room:
            break
        room -= growth * (until - day)
        day, growth = until, growth - rate
    else:
        return None
    return now_us + round((day + max(room, 0) / growth) * DAY_US)


def info(root: Path, keep: Keep, now_us: int) -> StoreInfo:
    """Raises StoreError: there is no store, or it can't be read."""
    layout = Layout(root)
    known = registry.load(layout.tables)
    with disk("look at the store", root):
        with manifest.reading(layout) as listed:
            segments = listed.segments() if listed else []
            hosts = listed.hosts() if listed else {}
            dead = [path for path, _ in listed.dead()] if listed else []
            begun = listed.first_job() if listed else None
        dead_bytes = sum(path.stat().st_size for path in dead if path.exists())
        logs = expire.log_bytes(layout)
        free = shutil.disk_usage(root).free
    by_table: dict[str, list[Segment]] = {}
    for s in segments:
        by_table.setdefault(s.table, []).append(s)
    young = begun is None or now_us - begun < LEAST_DAYS * DAY_US
    tables = tuple(
        _table(table.versions[table.current], len(hosts.get(name, ())), by_table.get(name, []), keep, young)
        for name, table in sorted(known.tables.items())
    )
    used = sum(t.bytes for t in tables) + logs + dead_bytes
    return StoreInfo(
        tables, used, logs, dead_bytes, keep.bytes, free,
        bytes_per_day=sum(t.bytes_per_day or 0 for t in tables),
        levels_off=logs + sum((t.bytes_per_day or 0) * t.keep_hours * HOUR_US / DAY_US for t in tables),
        budget_full=filled(keep.bytes - used, tables, now_us),
        disk_full=filled(free, tables, now_us),
    )  # fmt: skip

"""Compaction: many small files of a table become few large ones, sorted by host, series and time, while others read and write.

What is sealed in a day is merged every hour (level 1), the day when it is over (level 2), and, for tables that are kept for long, the
month (level 3). Level 1 also makes the rollups, of exactly the rows of its files; from level 2 on raw counters are thin. A task reads
its input slice by slice, so its memory does not grow with them; its files begin to live, and its input dies, in one transaction of the
manifest. Deleting the dead comes later (`livedata.store.expire`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import accumulate, count
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import StoreError
from ..model.batch import arrow_schema
from ..model.probe import Probe
from ..model.rollup import rollups
from . import segment
from .fresh import conform
from .layout import DAY_US, HOUR_US, OTHER, Segment, period_end
from .manifest import Manifest
from .registry import Tables, lookup
from .segment import File, Origin, by_series, host_runs, shares
from .sound import fault_of, is_shortage
from .thin import counters, fill, thin

MANY_SEALINGS = 6
"""Sealings of a period at which they are merged, however young."""
MANY_LATE = 24
"""Mergings of late rows at which a period is merged once more, however young they are."""
LATE_US = 2 * HOUR_US
"""How long after its end a period is taken to be over: rows come late."""
SLICE_ROWS = 80_000
"""Rows in memory at one time, about."""
EVENT_SLICE_ROWS = {1: 24_000, 2: 60_000}
"""The same of events by level, whose rows are long; what is merged within a day has small row groups anyway."""
MOST_INPUTS = 400
"""Files of one task, at most: each is open while it runs, and a process may commonly have 1,024. The oldest are taken first."""
MONTH_ROWS = 50_000_000
"""A month of more rows, or files, stays in files of days."""

Roll = Callable[[Probe, pa.Table], Mapping[str, pa.Table] | None]
"""Rows of a table to those of its rollups, by name; None where they can't be made."""


@dataclass(frozen=True, slots=True)
class Task:
    """Segments of one table that become files of `period` at `level`."""

    table: str
    period: str
    level: int
    inputs: tuple[Segment, ...]

    @property
    def rows(self) -> int:
        return sum(s.rows for s in self.inputs)


def _sealings(segments: Sequence[Segment]) -> int:
    return len({s.born for s in segments})


def _old(segments: Sequence[Segment], now_us: int, age_us: int) -> bool:
    return not 0 <= now_us - min(s.born for s in segments) < age_us


def _within(period: str, segments: Sequence[Segment], now_us: int, force: bool) -> Task | None:
    """What is to be done in a period: sealed files are merged, and all of it when it is over."""
    by_age = sorted(segments, key=lambda s: (s.born, s.path))
    new, merged, whole = ([s for s in by_age if s.level == level] for level in (0, 1, 2))
    if new and (force or _sealings(new) >= MANY_SEALINGS or _old(new, now_us, HOUR_US)):
        return Task(new[0].table, period, 1, tuple(new[:MOST_INPUTS]))
    if not merged or new or now_us <= period_end(period) + LATE_US:
        return None
    if whole and not (force or _sealings(merged) >= MANY_LATE or _old(merged, now_us, DAY_US)):
        return None
    taken = merged[:MOST_INPUTS]
    beside = [w for w in whole if any(_overlap(w, m) for m in taken)]
    return Task(merged[0].table, period, 2, (*taken, *beside))


def _overlap(one: Segment, other: Segment) -> bool:
    """Whether they may hold rows of the same host."""
    return one.first_host <= other.last_host and other.first_host <= one.last_host


def _month(month: str, segments: Sequence[Segment], now_us: int, force: bool) -> Task | None:
    """A month of files of days, when it is over; again when late days have waited for a day."""
    days, whole = [s for s in segments if s.level < 3], [s for s in segments if s.level == 3]
    if not days or any(s.level < 2 for s in days) or now_us <= period_end(month) + DAY_US:
        return None
    if whole and not force and not _old(days, now_us, DAY_US):
        return None
    if len(segments) > MOST_INPUTS or sum(s.rows for s in segments) > MONTH_ROWS:
        return None
    return Task(segments[0].table, month, 3, tuple(segments))


def plan(
    segments: Sequence[Segment], now_us: int, long_kept: Collection[str], *, force: bool = False
) -> list[Task]:
    """What is to be done; a task may make another one due. `long_kept`: tables whose months are merged. `force`: at once.

    What the rollups hold is never merged with what they do not.
    """
    periods: dict[tuple[str, str, bool], list[Segment]] = {}
    months: dict[tuple[str, str, bool], list[Segment]] = {}
    for s in segments:
        if not s.damage:
            periods.setdefault((s.table, s.period, s.rolled), []).append(s)
            if s.table in long_kept and s.period != OTHER:
                months.setdefault((s.table, s.period[:7], s.rolled), []).append(s)
    tasks = [_within(period, found, now_us, force) for (_, period, _), found in periods.items()]
    tasks += [_month(month, found, now_us, force) for (_, month, _), found in months.items()]
    return [task for task in tasks if task]


class Damaged(Exception):
    """A file that can't be read, and why."""

    def __init__(self, input_: Segment, reason: str) -> None:
        super().__init__(reason)
        self.segment = input_


class _Input:
    """An open file: its rows by host, in the columns of now. Raises Damaged."""

    def __init__(self, source: Segment, old: Probe, new: Probe) -> None:
        self.source = source
        self._old, self._new = old, new
        self._schema = segment.with_dictionaries(arrow_schema(old), segment.repeated(old))
        self._last: tuple[int, pa.Table] | None = None
        if fault := fault_of(source):
            raise Damaged(source, fault)
        self.file = self._try(
            lambda: pq.ParquetFile(
                source.path, read_dictionary=segment.read_as_dictionaries(old), pre_buffer=False
            )
        )
        self.runs = self._try(lambda: host_runs(self.file.read(["host"])["host"]))
        self._starts = dict(
            zip((h for h, _ in self.runs), accumulate((n for _, n in self.runs), initial=0), strict=False)
        )
        groups = self.file.metadata
        self._groups = [
            *accumulate((groups.row_group(i).num_rows for i in range(groups.num_row_groups)), initial=0)
        ]

    def _try(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except (pa.ArrowException, OSError, ValueError) as error:
            if is_shortage(error):
                raise
            raise Damaged(self.source, str(error).partition("\n")[0]) from error

    def rows(self, hosts: Sequence[str]) -> pa.Table | None:
        """The rows of hosts that follow one another in the order of names; None if there are none."""
        mine = [(self._starts[h], n) for h, n in self._counts(hosts)]
        if not mine:
            return None
        start, end = mine[0][0], sum(mine[-1])
        first = bisect_right(self._groups, start) - 1
        last = bisect_right(self._groups, end - 1) - 1
        table = pa.concat_tables(self._group(number) for number in range(first, last + 1))
        found = self._try(lambda: table.slice(start - self._groups[first], end - start).cast(self._schema))
        if self.source.thin:
            found = fill(found, self._old)
        if self._old is self._new:
            return found
        plain = found.cast(arrow_schema(self._old)).combine_chunks().to_batches()
        return pa.Table.from_batches([conform(plain[0], self._old, self._new)])

    def _group(self, number: int) -> pa.Table:
        """A row group. The last one is kept: the next hosts may lie in it, too."""
        if self._last is None or self._last[0] != number:
            self._last = (
                number,
                self._try(
                    lambda: self.file.read_row_group(number, use_threads=False).select(self._schema.names)
                ),
            )
        return self._last[1]

    def _counts(self, hosts: Sequence[str]) -> list[tuple[str, int]]:
        wanted = set(hosts)
        return [(h, n) for h, n in self.runs if h in wanted]


def _slices(hosts: Sequence[str], counts: Mapping[str, int], most: int) -> Iterator[tuple[str, ...]]:
    """Hosts that are read at one time: as many as fill a slice."""
    taken: list[str] = []
    rows = 0
    for host in hosts:
        if taken and rows + counts[host] > most:
            yield tuple(taken)
            taken, rows = [], 0
        taken.append(host)
        rows += counts[host]
    if taken:
        yield tuple(taken)


def _read(
    inputs: Sequence[_Input], hosts: Sequence[str], probe: Probe, schema: pa.Schema
) -> Iterator[pa.Table]:
    """The rows of these hosts, sorted; of one host with very many in several tables, by time."""
    held: list[pa.Table] = []

    def together() -> pa.Table:
        rows = pa.concat_tables([table.cast(schema) for table in held])
        held.clear()  # each of the next steps makes a copy
        rows = rows.unify_dictionaries().combine_chunks()
        return by_series(rows, probe)

    for source in inputs:
        found = source.rows(hosts)
        if found is None:
            continue
        if held and len(hosts) == 1 and sum(map(len, held)) + len(found) > SLICE_ROWS:
            yield together()
        held.append(found)
    if held:
        yield together()


@dataclass(slots=True)
class _Rolled:
    """The rollups' files beside one file of raw rows; `off`: they can't be made."""

    files: dict[str, File]
    off: bool


def run(manifest: Manifest, task: Task, tables: Tables, roll: Roll, now_us: int) -> None:
    """Do a task. `roll` makes the table's rollups, at level 1.

    Raises:
        Damaged: an input can't be read; nothing has changed.
        OSError, StoreError: nothing has changed.
    """
    layout = manifest.layout
    version = tables.tables[task.table].current
    probe = lookup(tables, task.table, version)
    made_too = {r.table: r.probe for r in rollups(probe) if r.table in tables.tables}
    job = manifest.begin("compact", now_us)
    names = tuple(s.path.relative_to(layout.lake).as_posix() for s in task.inputs)
    thins = task.level > 1 and bool(counters(probe))
    origin = Origin(task.table, version, job, task.rows, task.level, thin=thins, inputs=names)
    zstd = segment.EVENTS_ZSTD if probe.is_events else segment.ZSTD
    slice_rows = EVENT_SLICE_ROWS.get(task.level, SLICE_ROWS) if probe.is_events else SLICE_ROWS
    inputs = [
        _Input(s, lookup(tables, s.table, s.version), probe)
        for s in sorted(task.inputs, key=lambda s: s.first_ts)
    ]
    counts: Counter[str] = Counter()
    for source in inputs:
        counts.update(dict(source.runs))
    raw: list[File] = []
    rolled: list[File] = []
    schema = segment.with_dictionaries(arrow_schema(probe), segment.repeated(probe))
    numbers = count()
    with ExitStack() as made:

        def file(of: Probe, about: Origin, rows: pa.Schema | None = None) -> File:
            where = (layout, layout.aside_compact, of, task.period, about, next(numbers), zstd)
            return made.enter_context(File(*where, schema=rows))

        for hosts in shares(counts):
            beside = _Rolled({}, task.level != 1 or not made_too)
            out = file(probe, origin, schema)
            raw.append(out)
            for some in _slices(hosts, counts, slice_rows):
                for rows in _read(inputs, some, probe, schema):
                    out.add(thin(rows, probe) if thins else rows)
                    found = None if beside.off else roll(probe, rows)
                    beside.off = found is None
                    for name, those in (found or {}).items():
                        if name not in beside.files:
                            about = Origin(name, tables.tables[name].current, job, task.rows, 1, rollup=True)
                            beside.files[name] = file(made_too[name], about)
                            rolled.append(beside.files[name])
                        beside.files[name].add(those)
                    del rows  # before the next ones are read
            out.close(rolled=not beside.off or task.inputs[0].rolled)
            for other in beside.files.values():
                if beside.off:
                    other.drop()
                    rolled.remove(other)
                else:
                    other.close()
        written = sum(f.rows for f in raw)
        if written != task.rows:
            raise StoreError(
                f"compaction of {task.table} gave {written} rows of {task.rows}", where=str(layout.root)
            )
        files = [*rolled, *raw]  # in this order: once the raw rows are there, the rollups are
        segment.move_in(files)
        born, died = [f.segment() for f in files], [s.path for s in task.inputs]
        manifest.commit(job, now_us, born=born, died=died, hosts=segment.hosts_of(rolled))

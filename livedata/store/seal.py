"""Turning closed write-ahead logs into Parquet, so that a crash after any step loses no row and doubles none.

Steps, each durable before the next: a job's number; the Parquet files, written aside, then renamed into the lake; the state at the end of
the logs; the manifest's transaction, which is the moment at which readers turn from the logs to the files; then the logs of the
sealing before this one go. Files of a job that never ended are no part of the store, and `undo` removes them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from ..model.batch import arrow_schema
from ..model.probe import Probe
from . import frame, payload, segment, state
from .files import sync_folder, write_durably
from .layout import Layout, job_of, lake_files
from .log import mapped
from .manifest import Kind, Logs, Manifest
from .payload import Entry, Payload
from .registry import Tables, encode, lookup
from .segment import File, Origin, by_period, by_series, host_runs, shares
from .state import State

ProbeOf = Callable[[str, int], Probe]


@dataclass(slots=True)
class Closed:
    """Closed logs as sealing reads them; `damaged` are the numbers of those that are not whole."""

    payloads: list[Payload] = field(default_factory=list)
    damaged: list[int] = field(default_factory=list)
    damage: list[str] = field(default_factory=list)


def read_logs(layout: Layout, numbers: Iterable[int]) -> Closed:
    """Raises OSError, StoreError."""
    logs = Closed()
    for number in numbers:
        data = mapped(layout.wal(number))
        found = frame.scan(data, number)
        damage = [*found.damage, *frame.closed_damage(found, data, number)]
        logs.payloads += map(payload.unpack, found.bodies)
        logs.damage += damage
        if damage:
            logs.damaged.append(number)
    return logs


def files(rows: pa.Table, probe: Probe) -> Iterator[tuple[str, pa.Table]]:
    """(period, rows in order) of each file that a table's rows are to be kept in."""
    for period, within in by_period(by_series(rows, probe)):
        runs = host_runs(within["host"])
        start = 0
        counts = dict(runs)
        for hosts in shares(counts):
            count = sum(counts[host] for host in hosts)
            yield period, within.slice(start, count)
            start += count


def write_all(layout: Layout, rows: pa.Table, probe: Probe, origin: Origin, n: int) -> list[File]:
    """A table's rows in files aside, the first one a job's `n`th. Raises OSError."""
    made: list[File] = []
    for period, part in files(rows, probe):
        with File(layout, layout.aside, probe, period, origin, n + len(made), segment.ZSTD) as file:
            file.add(part)
            file.close()
        made.append(file)
    return made


def _write_logs(
    layout: Layout, payloads: Sequence[Payload], probe_of: ProbeOf, job: int, wals: tuple[int, int]
) -> list[File]:
    """Every row of the logs into files aside, one table after the other, so that memory holds one at a time."""
    tables: dict[tuple[str, int], list[Entry]] = {}
    for entry in (entry for body in payloads for entry in body.entries if entry.rows):
        tables.setdefault((entry.table, entry.version), []).append(entry)
    total = sum(entry.rows for entries in tables.values() for entry in entries)
    made: list[File] = []
    for (table, version), entries in sorted(tables.items(), key=lambda item: item[0]):
        probe = probe_of(table, version)
        origin = Origin(table, version, job, total, wals=wals)
        records = [payload.record(entry, probe) for entry in entries]
        rows = pa.Table.from_batches(records, arrow_schema(probe))
        made += write_all(layout, rows, probe, origin, len(made))
    return made


def seal(
    manifest: Manifest, before: State, through: int, tables: Tables, now_us: int
) -> tuple[Logs, list[str]]:
    """Seal the logs that are not in the lake up to `through`; the logs' new state, and what was damaged, in sentences.

    `before` is the state at the last sealing, and is brought to this one's. `tables`: the registry's.

    Raises:
        OSError, StoreError: nothing has changed for readers, and it may be tried again.
    """
    layout, done = manifest.layout, manifest.logs()
    wals = (done.sealed_through + 1, through)
    job = manifest.begin("seal", now_us)

    def probe_of(table: str, version: int) -> Probe:
        return lookup(tables, table, version)

    closed = read_logs(layout, range(wals[0], through + 1))
    made = _write_logs(layout, closed.payloads, probe_of, job, wals)
    segment.move_in(made)
    state.replay(before, closed.payloads, probe_of)
    write_durably(layout.state(through), state.dump(before))
    sync_folder(layout.state(through).parent)
    logs = Logs(through, done.sealed_through, (*done.damaged, *closed.damaged))
    born = [file.segment() for file in made]
    hosts = segment.hosts_of(made)
    manifest.commit(job, now_us, born=born, logs=logs, hosts=hosts, registry=encode(tables))
    return logs, closed.damage


def undo(manifest: Manifest, aside: Path, *kinds: Kind) -> None:
    """Remove what jobs of these kinds that died left behind. Raises OSError, StoreError."""
    for left in aside.iterdir():
        left.unlink()
    jobs = set(manifest.interrupted(kinds))
    if jobs:
        for path in lake_files(manifest.layout.lake):
            if job_of(path) in jobs:
                path.unlink()
                sync_folder(path.parent)
        for job in jobs:
            manifest.abandon(job)


def tidy(layout: Layout, logs: Logs) -> None:
    """Remove logs and snapshots that nobody needs any more; damaged logs stay. Raises OSError."""
    for number, path in _numbered(layout.wal(0)):
        if number <= logs.kept_above and number not in logs.damaged:
            path.unlink()
    for number, path in _numbered(layout.state(0)):
        if number != logs.sealed_through:
            path.unlink()


def _numbered(like: Path) -> list[tuple[int, Path]]:
    """The files that lie beside `like` and are named as it is, by number."""
    return [(int(p.stem), p) for p in like.parent.glob(f"*{like.suffix}") if p.stem.isdecimal()]

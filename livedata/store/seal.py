"""Turning closed write-ahead logs into Parquet, so that a crash after any step loses no row and doubles none.

Steps, each durable before the next: the marker `sealing`; the Parquet files, written aside, then renamed into the lake; the state at the
end of the logs; the checkpoint, which is the moment at which readers turn from the logs to the files; then the marker goes, and
with it the logs of the sealing before this one. What lies in the lake beyond the checkpoint belongs to a sealing that died: readers
pass over it, `undo` removes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from ..model.probe import Probe
from . import checkpoint, frame, payload, state
from .checkpoint import Checkpoint
from .files import make_folder, sync_folder, write_durably
from .layout import Layout, list_parts, part_path
from .payload import Entry, Payload
from .segment import by_series, encodings, metadata, parquet, span
from .state import State

ProbeOf = Callable[[str, int], Probe]


@dataclass(slots=True)
class Logs:
    """Closed logs as sealing reads them; `damaged` are the numbers of those that are not whole."""

    payloads: list[Payload] = field(default_factory=list)
    damaged: list[int] = field(default_factory=list)
    damage: list[str] = field(default_factory=list)


def read_logs(layout: Layout, numbers: Iterable[int]) -> Logs:
    """Raises OSError, StoreError."""
    logs = Logs()
    for number in numbers:
        data = layout.wal(number).read_bytes()
        found = frame.scan(data, number)
        damage = [*found.damage, *frame.closed_damage(found, data, number)]
        logs.payloads += map(payload.unpack, found.bodies)
        logs.damage += damage
        if damage:
            logs.damaged.append(number)
    return logs


def _by_host(entries: Sequence[Entry], probe: Probe) -> Iterator[tuple[str, pa.Table]]:
    """Each host's rows, sorted by series and time."""
    counts: dict[str, int] = {}
    for entry in entries:
        runs = payload.runs(entry)
        for host, rows in zip(runs.hosts, runs.rows, strict=True):
            counts[host] = counts.get(host, 0) + rows
    rows = by_series([payload.record(entry, probe) for entry in entries], probe)
    start = 0
    for host in sorted(counts):
        if counts[host]:
            yield host, rows.slice(start, counts[host])
            start += counts[host]


def _write_parts(
    layout: Layout, payloads: Sequence[Payload], probe_of: ProbeOf, wals: tuple[int, int]
) -> None:
    """Every row of the logs into the lake, one table after the other, so that memory holds one at a time."""
    tables: dict[tuple[str, int], list[Entry]] = {}
    for entry in (entry for body in payloads for entry in body.entries):
        tables.setdefault((entry.table, entry.version), []).append(entry)
    folders: set[Path] = set()
    for (table, version), entries in sorted(tables.items(), key=lambda item: item[0]):
        probe = probe_of(table, version)
        how, about = encodings(probe), metadata(table, version, wals)
        for host, rows in _by_host(entries, probe):
            path = part_path(layout.lake, table, host, span=span(rows), wals=wals, version=version)
            for folder in (path.parent.parent, path.parent):
                make_folder(folder)
            new = layout.aside / "part.parquet"
            write_durably(new, memoryview(parquet(rows, how, about)))
            new.replace(path)
            folders.add(path.parent)
    for folder in folders:
        sync_folder(folder)


def seal(
    layout: Layout, done: Checkpoint, before: State, through: int, probe_of: ProbeOf
) -> tuple[Checkpoint, list[str]]:
    """Seal the logs after `done` up to `through`; the new checkpoint, and what was damaged, in sentences.

    `before` is the state at `done`, and is brought to the new checkpoint's.

    Raises:
        OSError, StoreError: nothing has changed for readers, and it may be tried again.
    """
    wals = (done.sealed_through + 1, through)
    write_durably(layout.sealing, b"")
    sync_folder(layout.root)
    logs = read_logs(layout, range(wals[0], through + 1))
    _write_parts(layout, logs.payloads, probe_of, wals)
    state.replay(before, logs.payloads, probe_of)
    write_durably(layout.state(through), state.dump(before))
    sync_folder(layout.state(through).parent)
    new = Checkpoint(through, done.sealed_through, (*done.damaged, *logs.damaged))
    checkpoint.save(layout, new)
    return new, logs.damage


def undo(layout: Layout, done: Checkpoint) -> None:
    """Remove what a sealing that died left in the lake. Looks there only if one did. Raises OSError."""
    if layout.sealing.exists():
        for part in list_parts(layout.lake):
            if part.last_wal > done.sealed_through:
                part.path.unlink()
                sync_folder(part.path.parent)
        layout.sealing.unlink()
        sync_folder(layout.root)


def tidy(layout: Layout, done: Checkpoint) -> None:
    """Remove logs and snapshots that nobody needs any more; damaged logs stay. Raises OSError."""
    for number, path in _numbered(layout.wal(0)):
        if number <= done.kept_above and number not in done.damaged:
            path.unlink()
    for number, path in _numbered(layout.state(0)):
        if number != done.sealed_through:
            path.unlink()


def _numbered(like: Path) -> list[tuple[int, Path]]:
    """The files that lie beside `like` and are named as it is, by number."""
    return [(int(p.stem), p) for p in like.parent.glob(f"*{like.suffix}") if p.stem.isdecimal()]

"""What is known of each host's last sample: the counters that increments are reckoned from, and where a log goes on.

It is never written beside the rows: rows and runs in the write-ahead log imply it (`replay`), and a snapshot is taken of it when a log is
sealed. A damaged snapshot costs one null increment a series, never a wrong one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from zlib import crc32

import msgspec
import pyarrow as pa

from ..errors import StoreError
from ..model.batch import Batch
from ..model.probe import Probe
from . import payload
from .payload import Entry, Payload

Key = tuple[Any, ...]
"""A series' label values, in the order of `Probe.labels`."""
Counters = tuple[Any, ...]
"""Raw counters, in the order of `Probe.counters`."""


@dataclass(slots=True)
class Last:
    """The last run of a probe on a host. `shape`: see `shape`; it says which columns `counters` holds."""

    ts: int
    boot_id: str | None
    uptime_ms: int | None
    counters: Mapping[Key, Counters]
    cursor: str | None
    shape: tuple[int, ...] = ()


def shape(probe: Probe) -> tuple[int, ...]:
    """What makes the counters of two samples comparable: the permanent ids of labels and counters, in order."""
    ids = [c.id for c in probe.columns]
    return (*(ids[i] for i in probe.labels), 0, *(ids[i] for i in probe.counters)) if probe.counters else ()


@dataclass(slots=True)
class State:
    """`last`: by (host, probe name)."""

    last: dict[tuple[str, str], Last] = field(default_factory=dict)

    def before(self, host: str, probe: Probe) -> Last | None:
        """The last run, to reckon increments from: without counters where the header had other labels or counters then."""
        last = self.last.get((host, probe.name))
        if last is None or not last.counters or last.shape == shape(probe):
            return last
        return replace(last, counters={}, shape=())

    def apply(self, batch: Batch) -> None:
        """A batch is durable: time, boot and cursor are the last ones. Its counters are not kept a second time: who collects
        has them, and `replay` finds them in the rows. A batch without a cursor leaves the one before."""
        self._put(
            batch.host, batch.probe.name, Last(batch.ts, batch.boot_id, batch.uptime_ms, {}, batch.cursor)
        )

    def _put(self, host: str, probe: str, last: Last) -> None:
        before = self.last.get((host, probe))
        if last.cursor is None and before is not None:
            last.cursor = before.cursor
        self.last[host, probe] = last


def _counters(record: pa.RecordBatch, probe: Probe) -> dict[Key, Counters]:
    """The raw counters of one run's rows."""

    def rows(positions: tuple[int, ...]) -> Iterable[tuple[Any, ...]]:
        columns = [payload.values(record.column(probe.columns[i].name)) for i in positions]
        return zip(*columns, strict=True) if columns else [()] * len(record)

    return dict(zip(rows(probe.labels), rows(probe.counters), strict=True))


def replay(state: State, payloads: Iterable[Payload], probe_of: Callable[[str, int], Probe]) -> None:
    """Bring a state up to the end of these frames, in their order.

    Only the rows of each host's last run are decoded. Raises StoreError: a version is unknown.
    """
    latest: dict[tuple[str, str], tuple[Entry, int, int]] = {}
    for entry in (entry for body in payloads for entry in body.entries):
        runs = payload.runs(entry)
        slices = runs.slices()
        for i, (host, start, rows) in enumerate(slices):
            latest[host, entry.table] = (entry, start, rows)
            state._put(
                host, entry.table, Last(runs.ts[i], runs.boot_ids[i], runs.uptimes[i], {}, runs.cursors[i])
            )
    records: dict[int, pa.RecordBatch] = {}
    for (host, table), (entry, start, rows) in latest.items():
        probe = probe_of(table, entry.version)
        ids = shape(probe)
        if ids:
            if id(entry) not in records:
                records[id(entry)] = payload.record(entry, probe)
            last = state.last[host, table]
            last.shape = ids
            last.counters = _counters(records[id(entry)].slice(start, rows), probe)


def dump(state: State) -> bytes:
    """A snapshot's bytes: CRC-32 (little-endian) and msgpack."""
    body = msgspec.msgpack.encode([(*key, last) for key, last in state.last.items()])
    return crc32(body).to_bytes(4, "little") + body


def restore(data: bytes) -> State:
    """Raises StoreError: the snapshot is damaged."""
    try:
        if crc32(data[4:]) != int.from_bytes(data[:4], "little"):
            raise StoreError("the snapshot of counters and cursors is damaged")
        found = msgspec.msgpack.decode(data[4:], type=list[tuple[str, str, Last]])
    except msgspec.DecodeError as error:
        raise StoreError(f"the snapshot of counters and cursors can't be read: {error}") from error
    return State({(host, probe): last for host, probe, last in found})

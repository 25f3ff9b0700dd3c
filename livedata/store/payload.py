"""What stands in a frame of the write-ahead log: one tick's batches of all hosts, an entry a table.

An entry keeps the rows as one Arrow record batch (its schema is in `tables.json`) and, beside it, the runs: which host's how many rows,
and the time, boot and cursor of each. Rows and runs together imply the state, so rows and state can't part. Each is compressed by
itself, so that a reader of one table passes over the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import pyarrow as pa

from ..errors import ProbeError, StoreError
from ..model.batch import Batch, arrow_schema, seen_as, to_arrow
from ..model.host import valid_name
from ..model.probe import Probe

LONGEST_RAW = 2**31 - 1
ZSTD_LEVEL = 1
BAD_ROWS = (ValueError, TypeError, OverflowError, pa.ArrowException, msgspec.MsgspecError)
"""What values that are not as promised raise on their way to Arrow and msgpack."""


class Runs(msgspec.Struct, array_like=True):
    """One value a batch in each list; `rows` are consecutive in the entry's record batch."""

    hosts: list[str]
    rows: list[int]
    ts: list[int]
    boot_ids: list[str | None]
    uptimes: list[int | None]
    cursors: list[str | None]

    def slices(self) -> Iterator[tuple[str, int, int]]:
        """(host, first row, rows) of each run."""
        start = 0
        for host, rows in zip(self.hosts, self.rows, strict=True):
            yield host, start, rows
            start += rows


class Packed(msgspec.Struct, array_like=True):
    """zstd's bytes, and how many they were before."""

    size: int
    data: memoryview


class Entry(msgspec.Struct, array_like=True):
    """One table's rows of a frame; `first_ts` and `last_ts` enclose their `ts`."""

    table: str
    version: int
    rows: int
    first_ts: int
    last_ts: int
    runs: Packed
    record: Packed


class Payload(msgspec.Struct, array_like=True):
    """A frame's body: `written` is when, microseconds UTC."""

    written: int
    entries: list[Entry]


@dataclass(frozen=True, slots=True)
class Refused:
    """A batch that is not kept, and why."""

    batch: Batch
    reason: str


def _pack(data: bytes | pa.Buffer) -> Packed:
    if len(data) > LONGEST_RAW:
        raise ValueError(f"{len(data):,} bytes at once")
    codec = pa.Codec("zstd", compression_level=ZSTD_LEVEL)
    return Packed(len(data), memoryview(codec.compress(data)))


def _unpack(packed: Packed) -> pa.Buffer:
    if not 0 <= packed.size <= LONGEST_RAW:
        raise StoreError(f"rows of {packed.size} bytes", hint="a newer or damaged write-ahead log")
    return pa.Codec("zstd").decompress(pa.py_buffer(packed.data), packed.size)


def _span(probe: Probe, batches: Sequence[Batch]) -> tuple[int, int]:
    """First and last `ts` of the rows; of the batches where there are no rows."""
    if probe.is_events:
        at = next(i for i, c in enumerate(probe.columns) if c.name == "ts")
        times = [row[at] for b in batches for row in b.rows]
    else:
        times = [b.ts for b in batches if b.rows]
    if None in times:
        raise ValueError("an event without a time")
    times = times or [b.ts for b in batches]
    return min(times), max(times)


def _check_maps(probe: Probe, batches: Sequence[Batch]) -> None:
    """ValueError for a key that stands twice in a map: DuckDB refuses every query that meets one."""
    for at in [i for i, c in enumerate(probe.columns) if c.type == "map"]:
        for pairs in (row[at] for b in batches for row in b.rows):
            if pairs and len(dict(pairs)) != len(pairs):
                raise ValueError(f"{probe.columns[at].name!r} has a key twice")


def _entry(batches: Sequence[Batch], version: int) -> Entry:
    """The entry of batches that share a probe; ValueError, TypeError or OverflowError if their rows are not as promised."""
    probe = batches[0].probe
    strangers = [b.host for b in batches if not valid_name(b.host)]
    if strangers:
        raise ValueError(f"{strangers[0]!r} can't be a host's name")
    _check_maps(probe, batches)
    first, last = _span(probe, batches)
    record = to_arrow(batches)
    runs = Runs(
        [b.host for b in batches],
        [len(b.rows) for b in batches],
        [b.ts for b in batches],
        [b.boot_id for b in batches],
        [b.uptime_ms for b in batches],
        [b.cursor for b in batches],
    )
    runs_bytes = msgspec.msgpack.encode(runs)
    msgspec.msgpack.decode(runs_bytes, type=Runs)  # what could not be read back must not be written
    return Entry(probe.name, version, len(record), first, last, _pack(runs_bytes), _pack(record.serialize()))


def _length(entry: Entry) -> int:
    """Bytes that an entry takes of a frame, at most."""
    return len(entry.runs.data) + len(entry.record.data) + 1_000


def _entries(batches: Sequence[Batch], version: int, longest: int, refused: list[Refused]) -> Iterator[Entry]:
    """One entry if all is well; halves of halves where it is too long or a batch is bad, so that it alone is refused."""
    try:
        entry = _entry(batches, version)
        if _length(entry) > longest:
            raise ValueError(f"{_length(entry):,} bytes at once")
        yield entry
    except BAD_ROWS as error:
        if len(batches) == 1:
            refused.append(Refused(batches[0], f"not as the header promises: {error}"))
            return
        half = len(batches) // 2
        yield from _entries(batches[:half], version, longest, refused)
        yield from _entries(batches[half:], version, longest, refused)


def _all_entries(
    batches: Sequence[Batch], admit: Callable[[Probe], int], longest: int, refused: list[Refused]
) -> Iterator[Entry]:
    groups: dict[int, list[Batch]] = {}
    for batch in batches:
        groups.setdefault(id(batch.probe), []).append(batch)
    for group in groups.values():
        try:
            version = admit(group[0].probe)
        except ProbeError as error:
            refused += [Refused(b, str(error)) for b in group]
        else:
            yield from _entries(group, version, longest, refused)


def pack(
    batches: Sequence[Batch], admit: Callable[[Probe], int], now_us: int, longest: int
) -> tuple[list[bytes], list[Refused]]:
    """Frame bodies (one, unless it would be longer than `longest`) and the batches that can't be kept.

    `admit` gives the version of a probe's columns; where it raises ProbeError, the batches are refused. Raises what else it raises.
    """
    refused: list[Refused] = []
    frames: list[list[Entry]] = []
    left = 0
    for entry in _all_entries(batches, admit, longest, refused):
        if _length(entry) > left:
            frames.append([])
            left = longest
        frames[-1].append(entry)
        left -= _length(entry)
    return [msgspec.msgpack.encode(Payload(now_us, entries)) for entries in frames], refused


def unpack(body: memoryview) -> Payload:
    """Raises StoreError: it is sound, but nothing this livedata wrote."""
    try:
        return msgspec.msgpack.decode(body, type=Payload)
    except msgspec.DecodeError as error:
        raise StoreError(f"a frame of the write-ahead log can't be read: {error}") from error


def runs(entry: Entry) -> Runs:
    """Raises StoreError: it is sound, but nothing this livedata wrote."""
    try:
        return msgspec.msgpack.decode(_unpack(entry.runs), type=Runs)
    except msgspec.DecodeError as error:
        raise StoreError(f"{entry.table}: rows of the write-ahead log can't be read: {error}") from error


def record(entry: Entry, probe: Probe) -> pa.RecordBatch:
    """The rows, with the schema of the version that they were written with."""
    try:
        return pa.ipc.read_record_batch(_unpack(entry.record), arrow_schema(probe))
    except pa.ArrowException as error:
        raise StoreError(f"{entry.table}: rows of the write-ahead log can't be read: {error}") from error


def values(array: pa.Array) -> list[Any]:
    """An Arrow column as the values it was made from (`livedata.model.batch.Row`)."""
    if pa.types.is_decimal(array.type) or pa.types.is_timestamp(array.type):
        array = seen_as(array, pa.int64())
    found: list[Any] = array.to_pylist()
    return found

"""The rows of one probe run, and the Arrow schema that a probe's header implies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, repeat
from typing import Any

import pyarrow as pa

from .columns import TEMPLATE, increase_name, increase_type, stored_columns
from .probe import Probe, Type

__all__ = [
    "TYPES",
    "Batch",
    "Row",
    "arrow_schema",
    "increase_name",
    "increase_type",
    "mined",
    "stored_columns",
    "to_arrow",
]

Row = tuple[Any, ...]
"""Values in the order of a probe's columns; counters' increments follow (see `Batch`).
`d2` stands as an int of hundredths, `ts` as int microseconds, `map` as a list of pairs, absent values as None."""

TYPES: dict[Type, pa.DataType] = {
    "str": pa.string(),
    "bool": pa.bool_(),
    "i64": pa.int64(),
    "u64": pa.uint64(),
    "f64": pa.float64(),
    "d2": pa.decimal64(18, 2),
    "ts": pa.timestamp("us", tz="UTC"),
    "map": pa.map_(pa.string(), pa.string()),
}


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one run: `rows` are the header's columns followed by one increment a counter, in the counters' order.

    `ts`: the scheduled tick, microseconds UTC. `boot_id`: as /proc/sys/kernel/random/boot_id says, None where it is
    missing. `offset_ms`: middle of the read minus `ts`, to 10 ms as `dt_ms` is (finer it would be a tenth of the store). `dt_ms`: the
    host's uptime since the sample before, None where no sample of this boot is known. `uptime_ms`: the host's uptime at the read. `cursor`: where a log goes on.
    """

    probe: Probe
    host: str
    ts: int
    rows: Sequence[Row]
    boot_id: str | None = None
    offset_ms: int | None = None
    dt_ms: int | None = None
    uptime_ms: int | None = None
    cursor: str | None = None


@cache
def arrow_schema(probe: Probe) -> pa.Schema:
    """The Arrow schema of a probe's stored table, with Parquet field ids."""
    return pa.schema(
        [
            pa.field(c.name, TYPES[c.type], metadata={b"PARQUET:field_id": str(c.id).encode()})
            for c in stored_columns(probe)
        ]
    )


def seen_as(array: pa.Array, of: pa.DataType) -> pa.Array:
    """The same 64 bits a value under another type: hundredths are whole numbers and `d2`, microseconds whole numbers and `ts`."""
    return pa.Array.from_buffers(of, len(array), array.buffers(), array.null_count, array.offset)


def _array(values: Iterable[Any], column_type: Type) -> pa.Array:
    """Python values to Arrow; hundredths become decimals without a Python object each."""
    if column_type != "d2":
        return pa.array(values, TYPES[column_type])
    return seen_as(pa.array(values, pa.int64()), TYPES["d2"])


def to_arrow(batches: Sequence[Batch]) -> pa.RecordBatch:
    """One record batch of many hosts' runs of the same probe (`batches` must share it, and not be empty).

    Raises:
        pa.ArrowInvalid, pa.ArrowTypeError, OverflowError: a row does not have the promised types.
    """
    probe = batches[0].probe
    columns = stored_columns(probe)
    width = len(probe.columns) + len(probe.counters)
    arrays: dict[str, pa.Array] = {}
    rows = list(chain.from_iterable(b.rows for b in batches))
    if probe.mined:
        columns = [c for c in columns if c.name != TEMPLATE]
    values: list[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else [()] * width
    if len(values) != width:
        raise pa.ArrowInvalid(f"{probe.name}: rows of {len(values)} values, {width} promised")
    repeats = {"ts": "ts", "host": "host", "boot_id": "boot_id", "offset_ms": "offset_ms", "dt_ms": "dt_ms"}
    offset = len(columns) - width
    # What is one value a batch is made once for each, and taken for its rows.
    of_batch = pa.array(
        chain.from_iterable(repeat(i, len(b.rows)) for i, b in enumerate(batches)), pa.int32()
    )
    for i, column in enumerate(columns):
        if i >= offset:
            arrays[column.name] = _array(values[i - offset], column.type)
        else:
            of_each = _array([getattr(b, repeats[column.name]) for b in batches], column.type)
            arrays[column.name] = of_each.take(of_batch)
    if probe.mined:
        arrays[TEMPLATE] = pa.nulls(len(rows), pa.string())
    return mined(pa.RecordBatch.from_arrays(list(arrays.values()), schema=arrow_schema(probe)), probe)


def mined(record: pa.RecordBatch, probe: Probe) -> pa.RecordBatch:
    """The rows with the templates of their messages, where the probe has them mined."""
    if not probe.mined:
        return record
    from .template import templates  # of all tables only logs need what that loads

    at = record.schema.get_field_index(TEMPLATE)
    made = templates(record.column(record.schema.get_field_index(probe.mined)))
    return record.set_column(at, record.schema.field(at), made)

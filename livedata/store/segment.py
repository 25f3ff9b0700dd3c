"""Writing one Parquet file: one host's rows of one table, sorted by series and time, so that any tool can read it.

The encodings are those of docs/decisions/0003-store.md: delta for whole numbers, times and decimals (kept as scaled integers), dictionaries
for text, zstd 3. Field ids are the columns' permanent ids; the file's metadata say its table, version and logs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from .. import __version__
from ..model.batch import arrow_schema, stored_columns
from ..model.probe import Probe, Type
from .payload import values

ROW_GROUP = 120_000
ZSTD_LEVEL = 3
DELTA: tuple[Type, ...] = ("i64", "u64", "d2", "ts")


def by_series(records: Sequence[pa.RecordBatch], probe: Probe) -> pa.Table:
    """Rows sorted by the full series key (host, then the labels), then `ts`: neighbours are alike, so they take little room."""
    labels = [probe.columns[i].name for i in probe.labels if probe.columns[i].name not in ("host", "ts")]
    rows = pa.Table.from_batches(records, arrow_schema(probe)).combine_chunks()
    return rows.sort_by([(name, "ascending") for name in ("host", *labels, "ts")])


def span(rows: pa.Table) -> tuple[int, int]:
    """First and last `ts` of rows (at least one), microseconds UTC."""
    times = [t for chunk in rows["ts"].chunks for t in values(chunk)]
    return min(times), max(times)


def encodings(probe: Probe) -> dict[str, Any]:
    """How a table's columns are written: pyarrow's options."""
    columns = stored_columns(probe)
    texts = {"str": ("",), "map": (".key_value.key", ".key_value.value")}
    return {
        "compression": "zstd",
        "compression_level": ZSTD_LEVEL,
        "store_schema": False,
        "store_decimal_as_integer": True,
        "use_dictionary": [c.name + path for c in columns for path in texts.get(c.type, ())],
        "column_encoding": {c.name: "DELTA_BINARY_PACKED" for c in columns if c.type in DELTA},
    }


def metadata(table: str, version: int, wals: tuple[int, int]) -> dict[str, str]:
    """What a file says of itself besides its columns."""
    return {
        "livedata": __version__,
        "livedata.table": table,
        "livedata.version": str(version),
        "livedata.wal": f"{wals[0]}-{wals[1]}",
    }


def parquet(rows: pa.Table, how: Mapping[str, Any], about: Mapping[str, str]) -> pa.Buffer:
    """The bytes of a Parquet file of these rows: `how` from `encodings`, `about` from `metadata`."""
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, rows.schema, **how) as file:
        file.write_table(rows, ROW_GROUP)
        file.add_key_value_metadata(about)
    return sink.getvalue()

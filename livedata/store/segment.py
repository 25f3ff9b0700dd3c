"""Writing one Parquet file: one host's rows of one table, sorted by series and time, so that any tool can read it.

The encodings are those of docs/decisions/0003-store.md: delta for whole numbers, times and decimals (kept as scaled integers), dictionaries
for text, zstd 3. Field ids are the columns' permanent ids; the file's metadata say its table, version and logs.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from .. import __version__
from ..model.batch import arrow_schema, stored_columns
from ..model.probe import Probe, Type
from .payload import values

ROW_GROUP = 120_000
ZSTD_LEVEL = 3
DELTA: tuple[Type, ...] = ("i64", "u64", "d2", "ts")


def span(records: Sequence[pa.RecordBatch]) -> tuple[int, int]:
    """First and last `ts` of rows (at least one), microseconds UTC."""
    times = [t for r in records for t in values(r.column("ts"))]
    return min(times), max(times)


def parquet(
    records: Sequence[pa.RecordBatch], probe: Probe, version: int, wals: tuple[int, int]
) -> pa.Buffer:
    """The bytes of a Parquet file of these rows, which have the probe's stored columns."""
    columns = stored_columns(probe)
    rows = pa.Table.from_batches(records, arrow_schema(probe)).combine_chunks()
    keys = [(probe.columns[i].name, "ascending") for i in probe.labels if probe.columns[i].name != "ts"]
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(
        sink,
        rows.schema,
        compression="zstd",
        compression_level=ZSTD_LEVEL,
        store_schema=False,
        store_decimal_as_integer=True,
        use_dictionary=[
            path
            for c in columns
            for path in {
                "str": [c.name],
                "map": [f"{c.name}.key_value.key", f"{c.name}.key_value.value"],
            }.get(c.type, [])
        ],
        column_encoding={c.name: "DELTA_BINARY_PACKED" for c in columns if c.type in DELTA},
    ) as file:
        file.write_table(rows.sort_by([*keys, ("ts", "ascending")]), ROW_GROUP)
        file.add_key_value_metadata(
            {
                "livedata": __version__,
                "livedata.table": probe.name,
                "livedata.version": str(version),
                "livedata.wal": f"{wals[0]}-{wals[1]}",
            }
        )
    return sink.getvalue()

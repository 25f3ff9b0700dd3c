"""Writes a table's rows as Parquet, Arrow, CSV or JSON lines, in bounded memory, and compresses what is text."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from ..model.batch import TYPES, arrow_schema
from ..model.probe import Probe
from ..query.formats import write_csv, write_jsonl
from ..query.table import Look
from ..store.segment import LARGEST_GROUP, ZSTD, encodings
from . import header

Write = Callable[[Probe, Iterable[pa.RecordBatch], IO[bytes]], int]
"""Writes batches of `arrow_schema(probe)`; gives the number of rows."""


@dataclass(frozen=True, slots=True)
class Format:
    write: Write
    suffixes: tuple[str, ...]
    binary: bool = False
    """Not for a terminal, and not to be compressed once more."""


def groups(batches: Iterable[pa.RecordBatch], most: int) -> Iterator[pa.Table]:
    """The same rows in tables of `most`, the last one of fewer."""
    kept: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        kept.append(batch)
        rows += batch.num_rows
        while rows >= most:
            table = pa.Table.from_batches(kept)
            yield table.slice(0, most)
            kept = table.slice(most).to_batches()
            rows -= most
    if rows:
        yield pa.Table.from_batches(kept)


def write_parquet(probe: Probe, batches: Iterable[pa.RecordBatch], out: IO[bytes]) -> int:
    """Parquet as the store writes it (docs/decisions/0003-store.md), with the table's header in its metadata."""
    rows = 0
    with pq.ParquetWriter(out, arrow_schema(probe), **encodings(probe, ZSTD)) as file:
        for table in groups(batches, LARGEST_GROUP):
            file.write_table(table, LARGEST_GROUP)
            rows += table.num_rows
        file.add_key_value_metadata(header.metadata(probe))
    return rows


def write_arrow(probe: Probe, batches: Iterable[pa.RecordBatch], out: IO[bytes]) -> int:
    """Arrow's streaming IPC format; decimals have 128 bits, since few readers know those of 64."""
    kinds = {TYPES["d2"]: pa.decimal128(18, 2)}
    fields = [f.with_type(kinds.get(f.type, f.type)) for f in arrow_schema(probe)]
    schema = pa.schema(fields, header.metadata(probe))
    rows = 0
    with pa.ipc.new_stream(out, schema) as file:
        for batch in batches:
            file.write_batch(batch.cast(schema))
            rows += batch.num_rows
    return rows


def _csv(probe: Probe, batches: Iterable[pa.RecordBatch], out: IO[bytes]) -> int:
    return write_csv(arrow_schema(probe), batches, out, Look())


def _jsonl(probe: Probe, batches: Iterable[pa.RecordBatch], out: IO[bytes]) -> int:
    return write_jsonl(arrow_schema(probe), batches, out, Look())


FORMATS: dict[str, Format] = {
    "parquet": Format(write_parquet, (".parquet", ".pq"), binary=True),
    "csv": Format(_csv, (".csv",)),
    "arrow": Format(write_arrow, (".arrow", ".arrows"), binary=True),
    "jsonl": Format(_jsonl, (".jsonl", ".ndjson")),
}

CODECS = {"gzip": ".gz", "zstd": ".zst"}
"""What text may be compressed by, and the suffix that says so."""


@contextmanager
def compressed(out: IO[bytes], codec: str) -> Iterator[IO[bytes]]:
    """A file that compresses into `out`, which stays open; `out` itself where `codec` is ""."""
    if not codec:
        yield out
        return
    out.flush()
    with os.fdopen(os.dup(out.fileno()), "wb") as same:  # closing a compressor closes what is under it
        sink: Any
        if codec == "gzip":
            sink = gzip.GzipFile("", "wb", fileobj=same, mtime=0)
        else:
            sink = pa.CompressedOutputStream(pa.PythonFile(same, "w"), codec)
        with sink:
            yield sink

"""Reads any Parquet, Arrow, CSV or JSON lines file, block by block, and can say where in the file a row stands."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv

from ..errors import UsageError
from ..model.probe import Probe, Type
from . import header
from .formats import CODECS, FORMATS
from .jsonl import json_blocks
from .parquet import open_parquet, parquet_batches

LONGEST_ROW = 16_000_000
"""Bytes of a line of JSON."""
CSV_BLOCK = 4_000_000
"""Bytes of CSV that are read at a time; no row may be longer."""


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows; `place(i)` says where the i-th stands: `row 17`, `line 17`."""

    rows: pa.RecordBatch
    place: Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Table:
    """A file's rows, to be read as often as need be.

    `header`: what the file itself says of its columns, if livedata wrote it. `text_is`: what its texts may mean, since
    the format has no types for that. `blocks` raises UsageError.
    """

    path: Path
    header: Probe | None
    text_is: tuple[Type, ...]
    blocks: Callable[[], Iterator[Block]]


def open_table(path: Path) -> Table:
    """The table in a file, by its suffix.

    Raises:
        UsageError: the suffix says no format, or the file can't be read.
    """
    suffixes = [s.lower() for s in path.suffixes[-2:]]
    codec = next((c for c, suffix in CODECS.items() if suffixes[-1:] == [suffix]), "")
    suffix = (suffixes[:-1] if codec else suffixes)[-1:]
    form = next((name for name, form in FORMATS.items() if suffix and suffix[0] in form.suffixes), "")
    if not form or (codec and FORMATS[form].binary):
        known = ", ".join(s for form in FORMATS.values() for s in form.suffixes)
        raise UsageError(
            "its name says no format",
            where=str(path),
            hint=f"{known}; text also with {' or '.join(CODECS.values())}",
        )
    return {"parquet": _parquet, "arrow": _arrow, "csv": _csv, "jsonl": _jsonl}[form](path, codec)


@contextmanager
def _opened(path: Path, codec: str = "") -> Iterator[Any]:
    """An Arrow file, decompressed. Raises UsageError for whatever goes wrong with the file while it is open."""
    try:
        with pa.OSFile(str(path)) as file:
            if codec:
                with pa.CompressedInputStream(file, codec) as plain:
                    yield plain
            else:
                yield file
    except OSError as error:
        raise UsageError(f"can't read it: {error.strerror or error}", where=str(path)) from None
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise UsageError(f"it is damaged: {str(error).partition(chr(10))[0]}", where=str(path)) from None


def _row(first: int, i: int) -> str:
    """The place of a block's `i`th row, whose first one is the file's `first`."""
    return f"row {first + i}"


def _line(numbers: Sequence[int], i: int) -> str:
    return f"line {numbers[i]}"


def _counted(batches: Iterator[pa.RecordBatch]) -> Iterator[Block]:
    """Batches as blocks, whose rows are counted from 1."""
    first = 1
    for batch in batches:
        yield Block(batch, partial(_row, first))
        first += batch.num_rows


def _header(metadata: dict[bytes, bytes] | None, path: Path) -> Probe | None:
    data = (metadata or {}).get(header.KEY)
    return header.load(data, str(path)) if data else None


def _parquet(path: Path, codec: str) -> Table:
    def blocks() -> Iterator[Block]:
        with _opened(path), path.open("rb") as file:
            yield from _counted(parquet_batches(open_parquet(file, str(path)), str(path)))

    with _opened(path), path.open("rb") as file:
        metadata = open_parquet(file, str(path)).metadata.metadata
    return Table(path, _header(metadata, path), (), blocks)


def _arrow(path: Path, codec: str) -> Table:
    def batches() -> Iterator[pa.RecordBatch]:
        with _opened(path) as file, pa.ipc.open_stream(file) as stream:
            for batch in stream:
                batch.validate(full=True)
                yield batch

    with _opened(path) as file, pa.ipc.open_stream(file) as stream:
        metadata = stream.schema.metadata
    return Table(path, _header(metadata, path), (), lambda: _counted(batches()))


def _csv(path: Path, codec: str) -> Table:
    """Comma-separated values (RFC 4180) with a header; nothing at all is null, `""` an empty text."""
    read = pa_csv.ReadOptions(use_threads=False, block_size=CSV_BLOCK)
    parse = pa_csv.ParseOptions(newlines_in_values=True)

    def batches() -> Iterator[pa.RecordBatch]:
        with _opened(path, codec) as file:
            names = pa_csv.open_csv(file, read, parse).schema.names
        convert = pa_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        )
        with _opened(path, codec) as file:
            yield from pa_csv.open_csv(file, read, parse, convert)

    return Table(path, None, ("bool", "i64", "u64", "d2", "f64", "ts", "map"), lambda: _counted(batches()))


def _jsonl(path: Path, codec: str) -> Table:
    def blocks() -> Iterator[Block]:
        with _opened(path, codec) as file, io.BufferedReader(file) as lines:
            for rows, numbers in json_blocks(lines, str(path), LONGEST_ROW):
                yield Block(rows, partial(_line, numbers))

    return Table(path, None, ("ts",), blocks)

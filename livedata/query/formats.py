"""Writes an answer as csv, json, jsonl, markdown, parquet or an Arrow stream, batch by batch in bounded memory.

The aligned table for people is in `table.py`. Every writer takes the schema and the batches, and gives the row count.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import IO

import pyarrow as pa

from ..errors import QueryError
from .cells import Cells, is_number, json_text
from .table import Look, write_table
from .text import plain

Writer = Callable[[pa.Schema, Iterable[pa.RecordBatch], IO[bytes], Look], int]


@dataclass(frozen=True, slots=True)
class Format:
    write: Writer
    suffixes: tuple[str, ...]
    binary: bool = False
    """Not for a terminal."""


def unique_names(names: Iterable[str]) -> list[str]:
    """Column names of which none comes twice: a join's second `ts` becomes `ts_1`, as DuckDB would call it."""
    taken = list(names)
    known = set(taken)
    seen: set[str] = set()
    for i, name in enumerate(taken):
        if name in seen:
            n = 1
            while f"{name}_{n}" in known:
                n += 1
            taken[i] = f"{name}_{n}"
            known.add(taken[i])
        seen.add(taken[i])
    return taken


_CSV_QUOTED = re.compile('[",\r\n]')


def csv_cell(text: str | None) -> str:
    """RFC 4180; null is nothing at all, an empty text is `""`."""
    if text is None:
        return ""
    if not text or _CSV_QUOTED.search(text):
        return '"' + text.replace('"', '""') + '"'
    return text


def write_csv(schema: pa.Schema, batches: Iterable[pa.RecordBatch], out: IO[bytes], look: Look) -> int:
    """A header, then a line a row, ended by a line feed; on a terminal control characters are escaped."""
    cells = [Cells(f.type) for f in schema]
    safe = (lambda t: None if t is None else plain(t)) if look.terminal else lambda t: t
    out.write((",".join(csv_cell(safe(n)) for n in unique_names(schema.names)) + "\n").encode())
    rows = 0
    for batch in batches:
        columns = [
            [t or "" for t in texts] if c.bare else [csv_cell(safe(t)) for t in texts]
            for i, c in enumerate(cells)
            for texts in (c.texts(batch.column(i)),)
        ]
        out.write("".join(",".join(row) + "\n" for row in zip(*columns, strict=True)).encode())
        rows += batch.num_rows
    return rows


def _objects(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[list[str]]:
    """Each batch's rows as JSON objects."""
    cells = [Cells(f.type) for f in schema]
    keys = [json_text(n) + ":" for n in unique_names(schema.names)]
    for batch in batches:
        columns = [
            [k + t for t in c.jsons(batch.column(i))]
            for i, (k, c) in enumerate(zip(keys, cells, strict=True))
        ]
        yield ["{" + ",".join(row) + "}" for row in zip(*columns, strict=True)]


def write_jsonl(schema: pa.Schema, batches: Iterable[pa.RecordBatch], out: IO[bytes], look: Look) -> int:
    """An object a line."""
    rows = 0
    for objects in _objects(schema, batches):
        out.write("".join(o + "\n" for o in objects).encode())
        rows += len(objects)
    return rows


def write_json(schema: pa.Schema, batches: Iterable[pa.RecordBatch], out: IO[bytes], look: Look) -> int:
    """One array of objects, an object a line."""
    rows = 0
    out.write(b"[")
    for objects in _objects(schema, batches):
        if objects:
            out.write(((",\n" if rows else "\n") + ",\n".join(objects)).encode())
            rows += len(objects)
    out.write(b"\n]\n" if rows else b"]\n")
    return rows


_MARKDOWN = re.compile(r"[\\|<&\[`*]")


def markdown_cell(text: str | None, null: str) -> str:
    """Text that Markdown shows as it is: it can neither leave its cell nor bring markup with it."""
    if text is None:
        return null
    return _MARKDOWN.sub(lambda m: {"<": "&lt;", "&": "&amp;"}.get(m.group(), "\\" + m.group()), plain(text))


def write_markdown(schema: pa.Schema, batches: Iterable[pa.RecordBatch], out: IO[bytes], look: Look) -> int:
    """A pipe table (GitHub Flavored Markdown 4.10), numbers to the right."""
    cells = [Cells(f.type) for f in schema]
    head = [markdown_cell(n, look.null) for n in unique_names(schema.names)]
    rules = ["---:" if is_number(f.type) else "---" for f in schema]
    out.write(f"| {' | '.join(head)} |\n| {' | '.join(rules)} |\n".encode())
    rows = 0
    for batch in batches:
        columns = [
            [markdown_cell(t, look.null) for t in c.texts(batch.column(i))] for i, c in enumerate(cells)
        ]
        out.write("".join(f"| {' | '.join(row)} |\n" for row in zip(*columns, strict=True)).encode())
        rows += batch.num_rows
    return rows


def _renamed(schema: pa.Schema) -> pa.Schema:
    return pa.schema([f.with_name(n) for f, n in zip(schema, unique_names(schema.names), strict=True)])


def write_parquet(schema: pa.Schema, batches: Iterable[pa.RecordBatch], out: IO[bytes], look: Look) -> int:
    """Parquet with zstd.

    Raises:
        QueryError: a column's type has no place in Parquet (an interval).
    """
    import pyarrow.parquet as pq

    schema = _renamed(schema)
    rows = 0
    try:
        with pq.ParquetWriter(out, schema, compression="zstd") as writer:
            for batch in batches:
                writer.write_batch(pa.RecordBatch.from_arrays(batch.columns, schema=schema))
                rows += batch.num_rows
    except pa.ArrowNotImplementedError as error:
        raise QueryError(
            f"Parquet can't hold it: {error}", where="answer", hint="cast the column to VARCHAR"
        ) from error
    return rows


def write_arrow(schema: pa.Schema, batches: Iterable[pa.RecordBatch], out: IO[bytes], look: Look) -> int:
    """Arrow's streaming IPC format."""
    schema = _renamed(schema)
    rows = 0
    with pa.ipc.new_stream(out, schema) as writer:
        for batch in batches:
            writer.write_batch(pa.RecordBatch.from_arrays(batch.columns, schema=schema))
            rows += batch.num_rows
    return rows


FORMATS: dict[str, Format] = {
    "table": Format(write_table, (".txt",)),
    "csv": Format(write_csv, (".csv",)),
    "json": Format(write_json, (".json",)),
    "jsonl": Format(write_jsonl, (".jsonl", ".ndjson")),
    "parquet": Format(write_parquet, (".parquet", ".pq"), binary=True),
    "arrow": Format(write_arrow, (".arrow", ".arrows"), binary=True),
    "markdown": Format(write_markdown, (".md", ".markdown")),
}

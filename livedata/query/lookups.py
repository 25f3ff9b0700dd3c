"""Lookups: CSV files in a declared folder, each a table of texts that a search can join its rows with. The engine reads no file for it."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pyarrow as pa

from ..errors import QueryError
from ..model.probe import Column, Probe
from ..store.reader import Span, TableContent
from .source import Content, Source

LARGEST = 64 << 20
"""Bytes of a lookup's file."""


@dataclass(frozen=True)
class LookupFile:
    """The rows of one file, column by column."""

    columns: tuple[str, ...]
    values: tuple[tuple[str, ...], ...]

    def unique(self, names: tuple[str, ...]) -> bool:
        """Whether no two rows agree in these columns."""
        keys = list(zip(*(self.values[self.columns.index(n)] for n in names), strict=True))
        return len(set(keys)) == len(keys)


@cache
def read_lookup(path: Path) -> LookupFile:
    """A CSV file with a header, in UTF-8. Raises QueryError."""
    try:
        if path.stat().st_size > LARGEST:
            raise QueryError(f"it is larger than {LARGEST >> 20} MiB", where=str(path))
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file, strict=True) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise QueryError(f"can't read it: {error}", where=str(path)) from error
    if not rows:
        raise QueryError("it has no header", where=str(path), hint="its first line names the columns")
    header = [name.strip() for name in rows[0]]
    lowered = [name.lower() for name in header]
    if "" in header or len(set(lowered)) < len(header):
        raise QueryError("its header has a name twice, or none", where=str(path))
    width = len(header)
    wrong = next((i for i, row in enumerate(rows[1:], 2) if len(row) > width), None)
    if wrong:
        raise QueryError(f"row {wrong} has more values than the header", where=str(path))
    filled = [row + [""] * (width - len(row)) for row in rows[1:]]
    columns = tuple(zip(*filled, strict=True)) if filled else ((),) * width
    return LookupFile(tuple(header), columns)


class Lookups(Mapping[str, LookupFile]):
    """The lookups of a folder by their names, each read when it is asked for."""

    def __init__(self, folder: Path) -> None:
        self._paths = {path.stem: path for path in sorted(folder.glob("*.csv"))} if folder.is_dir() else {}

    def __getitem__(self, name: str) -> LookupFile:
        return read_lookup(self._paths[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


def with_lookups(source: Source, tables: Mapping[str, LookupFile]) -> Source:
    """The source with lookups as further tables (name → rows)."""
    probes = {name: _probe(name, lookup) for name, lookup in tables.items()}

    def definitions() -> Mapping[str, Probe]:
        return {**source.definitions(), **probes}

    @contextmanager
    def read(spans: Mapping[str, Span]) -> Iterator[Content]:
        with source.read({n: s for n, s in spans.items() if n not in probes}) as content:
            yield {
                **content,
                **{n: TableContent(probes[n], (), _rows(tables[n])) for n in spans if n in probes},
            }

    return replace(source, definitions=definitions, read=read) if tables else source


def _probe(name: str, lookup: LookupFile) -> Probe:
    columns = tuple(Column(n, i, "str", "text") for i, n in enumerate(lookup.columns, 1))
    return Probe(name, "A lookup.", columns, every=0)


def _rows(lookup: LookupFile) -> pa.Table:
    own = {n: pa.array(v, pa.string()) for n, v in zip(lookup.columns, lookup.values, strict=True)}
    count = len(lookup.values[0])
    common = {"ts": pa.timestamp("us", tz="UTC"), "host": pa.string(), "boot_id": pa.string()}
    missing = {n: pa.nulls(count, kind) for n, kind in common.items() if n not in own}
    return pa.table({**missing, **own})

"""Opens a bundle that anybody may have made: nothing is unpacked, and what is not as it must be refuses the whole."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pyarrow as pa

from ..errors import StoreError, UsageError
from ..model.batch import arrow_schema
from ..model.probe import Probe
from ..probe.rules import NAME
from ..store.registry import decode
from . import header
from .bundle import FOLDER, README, TABLES
from .parquet import open_parquet, parquet_batches
from .times import times

MOST_TABLES = 1_000
LARGEST_JSON = 16_000_000
"""Bytes of `tables.json`."""


@dataclass(frozen=True)
class Bundle:
    """`probes` by table, and `rows`: a table's, as `arrow_schema` of its probe has them."""

    path: Path
    probes: Mapping[str, Probe]
    files: Mapping[str, IO[bytes]]

    def rows(self, table: str) -> Iterator[pa.RecordBatch]:
        """Raises UsageError: the table's Parquet is damaged, or not as its header says."""
        where = f"{self.path}, {FOLDER}{table}.parquet"
        schema = arrow_schema(self.probes[table])
        file = open_parquet(self.files[table], where)
        if sorted(file.schema_arrow.names) != sorted(schema.names):
            raise UsageError("its columns are not those of tables.json", where=where)
        for batch in parquet_batches(file, where):
            try:
                rows = batch.select(schema.names).cast(schema)
                times(rows.column("ts"))
            except (ValueError, pa.ArrowNotImplementedError) as error:
                raise UsageError(f"its columns are not those of tables.json: {error}", where=where) from None
            yield rows


@contextmanager
def open_bundle(path: Path) -> Iterator[Bundle]:
    """The bundle in a file.

    Raises:
        UsageError: it can't be read, is none, or has something within that no bundle has.
    """
    with ExitStack() as stack:
        try:
            file = stack.enter_context(path.open("rb"))
            members = _members(stack.enter_context(tarfile.open(fileobj=file, mode="r:")), path)
        except OSError as error:
            raise UsageError(f"can't read it: {error.strerror or error}", where=str(path)) from error
        except tarfile.TarError as error:
            raise UsageError(f"it is no bundle, or damaged: {error}", where=str(path)) from None
        if TABLES not in members:
            raise UsageError("it is no bundle: it has no tables.json", where=str(path))
        probes = _probes(members.pop(TABLES), path)
        members.pop(README, None)
        files = {name.removeprefix(FOLDER).removesuffix(".parquet"): f for name, f in members.items()}
        if odd := sorted(files.keys() ^ probes.keys()):
            raise UsageError(f"tables.json and its files differ in {odd[0]!r}", where=str(path))
        yield Bundle(path, probes, files)


def _members(tar: tarfile.TarFile, path: Path) -> dict[str, IO[bytes]]:
    """The members of a tar that are a bundle's, none of which is anything but a plain file."""
    found: dict[str, IO[bytes]] = {}
    for member in tar:
        name = member.name
        table = name.removeprefix(FOLDER).removesuffix(".parquet")
        known = name in (README, TABLES) or (
            name == f"{FOLDER}{table}.parquet" and NAME.fullmatch(table) is not None
        )
        if not known or not member.isreg() or member.issparse():
            raise UsageError(f"it has {name[:100]!r}, which no bundle has", where=str(path))
        if name in found or len(found) > MOST_TABLES:
            raise UsageError(f"it has {name!r} twice, or too many tables", where=str(path))
        content = tar.extractfile(member)
        if content is not None:
            found[name] = content
    return found


def _probes(file: IO[bytes], path: Path) -> dict[str, Probe]:
    """The tables' headers. Raises UsageError."""
    where = f"{path}, {TABLES}"
    data = file.read(LARGEST_JSON + 1)
    if len(data) > LARGEST_JSON:
        raise UsageError(f"it is larger than {LARGEST_JSON} bytes", where=where)
    try:
        tables = decode(data, path)
        probes = {name: table.versions[table.current] for name, table in tables.tables.items()}
    except StoreError as error:
        raise UsageError(error.problem, where=where) from None
    except (KeyError, RecursionError) as error:
        raise UsageError(f"it is damaged: {error}", where=where) from None
    for name, probe in probes.items():
        if probe.name != name:
            raise UsageError(f"table {name!r} has the header of {probe.name!r}", where=where)
        header.checked(probe, where)
    return probes

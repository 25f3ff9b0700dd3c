"""Puts what an import reads into a store: files as rows of one table, a bundle as a store of its own; all of it or nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from types import MappingProxyType

import pyarrow as pa

from ..errors import UsageError
from ..model.probe import Probe
from ..model.rollup import rollups
from ..store.writer import Writer
from .formats import groups
from .plan import Plan, Wanted, into, invent
from .read import Table
from .take import batches, columns
from .unbundle import open_bundle

LOT_ROWS = 200_000
"""Rows that are handed to the store at a time: each lot becomes files of its own."""

_NONE: Mapping[str, Probe] = MappingProxyType({})

Tell = Callable[[int], None]
"""Is told how many rows more were read."""


def planned(
    files: Sequence[Table], wanted: Wanted, kept: Mapping[str, Probe], probes: Mapping[str, Probe] = _NONE
) -> Plan:
    """What becomes of the files' columns: rows of a table that is `kept`, of the one that livedata exported, of one that
    collecting will make (`probes`), or of a new one.

    Raises:
        UsageError: a file is damaged, or its columns do not fit.
    """
    for probe in chain(kept.values(), probes.values()):
        if (wanted.table == probe.name and probe.rollup_of) or wanted.table in (
            r.table for r in rollups(probe)
        ):
            of = probe.rollup_of or probe.name
            raise UsageError(f"{wanted.table} is made of {of}", where="--table", hint=f"import rows of {of}")
    found = columns(files)
    headers = [file.header for file in files if file.header is not None]
    if wanted.table in kept:
        probe = kept[wanted.table]
    elif headers and all(h.columns == headers[0].columns for h in headers):
        probe = replace(headers[0], name=wanted.table)
    elif wanted.table in probes:
        probe = probes[wanted.table]
    else:
        return invent(wanted, found)
    if wanted.labels:
        raise UsageError(f"{wanted.table} has its labels already", where="--label")
    return into(probe, wanted, list(found))


def load_files(
    store: Path, files: Sequence[Table], plan: Plan, wanted: Wanted, now_us: int, tell: Tell
) -> int:
    """Keep the files' rows in the store, which is made where there is none; how many they were.

    Raises:
        UsageError: a value can't be kept; nothing is.
        StoreLocked: another process collects into the store.
        StoreError: the disk is full or failed; nothing is kept.
    """

    def rows() -> Iterator[pa.RecordBatch]:
        return chain.from_iterable(batches(file, plan, wanted) for file in files)

    for _ in rows():  # a bad row shows before the store is touched
        pass
    with Writer.open(store, purpose="import", now_us=now_us) as writer:
        return writer.load(plan.probe, groups(_told(rows(), tell), LOT_ROWS), now_us)


def load_bundle(path: Path, store: Path, now_us: int, tell: Tell) -> dict[str, int]:
    """Open a bundle as a store of its own, at a path where there is nothing, or an empty folder; the rows of each table.

    Raises:
        UsageError: the bundle can't be used, or there is something at `store`.
        StoreError: the disk is full or failed. Nothing is left behind where it raises.
    """
    if store.exists() and (not store.is_dir() or any(store.iterdir())):
        raise UsageError(
            "there is something already",
            where=str(store),
            hint="a bundle becomes a store of its own: --store NEW",
        )
    aside = store.with_name(f".{store.name[:200]}.{os.getpid()}.part")
    try:
        with open_bundle(path) as bundle:
            with Writer.open(aside, purpose="import", now_us=now_us) as writer:
                counts = {}
                for name, probe in bundle.probes.items():
                    rows = groups(_told(bundle.rows(name), tell), LOT_ROWS)
                    try:
                        counts[name] = writer.load(probe, rows, now_us)
                    except ValueError as error:
                        raise UsageError(f"table {name}: {error}", where=str(path)) from None
            aside.rename(store)
        return counts
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _told(rows: Iterable[pa.RecordBatch], tell: Tell) -> Iterator[pa.RecordBatch]:
    for batch in rows:
        yield batch
        tell(batch.num_rows)

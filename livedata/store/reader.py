"""Reading a store while another process may write it: each row once, whatever is appended or sealed meanwhile."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import StoreError
from ..model.probe import Probe
from . import checkpoint, frame, registry
from .files import disk
from .layout import Layout, Part, list_parts
from .registry import table_definitions

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Part", "TableContent", "read_store", "table_definitions"]

TRIES = 100


@dataclass(frozen=True)
class TableContent:
    """One table: its columns as the last header had them, its Parquet files, and the rows that are not in one yet.

    `fresh` has the current columns; a part has those of its `version`. `damage`: what could not be read, in sentences.
    """

    probe: Probe
    parts: tuple[Part, ...]
    fresh: pa.Table
    damage: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _View:
    """One consistent moment of a store."""

    parts: list[Part]
    logs: list[frame.Scan]
    damage: list[str]


def _logs(layout: Layout, after: int) -> tuple[list[frame.Scan], list[str]]:
    """The logs after `after`, in order, up to the one being written."""
    logs: list[frame.Scan] = []
    damage: list[str] = []
    closed: list[str] = []
    while True:
        number = after + len(logs) + 1
        try:
            data = layout.wal(number).read_bytes()
        except FileNotFoundError:
            return logs, damage
        found = frame.scan(data, number)
        logs.append(found)
        damage += [*closed, *found.damage]
        closed = frame.closed_damage(found, data, number)


def _view(layout: Layout, tables: Collection[str] | None, hosts: Collection[str] | None) -> _View:
    """Checkpoint, then logs and parts; once more if meanwhile a log may have been removed that belongs to them."""
    for _ in range(TRIES):
        sealed = checkpoint.load(layout).sealed_through
        logs, damage = _logs(layout, sealed)
        parts = [p for p in list_parts(layout.lake, tables, hosts) if p.last_wal <= sealed]
        if checkpoint.load(layout).kept_above <= sealed:
            return _View(parts, logs, damage)
    raise StoreError("it is sealed faster than it can be read", where=str(layout.root))


def read_store(
    root: Path,
    tables: Collection[str] | None = None,
    *,
    hosts: Collection[str] | None = None,
    since_us: int | None = None,
    until_us: int | None = None,
) -> dict[str, TableContent]:
    """The tables' content at one moment, each row once; every table, also an empty one, unless `tables` names some.

    `hosts`, `since_us` and `until_us` (inclusive, microseconds UTC) leave out files and frames that hold nothing asked for; other
    rows may still be among the given ones.

    Raises:
        StoreError: there is no store, or it can't be read.
    """
    layout = Layout(root)
    if not os.path.isdir(root):
        raise StoreError(
            "there is no store", where=str(root), hint="`livedata up` makes one, or name another with --store"
        )
    with disk("read the store", root):
        view = _view(layout, tables, hosts)
    known = registry.load(layout.tables)
    first = -(2**63) if since_us is None else since_us
    last = 2**63 - 1 if until_us is None else until_us
    from .fresh import fresh_rows

    names = [n for n in known.tables if tables is None or n in tables]
    fresh = fresh_rows(view.logs, known, names, first, last)
    parts: dict[str, list[Part]] = {}
    for part in view.parts:
        if part.first_ts <= last and part.last_ts >= first:
            parts.setdefault(part.table, []).append(part)
    damage = tuple(view.damage)
    return {
        n: TableContent(
            known.tables[n].versions[known.tables[n].current], tuple(parts.get(n, ())), fresh[n], damage
        )
        for n in names
    }

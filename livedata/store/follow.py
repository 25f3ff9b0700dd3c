"""Follows a store while another process writes into it: the rows that came since a place in its write-ahead logs, each once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import StoreError
from . import frame, manifest, registry
from .files import disk
from .fresh import fresh_rows
from .layout import Layout
from .log import mapped
from .reader import EVERYTHING, Place

if TYPE_CHECKING:
    import pyarrow as pa


def _sealed_through(layout: Layout) -> int:
    with manifest.reading(layout) as listed:
        return listed.logs().sealed_through if listed else 0


def rows_since(root: Path, table: str, place: Place) -> tuple[pa.Table | None, Place]:
    """As `tables_since`, of one table; None where nothing was appended, or the store knows no such table yet."""
    found, place = tables_since(root, (table,), place)
    return found.get(table), place


def tables_since(root: Path, tables: Collection[str], place: Place) -> tuple[Mapping[str, pa.Table], Place]:
    """Tables' rows that were appended behind `place`, in their current columns and in the order of their coming; and the place behind them.

    No table where nothing was appended at all, nor one that the store does not know yet. A log outlives its sealing by one more, so there is time for the
    next call until the second sealing after this one.

    Raises:
        StoreError: it can't be read, or what stood behind `place` was sealed long ago: begin again with `open_store`.
    """
    layout = Layout(root)
    logs: list[frame.Scan] = []
    with disk("read the store", root):
        while True:
            # Looked for before the log is read: once there is a next one, nothing is appended to this.
            closed = layout.wal(place.log + 1).exists()
            try:
                data = mapped(layout.wal(place.log))
            except FileNotFoundError:
                if closed or _sealed_through(layout) >= place.log:
                    raise StoreError(
                        f"log {place.log} is gone: what came last can't be told from what came before",
                        where=str(root),
                    ) from None
                break
            found = frame.scan(data, place.log, place.offset)
            logs.append(found)
            if not closed:
                place = Place(place.log, max(found.end, place.offset))
                break
            place = Place(place.log + 1)
        if not any(log.bodies for log in logs):
            return {}, place
        known = registry.load(layout.tables)
    return fresh_rows(logs, known, {name: EVERYTHING for name in tables if name in known.tables}), place

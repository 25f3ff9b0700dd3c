"""Reading a store while other processes write and compact it: each row once, whatever is appended, sealed or replaced meanwhile."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..errors import StoreError
from ..model.probe import Probe
from . import frame, manifest, registry
from .files import disk
from .layout import Layout, Segment
from .log import mapped
from .pins import pinned
from .registry import Table, table_definitions
from .sound import glanced_at

if TYPE_CHECKING:
    import pyarrow as pa

    from .payload import Entry

__all__ = [
    "Place", "Segment", "Span", "TableContent", "host_names", "kept", "newest", "open_store", "table_definitions",
]  # fmt: skip

TRIES = 100


@dataclass(frozen=True, slots=True)
class Span:
    """What a question needs of a table: times (inclusive, microseconds UTC) and hosts by their exact names (None: all)."""

    first_ts: int = -(2**63)
    last_ts: int = 2**63 - 1
    hosts: tuple[str, ...] | None = None


EVERYTHING = Span()


class Place(NamedTuple):
    """A place in the write-ahead logs, between two frames: the log's number, and bytes from its beginning."""

    log: int = 0
    offset: int = frame.HEADER_SIZE


@dataclass(frozen=True)
class TableContent:
    """One table: its columns as the last header had them, its Parquet files, and the rows that are not in one yet.

    `fresh` has the current columns; a part has those of its version, of `versions`. `damage`: what could not be read, in sentences. Files and
    frames that hold nothing of the span are left out; other rows may still be among the given ones. `through`: whatever comes later
    stands behind this place (`livedata.store.follow`).
    """

    probe: Probe
    parts: tuple[Segment, ...]
    fresh: pa.Table
    damage: tuple[str, ...] = ()
    versions: Mapping[int, Probe] = field(default_factory=dict)
    through: Place = field(default_factory=Place)


def _logs(layout: Layout, after: int) -> tuple[list[frame.Scan], list[str]]:
    """The logs after `after`, in order, up to the one being written."""
    logs: list[frame.Scan] = []
    damage: list[str] = []
    closed: list[str] = []
    while True:
        number = after + len(logs) + 1
        try:
            data = mapped(layout.wal(number))
        except FileNotFoundError:
            return logs, damage
        found = frame.scan(data, number)
        logs.append(found)
        damage += [*closed, *found.damage]
        closed = frame.closed_damage(found, data, number)


def _listed(layout: Layout, spans: Mapping[str, Span]) -> tuple[int, dict[str, list[Segment]]]:
    """What the manifest says at one moment: the last log that is sealed, and the files of these tables."""
    with manifest.reading(layout) as listed:
        if listed is None:
            return 0, {}
        with listed.moment():
            return listed.logs().sealed_through, {
                name: listed.segments(name, first_ts=s.first_ts, last_ts=s.last_ts, hosts=s.hosts)
                for name, s in spans.items()
            }


def _kept_above(layout: Layout) -> int:
    with manifest.reading(layout) as listed:
        return listed.logs().kept_above if listed else 0


def _behind(sealed: int, logs: Sequence[frame.Scan]) -> Place:
    """The place behind these logs, which follow the sealed ones."""
    return Place(sealed + len(logs), max(logs[-1].end, frame.HEADER_SIZE)) if logs else Place(sealed + 1)


def newest(root: Path) -> Place:
    """The place behind all rows that a store has. Raises StoreError."""
    layout = Layout(root)
    with disk("read the store", root):
        sealed, _ = _listed(layout, {})
        return _behind(sealed, _logs(layout, sealed)[0])


@contextmanager
def open_store(root: Path, tables: Mapping[str, Span] | None = None) -> Iterator[dict[str, TableContent]]:
    """The tables' content at one moment, each row once; None: every table, whole, also an empty one.

    The files stay where they are while this is open.

    Raises:
        StoreError: there is no store, or it can't be read.
    """
    layout = Layout(root)
    if not os.path.isdir(root):
        raise StoreError(
            "there is no store", where=str(root), hint="`livedata up` makes one, or name another with --store"
        )
    from .fresh import fresh_rows

    with disk("read the store", root), pinned(layout):
        for _ in range(TRIES):
            known = registry.load(layout.tables)
            wanted = dict.fromkeys(known.tables, EVERYTHING) if tables is None else tables
            spans = {name: span for name, span in wanted.items() if name in known.tables}
            sealed, listed = _listed(layout, spans)
            logs, damage = _logs(layout, sealed)
            if _kept_above(layout) <= sealed:  # otherwise logs may have gone that belong to these files
                break
        else:
            raise StoreError("it is sealed faster than it can be read", where=str(layout.root))
        fresh = fresh_rows(logs, known, spans)
        through = _behind(sealed, logs)
        yield {
            name: _content(known.tables[name], listed.get(name, ()), fresh[name], damage, through)
            for name in spans
        }


def _content(
    table: Table, listed: Sequence[Segment], fresh: pa.Table, damage: Sequence[str], through: Place
) -> TableContent:
    parts = [glanced_at(part) for part in listed]
    return TableContent(
        table.versions[table.current],
        tuple(part for part in parts if not part.damage),
        fresh,
        (*damage, *(left_out(part) for part in parts if part.damage)),
        table.versions,
        through,
    )


def left_out(part: Segment) -> str:
    """What is said of a damaged file."""
    rows = f"{part.rows:,} rows of {part.table} are left out"
    return f"{part.path}: {part.damage}; its {rows}: livedata store verify checks every file"


def _entries(layout: Layout, sealed: int) -> Iterator[Entry]:
    """What was appended after a log that is sealed."""
    from .payload import unpack

    for log in _logs(layout, sealed)[0]:
        for body in log.bodies:
            yield from unpack(body).entries


def host_names(root: Path) -> list[str]:
    """Every host that ever had a row in the lake, and those with rows in the logs. Raises StoreError."""
    layout = Layout(root)
    with manifest.reading(layout) as listed:
        sealed = listed.logs().sealed_through if listed else 0
        hosts = set().union(*listed.hosts().values()) if listed else set()
    from .payload import runs

    with disk("read the store", root):
        for entry in _entries(layout, sealed):
            hosts.update(runs(entry).hosts)
    return sorted(hosts)


def kept(root: Path, table: str = "scrape") -> tuple[int, int] | None:
    """The times of a table's first and last row, microseconds UTC; None where it has none. Raises StoreError."""
    layout = Layout(root)
    with manifest.reading(layout) as listed:
        sealed = listed.logs().sealed_through if listed else 0
        times = [t for s in listed.segments(table) for t in (s.first_ts, s.last_ts)] if listed else []
    with disk("read the store", root):
        for entry in _entries(layout, sealed):
            if entry.table == table and entry.rows:
                times += [entry.first_ts, entry.last_ts]
    return (min(times), max(times)) if times else None

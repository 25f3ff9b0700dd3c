"""Is everything there and sound? And where it is not: what can be made good from what is left.

Whatever is damaged is named and set aside, never deleted. A lost manifest is built anew from the files: each says in its metadata which job
made it, of which rows, from which files or logs. A job whose files are all there had ended; one that was under way when the machine
died is taken back, as the next start would have done.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import StoreError
from ..model.batch import arrow_schema
from . import frame, lock, manifest, registry, segment
from .files import disk, make_folder, replace_durably
from .layout import Layout, Segment, job_of, lake_files
from .log import mapped
from .manifest import Logs, Manifest
from .registry import Tables
from .segment import META, Origin
from .sound import checksum, fault_of

Tell = Callable[[int, int], None]
"""Hears how many files are checked, of how many."""


FIELD_ID = b"PARQUET:field_id"


@dataclass(slots=True)
class Verified:
    """What was found. `damage`: in sentences; `strays`: files in the lake that are no part of the store; `repaired`: what was done."""

    files: int = 0
    rows: int = 0
    bytes: int = 0
    damage: list[str] = field(default_factory=list)
    strays: list[Path] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Found:
    """A file as its own metadata tell of it."""

    origin: Origin
    segment: Segment
    hosts: frozenset[str]


def _log_damage(layout: Layout, after: int) -> Iterator[str]:
    number = after + 1
    while layout.wal(number).exists():
        data = mapped(layout.wal(number))
        found = frame.scan(data, number)
        yield from found.damage
        number += 1


def verify(root: Path, *, tell: Tell = lambda done, of: None) -> Verified:
    """Check every file's checksum, every log's frames, and that nothing is missing or left over. Changes nothing.

    Raises:
        StoreError: there is no store, or its manifest or tables.json is lost or damaged.
    """
    layout, result = Layout(root), Verified()
    with disk("check the store", root):
        if not layout.wal(0).parent.is_dir():
            raise StoreError("there is no store", where=str(root), hint="name one with --store")
        registry.load(layout.tables)
        with manifest.reading(layout) as listed:
            segments = listed.segments() if listed else []
            known = listed.paths() if listed else set()
            result.damage += _log_damage(layout, listed.logs().sealed_through if listed else 0)
            for done, part in enumerate(segments):
                tell(done, len(segments))
                fault = fault_of(part)
                if fault:
                    result.damage.append(f"{part.path}: {fault}; {part.rows:,} rows of {part.table}")
                else:
                    result.files += 1
                    result.rows += part.rows
                    result.bytes += part.bytes
            running = set(listed.interrupted(("seal", "compact", "load"))) if listed else set()
        for path in lake_files(layout.lake):
            if path not in known and job_of(path) not in running:
                result.strays.append(path)
    return result


def repair(root: Path, now_us: int, *, tell: Tell = lambda done, of: None) -> Verified:
    """Make good what can be: a lost manifest is built anew, a lost tables.json put back, damaged files are left out of every
    question (and kept) until they are sound again, strays are moved out of the lake.

    Raises:
        StoreLocked: another process writes or compacts.
        StoreError: there is no store, or the disk failed.
    """
    layout = Layout(root)
    if not layout.wal(0).parent.is_dir():
        raise StoreError("there is no store", where=str(root), hint="name one with --store")
    done: list[str] = []
    with disk("repair the store", root):
        for folder in layout.folders:
            make_folder(folder)
        held = [lock.acquire(path, "repair", now_us) for path in (layout.lock, layout.compacting)]
        try:
            done += _mend_manifest(layout, now_us, tell)
            done += _mend_registry(layout)
            found = verify(root, tell=tell)
            done += _set_aside(layout, found)
            with manifest.writing(layout) as listed:
                for part in listed.segments():
                    fault = fault_of(part)
                    if bool(fault) != bool(part.damage):
                        listed.mark(part.path, fault)
                        what = (
                            f"left out of every question: {fault}"
                            if fault
                            else "sound again, and no longer left out"
                        )
                        done.append(f"{part.path}: {what}")
        finally:
            for fd in held:
                lock.release(fd)
    found.repaired = done
    return found


def _mend_registry(layout: Layout) -> list[str]:
    """Put a lost or damaged tables.json back from the copy in the manifest."""
    try:
        if layout.tables.exists():
            registry.load(layout.tables)
            return []
    except StoreError:
        layout.tables.replace(layout.root / "tables.json.damaged")
    with manifest.reading(layout) as listed:
        copy = listed.registry() if listed else None
    if copy is None:
        return []
    registry.decode(copy, layout.manifest)
    replace_durably(layout.tables, copy, layout.aside)
    return ["tables.json is put back as it was at the last sealing"]


def _set_aside(layout: Layout, found: Verified) -> list[str]:
    """Move strays out of the lake."""
    if found.strays:
        strays = layout.root / "strays"
        make_folder(strays)
        for path in found.strays:
            path.replace(strays / f"{path.parent.parent.name}.{path.parent.name}.{path.name}")
    return [f"{path}: moved to strays/, no part of the store" for path in found.strays]


def _mend_manifest(layout: Layout, now_us: int, tell: Tell) -> list[str]:
    """Build the manifest anew where it is lost or damaged."""
    try:
        with manifest.reading(layout) as listed:
            if listed is None:
                return []
            listed.paths()
            return []
    except StoreError as error:
        if isinstance(error.__cause__, sqlite3.DatabaseError):
            for suffix in ("", "-wal", "-shm"):
                path = layout.manifest.with_name(layout.manifest.name + suffix)
                if path.exists():
                    path.replace(path.with_name(path.name + ".damaged"))
    found, unread = _look(layout, _known(layout), tell)
    with manifest.writing(layout, anew=True) as listed:
        _rebuild(listed, found, now_us)
    return [
        f"manifest.sqlite is made anew from {len(found)} files",
        *(f"{path}: can't be read, its rows are lost: {why}" for path, why in unread),
    ]


def _known(layout: Layout) -> Tables | None:
    """The tables' columns; None where they are lost."""
    try:
        return registry.load(layout.tables) if layout.tables.exists() else None
    except StoreError:
        return None


def _look(layout: Layout, tables: Tables | None, tell: Tell) -> tuple[list[_Found], list[tuple[Path, str]]]:
    """Every file of the lake as it tells of itself, and those that can't."""
    found: list[_Found] = []
    unread: list[tuple[Path, str]] = []
    paths = list(lake_files(layout.lake))
    for done, path in enumerate(paths):
        tell(done, len(paths))
        try:
            found.append(_describe(path, tables))
        except (pa.ArrowException, OSError, ValueError, KeyError, StoreError, msgspec.MsgspecError) as error:
            unread.append((path, str(error).partition("\n")[0]))
    return found, unread


def _describe(path: Path, tables: Tables | None) -> _Found:
    """A file by its own account. Its pages have checksums, its footer has none: columns other than promised are damage."""
    file = pq.ParquetFile(path, page_checksum_verification=True)
    origin = msgspec.json.decode((file.metadata.metadata or {})[META], type=Origin)
    if tables is not None:
        wanted = arrow_schema(registry.lookup(tables, origin.table, origin.version))
        ids = [[(f.name, (f.metadata or {}).get(FIELD_ID)) for f in s] for s in (file.schema_arrow, wanted)]
        if ids[0] != ids[1]:
            raise ValueError("its columns are not those that it should have")
    hosts, rows, first, last = set(), 0, 2**63 - 1, -(2**63)
    for number in range(file.num_row_groups):
        group = file.read_row_group(number)  # all of it, so that its pages' checksums are looked at
        start, end = segment.span(group)
        first, last, rows = min(first, start), max(last, end), rows + group.num_rows
        hosts.update(group["host"].unique().to_pylist())
    part = Segment(
        path, origin.table, path.parent.name, origin.level, origin.version, min(hosts), max(hosts), len(hosts), first, last,
        rows, path.stat().st_size, checksum(path), path.stat().st_mtime_ns,
        origin.rolled,
        origin.thin,
    )  # fmt: skip
    return _Found(origin, part, frozenset(hosts))


def _ended(found: list[_Found], layout: Layout) -> set[int]:
    """The jobs that had ended: all their rows are there, or others have gone on from them, or what they replaced is gone."""
    jobs: dict[int, list[_Found]] = {}
    for file in found:
        jobs.setdefault(file.origin.job, []).append(file)
    names = {f.segment.path.relative_to(layout.lake).as_posix() for f in found}
    ended: set[int] = set()
    for job, files in sorted(jobs.items(), reverse=True):
        origin = files[0].origin
        whole = sum(f.segment.rows for f in files if not f.origin.rollup) == origin.job_rows
        loaded = not origin.inputs and origin.wals is None
        undoable = (
            all(layout.wal(n).exists() for n in range(origin.wals[0], origin.wals[1] + 1))
            if origin.wals
            else bool(origin.inputs) and names.issuperset(origin.inputs)
        )
        if whole or loaded or not undoable:
            ended.add(job)
    replaced = {name for f in found if f.origin.job in ended for name in f.origin.inputs}
    ended |= {f.origin.job for f in found if f.segment.path.relative_to(layout.lake).as_posix() in replaced}
    return ended


def _rebuild(listed: Manifest, found: list[_Found], now_us: int) -> None:
    """Fill an empty manifest."""
    layout = listed.layout
    ended = _ended(found, layout)
    replaced = {name for f in found if f.origin.job in ended for name in f.origin.inputs}
    dead = [
        f.segment.path
        for f in found
        if f.origin.job not in ended or f.segment.path.relative_to(layout.lake).as_posix() in replaced
    ]
    listed.count_jobs_from(max((job_of(f.segment.path) or 0 for f in found), default=0) + 1)
    job = listed.begin("seal", now_us)
    hosts: dict[str, set[str]] = {}
    for file in found:
        hosts.setdefault(file.origin.table, set()).update(file.hosts)
    born = [f.segment for f in found]
    listed.commit(job, now_us, born=born, died=dead, logs=_logs(layout, found, ended), hosts=hosts)


def _logs(layout: Layout, found: list[_Found], ended: set[int]) -> Logs:
    """The last log that is sealed: the state beside it says so, unless that sealing died."""
    wals = sorted(int(p.stem) for p in layout.wal(0).parent.glob("*.wal") if p.stem.isdecimal())
    states = [int(p.stem) for p in layout.state(0).parent.glob("*.state") if p.stem.isdecimal()]
    died = {f.origin.wals[1] for f in found if f.origin.wals and f.origin.job not in ended}
    sealed = {f.origin.wals[1] for f in found if f.origin.wals and f.origin.job in ended}
    through = max({n for n in states if n not in died} | sealed, default=(wals[0] - 1 if wals else 0))
    return Logs(through, min(through, wals[0] - 1 if wals else through))

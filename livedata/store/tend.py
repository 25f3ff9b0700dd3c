"""Keeping a store in order beside its collector: interrupted work undone, compaction, retention, deletion of what died."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import StoreError
from . import compact, expire, lock, manifest, registry, seal
from .compact import Damaged, Roll, Task
from .files import disk, make_folder
from .keep import Keep
from .layout import DAY_US, Layout, Segment
from .registry import Tables
from .sound import fault_of

SCRUB_US = 7 * DAY_US
"""Every file is read whole about once in so long."""
SCRUB_BYTES = 4_000_000_000
"""Bytes that are looked at in one go, at most: two seconds."""
LONG_HOURS = 240 * 24
"""Tables that are kept so long have their months merged."""


@dataclass(slots=True)
class Tended:
    """What was done: tasks and their rows, files that died of age or size, files deleted, and what was found damaged, in sentences."""

    tasks: int = 0
    rows: int = 0
    seconds: float = 0.0
    expired: int = 0
    deleted: int = 0
    damage: list[str] = field(default_factory=list)


def _long_kept(tables: Tables, keep: Keep) -> set[str]:
    return {name for name in tables.tables if keep.hours(name) >= LONG_HOURS}


def due(root: Path, keep: Keep, now_us: int) -> bool:
    """Whether there is anything to compact, to let die or to delete. Raises StoreError."""
    layout = Layout(root)
    with manifest.reading(layout) as listed:
        if listed is None:
            return False
        segments = listed.segments()
        old = any(died < now_us - expire.GRACE_US for _, died in listed.dead())
    tables = registry.load(layout.tables)
    with disk("look at the store", root):
        return (
            old
            or bool(compact.plan(segments, now_us, _long_kept(tables, keep)))
            or bool(expire.expired(segments, keep, now_us, expire.log_bytes(layout)))
        )


def prune(root: Path, keep: Keep, now_us: int, *, really: bool) -> list[Segment]:
    """What is too old or too much; it dies if `really`.

    Raises:
        StoreLocked: another process compacts.
        StoreError: it can't be read or changed.
    """
    layout = Layout(root)
    with disk("look at the store", root):
        if not really:
            with manifest.reading(layout) as seen:
                found = seen.segments() if seen else []
            return expire.expired(found, keep, now_us, expire.log_bytes(layout))
        fd = lock.acquire(layout.compacting, "prune", now_us)
        try:
            with manifest.writing(layout) as listed:
                return expire.expire(listed, keep, now_us)
        finally:
            lock.release(fd)


def tend(
    root: Path,
    keep: Keep,
    now: Callable[[], int],
    roll: Roll,
    *,
    force: bool = False,
    tell: Callable[[Task, int], None] = lambda task, left: None,
) -> Tended:
    """Do all that is due; `force`: also what could wait. `tell` hears of each task and how many are left.

    Raises:
        StoreLocked: another process does it.
        StoreError: the disk is full or failed; nothing is lost, and the next call goes on.
    """
    layout, done, begun = Layout(root), Tended(), time.perf_counter()
    if not layout.tables.exists():
        raise StoreError(
            "there is no store", where=str(root), hint="`livedata up` makes one, or name another with --store"
        )
    with disk("compact the store", root):
        for folder in layout.folders:
            make_folder(folder)
        fd = lock.acquire(layout.compacting, "compaction", now())
        try:
            with manifest.writing(layout) as listed:
                seal.undo(listed, layout.aside_compact, "compact")
                _compact(listed, keep, now, roll, force, tell, done)
                _scrub(listed, now(), done)
                done.expired = len(expire.expire(listed, keep, now()))
                done.deleted = expire.sweep(listed, now())
        finally:
            lock.release(fd)
    done.seconds = time.perf_counter() - begun
    return done


def _compact(
    listed: manifest.Manifest,
    keep: Keep,
    now: Callable[[], int],
    roll: Roll,
    force: bool,
    tell: Callable[[Task, int], None],
    done: Tended,
) -> None:
    """Task after task until none is due; what can't be read is marked, and left out of the next plan."""
    while True:
        tables = registry.load(listed.layout.tables)
        tasks = compact.plan(listed.segments(), now(), _long_kept(tables, keep), force=force)
        if not tasks:
            return
        for n, task in enumerate(tasks):
            tell(task, len(tasks) - n)
            try:
                compact.run(listed, task, tables, roll, now())
            except Damaged as error:
                seal.undo(listed, listed.layout.aside_compact, "compact")
                listed.mark(error.segment.path, str(error))
                done.damage.append(f"{error.segment.path}: {error}")
            else:
                done.tasks += 1
                done.rows += task.rows


def _scrub(listed: manifest.Manifest, now_us: int, done: Tended) -> None:
    """Look for bits that the disk turned, in the files that were not read whole for the longest time."""
    left = SCRUB_BYTES
    for part in sorted(listed.segments(), key=lambda s: s.checked):
        if part.damage or 0 <= now_us - part.checked < SCRUB_US:
            continue
        left -= part.bytes
        if left < 0:
            return
        if fault := fault_of(part):
            listed.mark(part.path, fault)
            done.damage.append(f"{part.path}: {fault}")
        else:
            listed.sound(part.path, part.path.stat().st_mtime_ns, now_us)

"""Retention and deletion: what is too old or too much dies, and what died is deleted when nobody can still read it."""

from __future__ import annotations

from contextlib import suppress
from itertools import takewhile

from . import pins
from .files import sync_folder
from .keep import Keep
from .layout import DAY_US, OTHER, Layout, Segment, period_end
from .manifest import Manifest

GRACE_US = 120_000_000
"""How long a dead file stays at least: a reader may have looked into the manifest and not pinned yet, or work without pins."""
SETTLED_US = 3 * DAY_US
"""How long after its end a period's empty folder stays: a sealing may be about to put a file there."""


def expired(segments: list[Segment], keep: Keep, now_us: int, log_bytes: int) -> list[Segment]:
    """Segments whose last row is too old, then, beyond the bytes that are allowed, the oldest: raw rows before rollups."""
    old = [s for s in segments if s.last_ts < keep.since(s.table, now_us)]
    left = [s for s in segments if s.last_ts >= keep.since(s.table, now_us)]
    excess = sum(s.bytes for s in left) + log_bytes - keep.bytes
    rest = sorted(left, key=lambda s: (s.table.endswith(("_1m", "_5m")), s.last_ts, s.path))
    freed = 0

    def needed(s: Segment) -> bool:
        nonlocal freed
        needs = freed < excess
        freed += s.bytes
        return needs

    return [*old, *takewhile(needed, rest)]


def log_bytes(layout: Layout) -> int:
    """Bytes of the write-ahead logs. Raises OSError."""
    return sum(path.stat().st_size for path in layout.wal(0).parent.iterdir())


def expire(manifest: Manifest, keep: Keep, now_us: int) -> list[Segment]:
    """Let what is too old or too much die; what that was. Raises OSError, StoreError."""
    gone = expired(manifest.segments(), keep, now_us, log_bytes(manifest.layout))
    if gone:
        manifest.kill([s.path for s in gone], now_us)
    return gone


def sweep(manifest: Manifest, now_us: int) -> int:
    """Delete the dead that no reader can still open; how many. Raises OSError, StoreError."""
    reader = pins.oldest(manifest.layout)
    before = now_us - GRACE_US if reader is None else min(now_us - GRACE_US, reader)
    gone = [path for path, died in manifest.dead() if died < before]
    for path in gone:
        path.unlink(missing_ok=True)
    for folder in {path.parent for path in gone}:
        if folder.name != OTHER and period_end(folder.name) + SETTLED_US < now_us:
            with suppress(OSError):  # it is not empty
                folder.rmdir()
        with suppress(FileNotFoundError):
            sync_folder(folder)
    manifest.forget(gone)
    return len(gone)

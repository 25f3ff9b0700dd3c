"""Who reads: a file a reader, locked (flock(2)) for as long as it reads, so that no file is deleted that it may still open.

A reader pins before it looks into the manifest, so whatever died before its pin it never saw. The lock goes with the process, however
that ends. Where nothing can be written (a read-only disk) nothing is deleted either, and reading goes without.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .files import open_private
from .layout import Layout


@contextmanager
def pinned(layout: Layout) -> Iterator[None]:
    """The store's files stay while this is open."""
    path = layout.pins / f"{os.getpid()}-{time.monotonic_ns()}"
    try:
        fd = open_private(path, os.O_RDWR | os.O_CREAT | os.O_EXCL)
    except OSError:
        yield
        return
    try:
        with suppress(OSError):
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(fd)


def _held(path: Path) -> bool:
    """Whether its reader still reads; the pin of one that died is removed."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        path.unlink(missing_ok=True)
        return False
    finally:
        os.close(fd)


def oldest(layout: Layout) -> int | None:
    """When the longest-lasting reader began, microseconds UTC; None: nobody reads. Raises OSError."""
    begun = []
    for path in layout.pins.iterdir():
        with suppress(FileNotFoundError):
            stamp = path.stat().st_mtime_ns // 1000
            if _held(path):
                begun.append(stamp)
    return min(begun, default=None)

"""One writer per store: an flock(2) that dies with its process, and says who holds it."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from ..errors import StoreError, StoreLocked
from .files import disk, open_private, write_all

NO_LOCKS = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}
"""What flock(2) says on a file system that keeps no locks."""


class Holder(msgspec.Struct, frozen=True):
    """Who holds a store's lock: `since` is microseconds UTC."""

    pid: int
    host: str
    purpose: str
    since: int

    def __str__(self) -> str:
        since = datetime.fromtimestamp(self.since / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        return f"{self.purpose} (pid {self.pid} on {self.host}) since {since}"


def _read(fd: int) -> Holder | None:
    try:
        return msgspec.json.decode(os.pread(fd, 4096, 0), type=Holder)
    except msgspec.DecodeError:  # written in this moment, or by nobody yet
        return None


def _try(fd: int, how: int, path: Path) -> bool:
    try:
        fcntl.flock(fd, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno in NO_LOCKS:
            raise StoreError(
                "this file system keeps no locks",
                where=str(path.parent),
                hint="choose a local disk with --store",
            ) from error
        raise
    return True


def _patiently(fd: int, path: Path) -> Iterator[bool]:
    """A few tries: somebody may just be looking (`holder`)."""
    for pause in (0.0, 0.01, 0.03, 0.1):
        time.sleep(pause)
        yield _try(fd, fcntl.LOCK_EX, path)


def acquire(path: Path, purpose: str, now_us: int) -> int:
    """Take the lock; the descriptor holds it until it is closed, by `release` or by the kernel.

    Raises:
        StoreLocked: another process has it; names its pid, host, purpose and since when.
        StoreError: the file system keeps no locks, or the file can't be opened.
    """
    with disk("lock the store", path):
        fd = open_private(path, os.O_RDWR | os.O_CREAT)
        try:
            if not any(_patiently(fd, path)):
                who = _read(fd)
                raise StoreLocked(
                    f"another process writes into this store: {who or 'it has just begun'}",
                    where=str(path.parent),
                    hint="one collector per store: stop that one, or choose another store with --store",
                )
            holder = Holder(os.getpid(), socket.gethostname(), purpose, now_us)
            os.ftruncate(fd, 0)
            write_all(fd, msgspec.json.encode(holder), 0)
        except BaseException:
            os.close(fd)
            raise
    return fd


def release(fd: int) -> None:
    with suppress(OSError):
        os.ftruncate(fd, 0)
    os.close(fd)


def holder(path: Path) -> Holder | None:
    """Who writes into the store at this moment; None: nobody. Raises StoreError."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"can't look at the lock: {error.strerror}", where=str(path)) from error
    try:
        return None if _try(fd, fcntl.LOCK_SH, path) else _read(fd)
    finally:
        os.close(fd)

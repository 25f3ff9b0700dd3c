"""Files that are the owner's alone and survive a power cut: made, replaced and synced, with errors for a person.

Every function here raises OSError; `disk` turns it into a StoreError where it is known what was being done.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import StoreError

FOLDER_MODE = 0o700
FILE_MODE = 0o600

HINTS = {
    errno.ENOSPC: "the disk is full: free some space; rows wait in memory until then",
    errno.EDQUOT: "the disk quota is used up: free some space; rows wait in memory until then",
    errno.EIO: "the disk reports an error: look at `dmesg` and at its health",
    errno.EROFS: "the file system is read-only: mount it writable, or choose another place with --store",
    errno.EACCES: "it belongs to somebody else: choose another place with --store",
    errno.EPERM: "it belongs to somebody else: choose another place with --store",
    errno.ENOTDIR: "choose another place with --store",
    errno.EMFILE: "too many open files: raise `ulimit -n`",
}


def store_error(error: OSError, doing: str, where: Path) -> StoreError:
    """What a failed system call means to a person: `doing` completes "can't ..."."""
    return StoreError(
        f"can't {doing}: {error.strerror or error}", where=str(where), hint=HINTS.get(error.errno or 0, "")
    )


@contextmanager
def disk(doing: str, where: Path) -> Iterator[None]:
    """Raises StoreError in place of OSError."""
    try:
        yield
    except OSError as error:
        raise store_error(error, doing, where) from error


def open_private(path: Path, flags: int) -> int:
    """A file descriptor; a file that this makes is its owner's alone, whatever the umask."""
    return os.open(path, flags | os.O_CLOEXEC, FILE_MODE)


def make_folder(path: Path) -> None:
    """Make one folder, its owner's alone; its parent must exist and learns of it durably."""
    with suppress(FileExistsError):
        path.mkdir(FOLDER_MODE)
        sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Make names that were made, moved or removed in a folder durable (fsync(2): a file's own sync does not)."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def write_all(fd: int, data: bytes | memoryview, offset: int) -> None:
    """pwrite(2) until all of `data` is written."""
    view = memoryview(data)
    while view:
        written = os.pwrite(fd, view, offset)
        view, offset = view[written:], offset + written


def write_durably(path: Path, data: bytes | memoryview) -> None:
    """Write a whole new file and sync it."""
    fd = open_private(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        write_all(fd, data, 0)
        os.fsync(fd)
    finally:
        os.close(fd)


def replace_durably(path: Path, data: bytes, aside: Path) -> None:
    """Replace a small file at once: whoever looks, also after a power cut, sees all of the old or all of the new."""
    new = aside / path.name
    write_durably(new, data)
    new.replace(path)
    sync_folder(path.parent)

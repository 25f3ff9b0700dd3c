"""The write-ahead log that is written to: appended to durably, blanked after its last whole frame after a failure or a crash.

It is never cut shorter: others have it mapped (mmap(2)), and one who reads behind the end of a file is killed (SIGBUS).
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from . import frame
from .files import disk, open_private, store_error, sync_folder, write_all, write_durably
from .layout import Layout

BLANK = 1 << 20
"""Bytes blanked at one time."""


def mapped(path: Path) -> bytes | mmap.mmap:
    """A log's bytes, mapped: reading them costs less than half of what read(2) does. Raises OSError."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        return mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ) if size else b""


class Log:
    """One open file. `end`: the bytes that are durable; `path` and `number` say which."""

    def __init__(self, path: Path, number: int, fd: int, end: int) -> None:
        self.path = path
        self.number = number
        self.end = end
        self._fd = fd
        self._torn = False

    @classmethod
    def create(cls, layout: Layout, number: int) -> Log:
        """Make an empty log; it appears with its header whole. Raises StoreError."""
        path = layout.wal(number)
        with disk("make a write-ahead log", path):
            new = layout.aside / path.name
            write_durably(new, frame.header())
            new.replace(path)
            sync_folder(path.parent)
            return cls(path, number, open_private(path, os.O_RDWR), frame.HEADER_SIZE)

    @classmethod
    def open(cls, layout: Layout, number: int) -> tuple[Log, frame.Scan, int]:
        """Open a log, blanking what follows its last whole frame. Also gives its content and how many bytes that were.

        Raises:
            StoreError: it can't be opened or written, or a newer livedata wrote it.
        """
        path = layout.wal(number)
        with disk("open the write-ahead log", path):
            data = mapped(path)
            found = frame.scan(data, number)
            cut = frame.left_over(found, data)
            log = cls(path, number, open_private(path, os.O_RDWR), max(found.end, frame.HEADER_SIZE))
            try:
                if found.end == 0:
                    write_all(log._fd, frame.header(), 0)
                if cut:
                    log._blank()
            except BaseException:
                log.close()
                raise
        return log, found, cut

    def append(self, bodies: Sequence[bytes]) -> None:
        """Write a frame a body; they are durable when this returns, and none of them is there when it raises.

        Raises:
            StoreError: the disk is full or failed; the log is valid, and a later call works.
        """
        try:
            if self._torn:
                self._blank()
            frames = bytearray()
            for body in bodies:
                frames += frame.frame(body, self.number, self.end + len(frames))
            self._torn = True
            write_all(self._fd, memoryview(frames), self.end)
            os.fdatasync(self._fd)
        except OSError as error:
            with suppress(OSError):
                self._blank()
            raise store_error(error, "write to the write-ahead log", self.path) from error
        self._torn = False
        self.end += len(frames)

    def _blank(self) -> None:
        """Zeros over what follows the last whole frame; needs no room, since they replace what is there."""
        size = os.fstat(self._fd).st_size
        for start in range(self.end, size, BLANK):
            write_all(self._fd, bytes(min(BLANK, size - start)), start)
        os.fdatasync(self._fd)
        self._torn = False

    def close(self) -> None:
        """A later `append` fails: its number may be another file's by then."""
        os.close(self._fd)
        self._fd = -1

"""The write-ahead log that is written to: appended to durably, cut back to whole frames after a failure or a crash."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from . import frame
from .files import disk, open_private, store_error, sync_folder, write_all, write_durably
from .layout import Layout


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
        """Open a log, cutting off what follows its last whole frame. Also gives its content and the bytes cut off.

        Raises:
            StoreError: it can't be opened or written, or a newer livedata wrote it.
        """
        path = layout.wal(number)
        with disk("open the write-ahead log", path):
            data = path.read_bytes()
            found = frame.scan(data, number)
            cut = len(data) - found.end
            log = cls(path, number, open_private(path, os.O_RDWR), max(found.end, frame.HEADER_SIZE))
            try:
                if found.end == 0:
                    write_all(log._fd, frame.header(), 0)
                if cut:
                    log._cut()
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
                self._cut()
            frames = bytearray()
            for body in bodies:
                frames += frame.frame(body, self.number, self.end + len(frames))
            self._torn = True
            write_all(self._fd, memoryview(frames), self.end)
            os.fdatasync(self._fd)
        except OSError as error:
            with suppress(OSError):
                self._cut()
            raise store_error(error, "write to the write-ahead log", self.path) from error
        self._torn = False
        self.end += len(frames)

    def _cut(self) -> None:
        os.ftruncate(self._fd, self.end)
        os.fdatasync(self._fd)
        self._torn = False

    def close(self) -> None:
        """A later `append` fails: its number may be another file's by then."""
        os.close(self._fd)
        self._fd = -1

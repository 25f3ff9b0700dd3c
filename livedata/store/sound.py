"""Whether a Parquet file is as it was written: at a glance each time it is read, byte by byte now and then."""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path
from zlib import crc32

from .layout import Segment

BLOCK = 1 << 20
SHORTAGES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})
"""What is this machine's trouble and no file's: nothing is called damaged for it."""


def is_shortage(error: BaseException) -> bool:
    """Whether an error says that files or memory are short, and nothing of what was to be read."""
    return isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in SHORTAGES)


def checksum(path: Path) -> int:
    """The CRC-32 of a file's bytes. Raises OSError."""
    crc = 0
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            crc = crc32(block, crc)
    return crc


def fault_of(part: Segment) -> str:
    """What is wrong with a file, or "": every byte is looked at, 0.4 ms a megabyte. Raises OSError: see `SHORTAGES`."""
    try:
        size = part.path.stat().st_size
        if size != part.bytes:
            return f"it has {size:,} bytes, {part.bytes:,} were written"
        return "" if checksum(part.path) == part.crc else "its checksum is wrong"
    except OSError as error:
        if is_shortage(error):
            raise
        return f"it can't be read: {error.strerror}"


def glanced_at(part: Segment) -> Segment:
    """The same, with its damage. One stat(2) where size and time of change are as they were; who wrote to the file since, or copied the
    store without times, has it checked whole. A bit that the disk alone turned is found by `tend`."""
    if part.damage:
        return part
    try:
        found = part.path.stat()
    except OSError as error:
        return replace(part, damage=f"it can't be read: {error.strerror}")
    if (found.st_size, found.st_mtime_ns) == (part.bytes, part.mtime):
        return part
    fault = fault_of(part)
    return replace(part, damage=fault) if fault else part

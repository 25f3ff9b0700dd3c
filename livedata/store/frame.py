"""The framing of a write-ahead log: bytes in, bytes out, no I/O; a damaged byte never yields a frame.

A file is `HEADER FRAME*`, little-endian:

    header  8 bytes "livedata", u32 version, u32 CRC-32 of these 12 bytes
    frame   4 bytes magic, u32 length, u32 CRC-32, `length` bytes of body

The checksum covers the file's number, the frame's offset and its length besides the body: a frame counts only where it was
written. The magic holds two bytes that no UTF-8 text has, so text of a host can't look like a frame.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from mmap import mmap
from struct import Struct
from zlib import crc32

from ..errors import StoreError

Buffer = bytes | mmap
VERSION = 1
LONGEST = 256_000_000
"""No frame's body is longer, whatever a damaged length says."""

MAGIC = b"\xff\xfeLW"
_HEADER = Struct("<8sII")
_FRAME = Struct("<4sII")
_PLACE = Struct("<QQI")
HEADER_SIZE = _HEADER.size
FRAME_SIZE = _FRAME.size


@dataclass(slots=True)
class Scan:
    """What a log holds: the whole frames' bodies, where the last one ends, and what is wrong before that."""

    bodies: list[memoryview]
    end: int
    damage: list[str] = field(default_factory=list)


def header() -> bytes:
    start = _HEADER.pack(b"livedata", VERSION, 0)[:-4]
    return start + crc32(start).to_bytes(4, "little")


def _checksum(body: bytes | memoryview, number: int, offset: int) -> int:
    return crc32(body, crc32(_PLACE.pack(number, offset, len(body))))


def frame(body: bytes, number: int, offset: int) -> bytes:
    """A body as it stands at `offset` of log `number`."""
    return _FRAME.pack(MAGIC, len(body), _checksum(body, number, offset)) + body


def _body(data: memoryview, number: int, at: int) -> memoryview | None:
    """The body of the frame at `at`, if there is a whole and sound one."""
    if at + FRAME_SIZE > len(data):
        return None
    magic, length, checksum = _FRAME.unpack_from(data, at)
    body = data[at + FRAME_SIZE : at + FRAME_SIZE + length]
    if magic != MAGIC or length > LONGEST or len(body) != length or checksum != _checksum(body, number, at):
        return None
    return body


def _next(data: Buffer, number: int, at: int) -> int | None:
    """Where the next sound frame after `at` begins."""
    while (at := data.find(MAGIC, at + 1)) >= 0:
        if _body(memoryview(data), number, at) is not None:
            return at
    return None


def scan(data: Buffer, number: int, start: int = HEADER_SIZE) -> Scan:
    """Every sound frame of a log. What follows the last one (a write under way or cut off) is no damage: see `end`.

    Args:
        start: where to begin: the `end` of a scan before.

    Raises:
        StoreError: a newer livedata wrote it.
    """
    found = Scan([], 0)
    if len(data) < HEADER_SIZE:
        return found
    if data[:HEADER_SIZE] != header():
        name, version, checksum = _HEADER.unpack_from(data)
        if name == b"livedata" and checksum == crc32(data[: HEADER_SIZE - 4]):
            raise StoreError(
                f"log {number} has format {version}, this livedata knows {VERSION}",
                hint="a newer livedata wrote it: use that one",
            )
        found.damage.append(f"log {number}: its first {HEADER_SIZE} bytes are damaged")
    view = memoryview(data)
    at: int | None = start
    while at is not None:
        found.end = at
        while (body := _body(view, number, found.end)) is not None:
            found.bodies.append(body)
            found.end += FRAME_SIZE + len(body)
        at = _next(data, number, found.end)
        if at is not None:
            found.damage.append(
                f"log {number}: {at - found.end} bytes at {found.end} are damaged; their rows are lost"
            )
    return found


def left_over(found: Scan, data: Buffer) -> int:
    """Bytes after the last sound frame, up to the last one that is not blank."""
    return len(bytes(memoryview(data)[found.end :]).rstrip(b"\0"))


def closed_damage(found: Scan, data: Buffer, number: int) -> list[str]:
    """What is wrong at the end of a log that nobody writes to any more: there it can't be a write under way."""
    left = left_over(found, data)
    return [f"log {number}: its last {left} bytes are damaged; their rows are lost"] if left else []

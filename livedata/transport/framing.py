"""The frame of an answer: bytes in at any cut, sections out. No I/O, and nothing a host prints can forge a mark.

An answer is what a composed script (`compose.py`) prints:

    anything at all, dropped
    @NONCE B uptime boot_id
    bytes of the first section
    @NONCE S name status note...
    ...
    @NONCE E uptime

A mark stands on a line of its own. The nonce is 128 random bits made for this one request, so a process name or a log
line that was there before can't hold it; the newline in front of a mark is the mark's, not the section's.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

LONGEST_MARK = 4096
"""A mark's line may not be longer: what follows would be no mark of ours."""
NOISE = 1_000_000
"""Bytes that may come before the begin mark: a shell's greeting, not a flood."""


@dataclass(frozen=True, slots=True)
class Begin:
    uptime_ms: int | None
    boot_id: str | None


@dataclass(frozen=True, slots=True)
class Section:
    """`name` as the request calls it; `status` its exit status; `note` what the script added to its mark."""

    name: str
    status: int | None
    note: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Overflow:
    """More than the limit came without a mark: `data` is what lies before it. Nothing follows.

    Before the begin mark the limit is `NOISE` and `data` is empty.
    """

    data: bytes


@dataclass(frozen=True, slots=True)
class End:
    uptime_ms: int | None


Event = Begin | Section | Overflow | End

_BOOT_ID = re.compile(r"[0-9a-fA-F-]{1,64}")


def milliseconds(seconds: str) -> int | None:
    """`/proc/uptime`'s first number (proc(5): seconds with two decimals) in milliseconds; None if it is none."""
    whole, _, part = seconds.partition(".")
    if not whole.isascii() or not whole.isdigit() or len(whole) > 12:
        return None
    if part and not (part.isascii() and part.isdigit()):
        return None
    return int(whole) * 1000 + int((part + "000")[:3])


class Framer:
    """Feed it the bytes of one answer; it gives each event once its mark is whole.

    Args:
        nonce: hexadecimal text, fresh for this request.
        limit: bytes a section may have.
    """

    def __init__(self, nonce: str, limit: int) -> None:
        self._needle = b"\n@" + nonce.encode() + b" "
        # The mark may be the first thing that comes: the newline before it is then only imagined.
        self._buffer = bytearray(b"\n")
        self._scanned = 0
        self._limit = limit
        self._begun = False
        self.ended = False
        self.overflowed = False
        self.seen = 0
        """Bytes fed."""
        self._dropped = 0
        self._noise = b""

    def feed(self, data: bytes) -> list[Event]:
        self.seen += len(data)
        if self.ended:
            return []
        self._buffer += data
        events: list[Event] = []
        while not self.ended:
            event = self._next()
            if event is None:
                break
            events.append(event)
        return events

    def lines(self) -> bytes:
        """The whole lines of the section that has no mark yet, which are taken out of it: for one that never ends by itself."""
        if not self._begun or self.ended:
            return b""
        # The last newline stays: it may be that of a mark.
        last = self._buffer.rfind(b"\n")
        taken = bytes(self._buffer[1 : last + 1])
        del self._buffer[:last]
        self._scanned = 0
        return taken

    @property
    def waiting(self) -> int:
        """Bytes of the section that has no mark yet."""
        return len(self._buffer)

    def rest(self) -> bytes:
        """What came of the section that has no mark yet; before the begin mark the last of what the shell said instead."""
        return (
            bytes(self._buffer[1:])
            if self._begun
            else (self._noise + bytes(self._buffer))[-LONGEST_MARK:].lstrip(b"\n")
        )

    def _next(self) -> Event | None:
        buffer, needle = self._buffer, self._needle
        at = buffer.find(needle, self._scanned)
        stop = buffer.find(b"\n", at + len(needle)) if at >= 0 else -1
        if at < 0 or stop < 0:
            if at >= 0 and len(buffer) - at > LONGEST_MARK:
                return self._overflow(at)
            self._scanned = at if at >= 0 else max(0, len(buffer) - len(needle) + 1)
            if not self._begun:
                self._drop(self._scanned)
                if self._dropped > NOISE:
                    return self._overflow(0)
            elif self._scanned > self._limit:
                return self._overflow(self._limit)
            return None
        data, mark = bytes(buffer[:at]), bytes(buffer[at + len(needle) : stop])
        # The newline that ends a mark may be the one that begins the next.
        del buffer[:stop]
        self._scanned = 0
        return self._event(mark.decode("ascii", "replace").split(" "), data)

    def _event(self, words: list[str], data: bytes) -> Event | None:
        kind = words[0]
        if not self._begun:
            self._noise = (self._noise + data)[-LONGEST_MARK:]
            if kind != "B":
                return self._next()
            self._begun = True
            boot = words[2] if len(words) > 2 and _BOOT_ID.fullmatch(words[2]) else None
            return Begin(milliseconds(words[1]) if len(words) > 1 else None, boot)
        data = data[1:]  # the newline that ended the mark before
        if kind == "S" and len(words) >= 3:
            if len(data) > self._limit:
                return self._overflow(0, data[: self._limit])
            status = (
                int(words[2]) if words[2].isascii() and words[2].isdigit() and len(words[2]) < 6 else None
            )
            return Section(words[1], status, " ".join(words[3:]), data)
        if kind == "E":
            self.ended = True
            return End(milliseconds(words[1]) if len(words) > 1 else None)
        return self._next()

    def _overflow(self, at: int, data: bytes | None = None) -> Overflow:
        self.ended = self.overflowed = True
        cut = bytes(self._buffer[1:at]) if data is None else data
        self._buffer.clear()
        return Overflow(cut[: self._limit])

    def _drop(self, count: int) -> None:
        """Forget noise, but for its last words."""
        if count > 1:
            self._noise = (self._noise + bytes(self._buffer[:count]))[-LONGEST_MARK:]
            del self._buffer[:count]
            self._scanned -= count
            self._dropped += count


def split_files(text: str, roots: Collection[tuple[str, str]] = ()) -> dict[str, str]:
    """What `head -n N FILE...` printed (POSIX head: `==> NAME <==` before each file), by file name.

    Args:
        text: the whole of its output.
        roots: (as the host has it, as the probe says) prefixes to put back, such as ("/host/proc", "/proc").

    A record starts only at a whole header line with an absolute path: the kernel does not escape newlines in a process
    name, but such a name has at most 15 bytes and so can't hold the 20 of the shortest `==> /proc/1/stat <==`.
    """
    files: dict[str, str] = {}
    last = ""
    for piece in ("\n" + text).split("\n==> "):
        name, mark, content = piece.partition(" <==\n")
        if mark and name.startswith("/") and "\n" not in name:
            files[name] = content
            last = name
        elif last:
            files[last] += "\n==> " + piece
    for there, here in roots:
        if there != here:
            files = {here + p[len(there) :] if p.startswith(there + "/") else p: t for p, t in files.items()}
    return files

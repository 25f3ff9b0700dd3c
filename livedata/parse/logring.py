"""Rings that hosts without files keep their logs in, logread's and dmesg's, to rows of table `log`.

There is no place in a ring to go on at: the end of what came before is looked for in what comes now, by digests of its last lines. Where it is not
there, lines were overwritten, or the host was started anew.

Source: logread of OpenWrt's ubox and of busybox; dmesg(1): `<6>[   12.345678] message`, seconds since the host was started.
"""

from __future__ import annotations

import re
from dataclasses import replace
from hashlib import blake2s
from typing import TYPE_CHECKING

import msgspec

from ..model.probe import Probe
from ..model.reading import Reading
from ..model.scrape import Outcome
from .logfile import UNREAD, rows, taken
from .logs.entries import Entry
from .logs.formats import FACILITIES, Context, Format, Line, recognise
from .logs.stamps import SECOND, Clock, zone_of
from .text import bad

if TYPE_CHECKING:
    from ..model.batch import Row

KEPT = 32
"""Last lines by which the place is found again."""
_KERNEL = re.compile(r"(?:<(\d{1,3})>)?\[ *(\d{1,10})\.(\d{1,6})\] (.*)", re.DOTALL)


class Ring(msgspec.Struct, omit_defaults=True):
    """`marks`: digests of the last lines. `line`: the last one. `whole`: all of it is to be sent. `last`: microseconds UTC of the last line."""

    kind: str = ""
    boot: str = ""
    line: str = ""
    marks: list[str] = []
    whole: bool = False
    last: int | None = None


def _mark(line: str) -> str:
    return blake2s(line.encode("utf-8", "backslashreplace"), digest_size=4).hexdigest()


def _load(cursor: str | None) -> Ring:
    try:
        return msgspec.json.decode((cursor or "").partition("\n")[2] or "{}", type=Ring)
    except msgspec.MsgspecError:
        return Ring()


def _dump(ring: Ring) -> str:
    return ("" if ring.whole else ring.line) + "\n" + msgspec.json.encode(ring).decode()


def place_in(lines: list[str], marks: list[str]) -> int | None:
    """How many of these lines came before: up to the last place that all the kept lines stand before, or as many as there is room for.
    None: it is not there."""
    found = [_mark(line) for line in lines]
    best: tuple[int, int] | None = None
    for at in range(len(found), 0, -1):
        count = min(at, len(marks))
        if found[at - count : at] == marks[-count:] and (best is None or count > best[0]):
            best = (count, at)
            if count == len(marks):
                break
    return best[1] if best else None


def ring_taken(reading: Reading, before: str | None) -> tuple[Reading, str | None]:
    """What is new in a ring (a `livedata.parse.logfile.Taker`)."""
    if reading.outcome not in UNREAD or not reading.text.strip():
        return reading if reading.outcome not in UNREAD else replace(reading, text=""), None
    head, _, body = reading.text.partition("\n")
    second, _, body = body.partition("\n")
    words = head.split(" ", 7)
    try:
        _, seconds, offset, kind, boot, up, part, host = words
        now, uptime = int(seconds) * SECOND, int(float(up) * SECOND)
    except (ValueError, OverflowError):
        return replace(
            reading, text="", outcome=Outcome.MALFORMED, detail=str(bad("no word on a ring", head))
        ), None
    lines = [line for line in body.split("\n") if line]
    if part == "end":
        del lines[:1]  # it may be cut
    past = _load(before)
    if past.kind and (past.kind, past.boot) != (kind, boot):
        past = Ring()  # another start, another ring
    at: int | None = 0
    lost = None
    if past.marks:
        at = place_in(lines, past.marks)
        if at is None and part != "whole":
            past.whole = True
            return taken(reading, [], _dump(past), []), None
        if at is None:
            at, lost = 0, f"{kind}: lines were overwritten before they were read"
    if part != "whole" and not past.marks:
        # It is not known what came before: all there is is asked for.
        return taken(reading, [], _dump(Ring(kind, boot, whole=True)), []), None
    fresh = lines[at:]
    clock = Clock(now, zone_of(second[2:].strip(), offset), continuing=bool(past.marks))
    entries, last = _entries(fresh, kind, boot, now - uptime, Context(clock, past.last, host))
    marks = [*past.marks, *map(_mark, fresh[-KEPT:])][-KEPT:]
    ring = Ring(
        kind, boot, lines[-1] if lines else past.line, marks, False, last if last is not None else past.last
    )
    return taken(reading, entries, _dump(ring), []), lost


def _entries(
    lines: list[str], kind: str, boot: str, booted: int, context: Context
) -> tuple[list[Entry], int | None]:
    guess: Format | None = None
    found = []
    last = context.before
    for text in lines:
        if kind == "dmesg":
            line = _kernel(text, booted)
        else:
            line, guess = recognise(text, context._replace(before=last), guess)
        line = line or Line(None, text)
        if line.ts is not None:
            last = line.ts
        entry = Entry(
            last if last is not None else context.clock.now, line.message, line.priority, line.facility, line.identifier, line.pid,
            "kernel" if kind == "dmesg" else "syslog", boot if kind == "dmesg" and boot != "-" else None, line.fields,
        )  # fmt: skip
        found.append(entry)
    return found, last


def _kernel(text: str, booted: int) -> Line | None:
    found = _KERNEL.fullmatch(text)
    if found is None:
        return None
    value = int(found[1]) if found[1] else None
    ts = booted + int(found[2]) * SECOND + int(found[3].ljust(6, "0"))
    return Line(
        ts, found[4], value & 7 if value is not None and value < 192 else None,
        value >> 3 if value is not None and value < 192 else FACILITIES["kern"], "kernel",
    )  # fmt: skip


def logring(probe: Probe, reading: Reading) -> list[Row]:
    """A row a line."""
    return rows(probe, reading, ring_taken)

"""Lines of one file to entries: what each says, which belong together, and the time of those that tell none. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from .formats import Context, Format, Line, recognise
from .stamps import Clock

MOST_TOGETHER = 1_000
"""Lines of one entry."""
_TRACEBACK = "Traceback (most recent call last):"
_CONTINUES = re.compile(r"[ \t]|Caused by: |\.\.\. \d+ more")


class Entry(msgspec.Struct, omit_defaults=True):
    """A row of table `log`, by the names of its columns."""

    ts: int
    message: str
    priority: int | None = None
    facility: int | None = None
    identifier: str | None = None
    pid: int | None = None
    transport: str = "file"
    boot_id: str | None = None
    fields: dict[str, str] = {}


def texts(data: bytes) -> list[str]:
    """The lines, without those that hold nothing; NULs at the beginning of one are what a file has that was emptied under its writer."""
    return [
        line.decode("utf-8", "backslashreplace")
        for raw in data.split(b"\n")
        if (line := raw.lstrip(b"\0").removesuffix(b"\r"))
    ]


def continues(text: str) -> bool:
    """Whether a line is certainly part of the entry before it."""
    return _CONTINUES.match(text) is not None


def grouped(lines: Iterable[str]) -> Iterator[list[str]]:
    """Lines that belong together: those that begin with a blank to the one before; to a Python traceback its last line, too."""
    group: list[str] = []
    traced = False
    for line in lines:
        inner = continues(line)
        if group and len(group) < MOST_TOGETHER and (inner or traced):
            group.append(line)
            traced = traced and inner
        else:
            if group:
                yield group
            group, traced = [line], False
        # Its last line, the exception's name, is the first that does not begin with a blank.
        traced = traced or (line.endswith(_TRACEBACK) and len(group) < MOST_TOGETHER)
    if group:
        yield group


def entries(
    lines: Iterable[str], path: str, clock: Clock, host: str, before: int | None, own: Format | None = None
) -> Iterator[tuple[Entry, bool]]:
    """Each entry, and whether its time is its own: else it is that of the entry before, or of the read where none came with it.

    Args:
        before: the time of the last line that came before these.
        own: the user's format for this file.
    """
    guess, latest = own, None
    for group in grouped(lines):
        context = Context(clock, before if latest is None else latest, host)
        line, guess = recognise(group[0], context, guess)
        line = line or Line(None, group[0])
        stamped = line.ts is not None
        ts = line.ts if line.ts is not None else latest if latest is not None else clock.now
        if stamped:
            latest = ts
        message = "\n".join([line.message, *group[1:]]) if len(group) > 1 else line.message
        yield (
            Entry(ts, message, line.priority, line.facility, line.identifier, line.pid, fields={"FILE": path, **line.fields}),
            stamped,
        )  # fmt: skip

"""The names a log file has through its rotations: which are older generations of which, and in what order. Pure.

logrotate(8) appends `.1`, `.2` … or, with dateext, `-20261124` (also with time and `.N`); `.gz` where it compresses. Others keep to
these.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

_ROTATED = re.compile(
    r"(?P<base>/.*[^/])(?:\.(?P<number>\d{1,3})|-(?P<date>\d{8})(?P<more>[^/]*?))(?:\.gz)?", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class File:
    """A line of the host's listing. `written`: when it was last, microseconds UTC, to the minute or, of old ones, the day; None: not known."""

    path: str
    inode: str
    size: int
    written: int | None = None

    @property
    def packed(self) -> bool:
        return self.path.endswith(".gz")


@dataclass(slots=True)
class Family:
    """`current`: the file that is written to, if there is one; `rotated`: those that were, the newest first."""

    current: File | None = None
    rotated: list[File] = field(default_factory=list)

    def by_inode(self, inode: str) -> File | None:
        return next((f for f in (self.current, *self.rotated) if f and f.inode == inode), None)


def base_of(path: str) -> str | None:
    """The path that an older generation had while it was written to; None: this is none."""
    found = _ROTATED.fullmatch(path)
    return found["base"] if found else None


def _age(file: File) -> tuple[int, int, str]:
    """Sorts the newest first: by number, then by date backwards."""
    found = _ROTATED.fullmatch(file.path)
    if found is None or found["number"]:
        return (0, int(found["number"]) if found else 0, "")
    return (1, -int(found["date"]), "".join(chr(0x10FFFF - ord(c)) for c in found["more"]))


def families(files: Iterable[File]) -> dict[str, Family]:
    """Base path → its generations."""
    found: dict[str, Family] = {}
    for file in files:
        base = base_of(file.path)
        if base is None:
            found.setdefault(file.path, Family()).current = file
        else:
            found.setdefault(base, Family()).rotated.append(file)
    for family in found.values():
        family.rotated.sort(key=_age)
    return found

"""What a host says of its log files: a listing, and pieces of those that grew. Pure; docs in `probes/log_file.sh`.

Lines, and after each `f` and `b` line as many bytes as it says (a file may hold anything, so nothing in it can end a piece):

    t NOW OFFSET BACKFILL HOST       seconds since 1970, date +%z, seconds to read back, the host's name
    z TZ                             POSIX TZ string
    l INODE SIZE MONTH DAY TIME PATH as ls -l has them
    f INODE START COUNT PATH         COUNT bytes of that file from START on, filled up with NUL
    b INODE START COUNT PATH         the same, of what is read back
    a INODE SIZE                     of the same path, once its piece was read
    r                                older generations were looked for, too
    d WHAT                           what may not be read, and what mends it
    m COUNT                          more files than are followed
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from ...model.reading import ParseError
from ..text import bad
from .generations import File
from .stamps import DAY, MONTHS, SECOND, Clock, instant, without_year, zone_of

MINUTE = 60 * SECOND


@dataclass(frozen=True, slots=True)
class Piece:
    """`data`: bytes of a file from `start` on, without what filled it up; `asked`: how many there might have been."""

    path: str
    start: int
    data: bytes
    asked: int

    @property
    def end(self) -> int:
        return self.start + len(self.data)


@dataclass(slots=True)
class Answer:
    """`now` 0: nothing is new. `pieces`: by inode; those of files that were moved or cut while they were read are left out."""

    now: int = 0
    zone: tzinfo = UTC
    since: int = 0
    """Older entries are not wanted of a file that is met for the first time, microseconds UTC."""
    host: str = ""
    files: list[File] = field(default_factory=list)
    pieces: dict[str, Piece] = field(default_factory=dict)
    behind: dict[str, Piece] = field(default_factory=dict)
    """Likewise, of what is read back."""
    older: bool = False
    """Whether older generations are listed."""
    denied: list[str] = field(default_factory=list)
    more: int = 0

    def clock(self, file: File, *, continuing: bool) -> Clock:
        return Clock(self.now, self.zone, (file.written or self.now) + MINUTE, continuing)


def read_answer(data: bytes) -> Answer:
    """Raises ParseError: this is no such answer."""
    answer, at, last = Answer(), 0, None
    stamps: list[tuple[list[str], str]] = []
    offset = ""
    while at < len(data):
        stop = data.find(b"\n", at)
        if stop < 0:
            break  # it broke off
        line = data[at:stop].decode("utf-8", "surrogateescape")
        at = stop + 1
        word, _, rest = line.partition(" ")
        try:
            if word in ("f", "b"):
                inode, start, count, path = rest.split(" ", 3)
                whole = data[at : at + int(count)]
                at += int(count) + 1
                into = answer.pieces if word == "f" else answer.behind
                last = (
                    (into, inode, Piece(_shown(path), int(start), whole.rstrip(b"\0"), int(count)))
                    if at <= len(data)
                    else None
                )
            elif word == "a":
                inode, size = rest.split(" ")
                if last and last[1] == inode and (last[2].path.endswith(".gz") or int(size) >= last[2].end):
                    last[0][inode] = last[2]
                last = None
            elif word == "l":
                inode, size, month, day, time, path = rest.split(" ", 5)
                stamps.append(([inode, size, month, day, time], path))
            elif word == "t":
                seconds, offset, back, answer.host = rest.split(" ", 3)
                answer.now = int(seconds) * SECOND
                answer.since = answer.now - int(back) * SECOND
            elif word == "z":
                answer.zone = zone_of(rest.strip(), offset)
            elif word == "r":
                answer.older = True
            elif word == "d":
                answer.denied.append(_shown(rest))
            elif word == "m":
                answer.more = int(rest)
            elif line:
                raise bad("a host's word on its log files begins with none of its letters", _shown(line))
        except (ValueError, OverflowError) as error:
            if isinstance(error, ParseError):
                raise
            raise bad("a host's word on its log files can't be read", _shown(line)) from error
    answer.files = [
        File(
            _shown(path), words[0], int(words[1]) if words[1].isdecimal() else 0, _written(words[2:], answer)
        )
        for words, path in stamps
    ]
    return answer


def _shown(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _written(words: list[str], answer: Answer) -> int | None:
    """ls -l tells the minute, or of what is half a year old the day and year."""
    month, day = MONTHS.get(words[0]), words[1]
    if month is None or not day.isdecimal():
        return None
    clock = Clock(answer.now, answer.zone)
    if ":" in words[2]:
        return without_year(clock, month, int(day), words[2].rjust(5, "0") + ":00")
    if not words[2].isdecimal():
        return None
    found = instant(clock, (int(words[2]), month, int(day)), "00:00:00")
    return None if found is None else found + DAY

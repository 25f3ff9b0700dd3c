"""The ways in which a log is read: on from where it ended, and the journal back from where it began. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from ..model.probe import Probe
from ..model.reading import Reading
from ..parse import CURSORS, TAKERS, UNSEEN
from ..parse.journal import cursor_back
from ..parse.logfile import Taker
from ..parse.marks import Gap, place, resumed, unseen_back
from .pace import MOST_ENTRIES

JOURNAL = "journal"
"""The format that can be followed, and read back."""
MOST_BACK = 5000
"""Entries to ask for at one time, backwards."""


class Resumed(NamedTuple):
    """`text`: without the entry that the cursor is of. `lost`: in words, what is gone between it and what came."""

    text: str
    lost: str | None


@dataclass(frozen=True, slots=True)
class Way:
    """`unseen`: a text without what came up to a cursor; `cursor`: where to go on after it (see `livedata.parse`); `resume`: told the text
    and the cursor where the answer begins with the entry that the cursor is of, to see whether that is still there; `take`: does all of this for
    log files and rings."""

    name: str
    unseen: Callable[[str, str | None], str]
    cursor: Callable[[Reading, str | None, str | None], str | None]
    resume: Callable[[str, str | None], Resumed] | None = None
    most: int = MOST_ENTRIES
    take: Taker | None = None


def followable(probe: Probe) -> bool:
    """Whether it is the journal, which can be followed and read back."""
    return probe.parse == JOURNAL and not probe.into


def onward(parse: str) -> Way:
    return Way("on", UNSEEN.get(parse, lambda text, before: text), CURSORS[parse], take=TAKERS.get(parse))


def _resume(text: str, before: str | None, *, back: bool) -> Resumed:
    known = place(before)
    gap, rest = resumed(text, known.back if back else known.head, before, back=back)
    return Resumed(rest, words(gap) if gap else None)


ONWARD = Way("on", UNSEEN[JOURNAL], CURSORS[JOURNAL], lambda text, before: _resume(text, before, back=False))
BACK = Way("back", unseen_back, cursor_back, lambda text, before: _resume(text, before, back=True), MOST_BACK)


def words(gap: Gap) -> str:
    """What a row in `scrape` says of entries that are gone."""
    many = f"up to {gap.entries:,}" if gap.entries is not None else "it is not known how many"
    since = f" from {_stamp(gap.since)}" if gap.since else ", all"
    return f"journal entries{since} to {_stamp(gap.until)} were gone before they were read: {many}"


def _stamp(us: int) -> str:
    try:
        return datetime.fromtimestamp(us / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        return "an impossible time"

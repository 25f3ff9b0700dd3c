"""Log files to rows of table `log`: what a host said of them, against what is known of each (`livedata.parse.logs`).

Unlike other texts this one can't be read without its past, so it is taken in two steps: `files_taken` gives a text with an entry on each line and,
on the last, where to go on; `logfile` and `place` read that.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import msgspec

from ..model.probe import Probe
from ..model.reading import ParseError, Reading
from ..model.scrape import Outcome
from .logs.answer import read_answer
from .logs.cursor import dump, load
from .logs.entries import Entry
from .logs.follow import take
from .logs.formats import Format, own_format
from .text import bad

if TYPE_CHECKING:
    from ..model.batch import Row

CURSOR = "c "
"""How the line begins that says where to go on; what a host says has no such line."""
MOST_TOLD = 3
COLUMNS = (
    "ts", "boot_id", "priority", "facility", "unit", "identifier", "pid", "uid", "transport", "message", "fields",
)  # fmt: skip
UNREAD = (Outcome.OK, Outcome.TRUNCATED, Outcome.TIMEOUT)

Taker = Callable[[Reading, str | None], tuple[Reading, str | None]]
"""Told a reading and the cursor kept so far: the same with its text in lines of entries, and what is lost, in words."""


def taken(reading: Reading, entries: list[Entry], cursor: str | None, denied: list[str]) -> Reading:
    """A reading whose text is these entries, and where to go on; `denied`: in words."""
    lines = [
        *map(msgspec.json.encode, entries),
        *([CURSOR.encode() + msgspec.json.encode(cursor)] if cursor else []),
    ]
    text = b"".join(line + b"\n" for line in lines).decode()
    if not denied or reading.outcome is not Outcome.OK:
        return replace(reading, text=text)
    return replace(reading, text=text, outcome=Outcome.DENIED, detail=several(denied))


def several(words: list[str]) -> str:
    more = f"; and {len(words) - MOST_TOLD} more" if len(words) > MOST_TOLD else ""
    return "; ".join(words[:MOST_TOLD]) + more


def files_taken(reading: Reading, before: str | None) -> tuple[Reading, str | None]:
    """What is new in log files (a `Taker`)."""
    if reading.outcome not in UNREAD:
        return reading, None
    try:
        answer = read_answer(reading.data or reading.text.encode("utf-8", "surrogatepass"))
    except ParseError as error:
        return replace(reading, text="", outcome=Outcome.MALFORMED, detail=str(error)[:300]), None
    denied = list(answer.denied)
    if answer.more:
        denied.append(f"{answer.more} more files match than are followed")
    if not answer.now:
        return taken(reading, [], None, denied), None
    state = load(before)
    own: dict[str, Format] = {}
    for file in answer.files:
        for glob, pattern in reading.patterns:
            if fnmatchcase(file.path, glob):
                own.setdefault(file.path, _own(pattern))
    got = take(answer, state, own)
    cursor = dump(state)
    return taken(reading, got.entries, cursor if cursor != before else None, denied), several(
        got.lost
    ) or None


def _own(pattern: str) -> Format:
    try:
        return own_format(pattern)
    except re.error as error:
        raise bad(f"no regular expression: {error}", pattern) from error


def logfile(probe: Probe, reading: Reading) -> list[Row]:
    """A row an entry."""
    return rows(probe, reading, files_taken)


def rows(probe: Probe, reading: Reading, take: Taker) -> list[Row]:
    """A row an entry of a reading that was taken, or of one that is yet to be, as the first of its host. Raises ParseError."""
    names = [column.name for column in probe.columns]
    if unknown := [name for name in names if name not in COLUMNS]:
        raise ParseError(
            f"log files and rings give {', '.join(COLUMNS)}, and nothing else: not {', '.join(unknown)}"
        )
    if reading.text and not reading.text.startswith(("{", CURSOR)):
        reading, _ = take(reading, None)
        if reading.outcome is Outcome.MALFORMED:
            raise ParseError(reading.detail or "that is no answer")
    body, _, last = reading.text[:-1].rpartition("\n")
    text = body if last.startswith(CURSOR) else reading.text
    try:
        found = msgspec.json.Decoder(Entry).decode_lines(text)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise bad("this is no entry", text) from error
    return [tuple([_value(entry, name) for name in names]) for entry in found]


def _value(entry: Entry, name: str) -> object:
    value = getattr(entry, name, None)
    return list(value.items()) if isinstance(value, dict) else value


def place(reading: Reading, before: str | None, boot_id: str | None) -> str | None:
    """Where to go on; None: as before."""
    last = reading.text[:-1].rpartition("\n")[2]
    return msgspec.json.decode(last[len(CURSOR) :], type=str) if last.startswith(CURSOR) else None

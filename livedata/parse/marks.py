"""What of a journal came before, as the text that livedata keeps of it: where it goes on, where it goes back, and which entries came.

journalctl orders the entries of one sequence of files by their numbers, of one boot by uptime, and others by the wall clock. Where
that was set back across a boot these orders contradict each other, and `--after-cursor` gives what lies before the cursor
too, again and again. But in one boot and one sequence numbers only grow (systemd's "Journal File Format"). So of each the lowest
and the highest number that came are kept: forwards only what is above is new, backwards only what is below.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

KEPT = 32
"""Pairs of a boot and a sequence remembered, the newest."""
_LEAST = -(2**64)
BEGIN = "begin"
"""Instead of the cursor to go back from: nothing older is there."""
# A quote within a value is escaped, so no value can hold this; it begins with what is searched for fast.
_CURSOR = re.compile(
    r'"__CURSOR"\s*:\s*"(s=([0-9a-f]{8,32});i=([0-9a-f]{1,16});b=([0-9a-f]{8,32});[^"\\\n]*)"'
)
_OWN = re.compile(r"s=([0-9a-f]+);i=([0-9a-f]+);b=([0-9a-f]+);m=[0-9a-f]+;t=([0-9a-f]+);")

Marks = dict[str, tuple[int, int]]
"""Boot and sequence → the lowest and the highest number that came."""


@dataclass(frozen=True, slots=True)
class Place:
    """`head`: journalctl's cursor to go on after; `back`: to go back from, BEGIN, or nothing where it isn't known; `reached`: when that
    entry was, microseconds UTC."""

    head: str = ""
    back: str = ""
    reached: int = 0
    marks: Marks = field(default_factory=dict)

    def __str__(self) -> str:
        pairs = [f"{name}={lo:x}-{hi:x}" for name, (lo, hi) in self.marks.items()][-KEPT:]
        back = f"\n{self.reached} {self.back}" if self.back else ""
        return f"{self.head}\n{' '.join(pairs)}{back}" if pairs or back else self.head


def place(text: str | None) -> Place:
    """What `str` made a text of. A number alone is the highest."""
    head, _, rest = (text or "").partition("\n")
    words, _, back = rest.partition("\n")
    reached, _, cursor = back.partition(" ")
    pairs = (word.partition("=") for word in words.split())
    marks = {
        name: (int(lo, 16), int(hi or lo, 16)) for name, _, n in pairs for lo, _, hi in [n.partition("-")]
    }
    return Place(head, cursor, int(reached or 0), marks)


def journals_own(cursor: str | None) -> str:
    """The part of a kept cursor that journalctl goes on after; empty where there is none."""
    return (cursor or "").partition("\n")[0]


def _marks(text: str) -> Iterator[tuple[str, int]]:
    """Of each entry its boot and sequence, and its number there."""
    for found in _CURSOR.finditer(text):
        yield f"{found[4][:8]}.{found[2][:8]}", int(found[3], 16)


def _mark(line: str) -> tuple[str, int] | None:
    return next(_marks(line), None)


def unseen(text: str, before: str | None) -> str:
    """The lines whose entries did not come before, each once.

    Args:
        text: what journalctl printed; a last line that is cut off stays.
        before: the cursor kept so far.
    """
    return _new(text, {name: hi for name, (_, hi) in place(before).marks.items()}, 1)


def unseen_back(text: str, before: str | None) -> str:
    """The same for what `journalctl --reverse` printed."""
    return _new(text, {name: -lo for name, (lo, _) in place(before).marks.items()}, -1)


def _new(text: str, ends: dict[str, int], sign: int) -> str:
    """The lines whose numbers, times `sign`, go on behind these."""
    last = dict(ends)
    for name, number in _marks(text):
        if sign * number <= last.get(name, _LEAST):
            break
        last[name] = sign * number
    else:
        return text  # as nearly always
    kept = []
    for line in text.split("\n"):
        mark = _mark(line)
        if mark:
            if sign * mark[1] <= ends.get(mark[0], _LEAST):
                continue
            ends[mark[0]] = sign * mark[1]
        kept.append(line)
    return "\n".join(kept)


def _own(line: str) -> str:
    """journalctl's cursor of an entry; empty where it is not in the form that is known."""
    found = _CURSOR.search(line)
    return found[1] if found else ""


def _went_on(text: str, before: Marks) -> Marks:
    """The marks with those of the complete lines of `text`; the pairs that came last are last."""
    came: Marks = {}
    for name, number in _marks(text[: text.rfind("\n") + 1]):
        lo, hi = came.get(name, (number, number))
        came[name] = (min(lo, number), max(hi, number))
    marks = {name: ends for name, ends in before.items() if name not in came}
    for name, (lo, hi) in came.items():
        known = before.get(name, (lo, hi))
        marks[name] = (min(lo, known[0]), max(hi, known[1]))
    return marks


def going_on(text: str, before: str | None, boot_id: str | None) -> str | None:
    """The complete line that the journal goes on after; None: as before.

    After an entry of the present boot only entries of the present boot can follow, and come first. So an entry of another
    boot is gone on after only where none of this boot has come yet.

    Args:
        text: what came that is new.
        before: the cursor kept so far.
        boot_id: the host's present boot; None where it isn't known.
    """
    lines = [line for line in text.split("\n")[:-1] if line]
    present = (boot_id or "").replace("-", "")[:8]
    for line in reversed(lines if present else ()):
        mark = _mark(line)
        if mark and mark[0].startswith(present):
            return line
    if present and f";b={present}" in journals_own(before):
        return None
    return lines[-1] if lines else None


def went_on(own: str, text: str, before: str | None) -> str:
    """The text to keep once the complete lines of `text` came, and `own` is where the journal goes on.

    The first that ever came are what is gone back from.
    """
    known = place(before)
    lines = [line for line in text.split("\n")[:-1] if line]
    if not known.head and lines and (back := _own(lines[0])):
        known = replace(known, back=back, reached=_us(back))
    return str(replace(known, head=own, marks=_went_on(text, known.marks)))


def went_back(text: str, before: str | None, *, begin: bool) -> str:
    """The text to keep once the complete lines of `text` came, newest first; `begin`: there is nothing before them."""
    known = place(before)
    lines = [line for line in text.split("\n")[:-1] if line]
    back = _own(lines[-1]) if lines else ""
    # Entries are thought older than what a clock that was set back says of them, so that such a boot ends nothing.
    reached = max((_us(_own(line)) for line in (lines[:1] + lines[-1:])), default=known.reached)
    known = replace(known, back=back or known.back, reached=reached if back else known.reached)
    return str(replace(known, back=BEGIN if begin else known.back, marks=_went_on(text, known.marks)))


def _us(own: str) -> int:
    """When the entry of a cursor was, microseconds UTC; 0 where that can't be told."""
    found = _OWN.match(own)
    return int(found[4], 16) if found else 0


@dataclass(frozen=True, slots=True)
class Gap:
    """Entries between two moments (microseconds UTC) are gone; how many, at most, where that is known. `since` 0: as far back as there were."""

    since: int
    until: int
    entries: int | None


def resumed(text: str, own: str, before: str | None, *, back: bool = False) -> tuple[Gap | None, str]:
    """What is gone between a cursor and what journalctl printed from it on; and the text without the cursor's own entry, with which it
    begins if that is still there.

    Args:
        text: what `journalctl --cursor` printed, with `--reverse` where it went `back`.
        own: that cursor.
        before: the text kept so far.
    """
    line, _, rest = text.partition("\n")
    first = _own(line)
    if first == own:
        return None, rest
    return _gap(line, first, own, before, back=back), text


def _gap(line: str, first: str, own: str, before: str | None, *, back: bool) -> Gap | None:
    """`first`: the cursor of what came, `line`; `own`: of what was to come."""
    at, now, mark = _OWN.match(own), _OWN.match(first), _mark(line)
    if not at or not (now and mark):
        # Nothing came: backwards, since what was there is gone.
        return Gap(0, _us(own), None) if at and back and not line else None
    lo, hi = place(before).marks.get(mark[0], (0, -1))
    apart = abs(mark[1] - int(at[2], 16)) if now[1] == at[1] else None
    if apart == 1 or lo <= mark[1] <= hi:
        return None
    since, until = sorted((_us(own), _us(first)))
    return Gap(since, until, apart - 1 if apart else None)

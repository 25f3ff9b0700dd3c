"""Which entries of a journal came before: a clock that was set back makes journalctl go round in circles.

It orders the entries of one sequence of files by their numbers, of one boot by uptime, and others by the wall clock. Where
that was set back across a boot these orders contradict each other, and `--after-cursor` gives what lies before the cursor
too, again and again. But in one boot and one sequence numbers only grow (systemd's "Journal File Format"): the highest
that came of each stands in the cursor that livedata keeps, in a second line.
"""

from __future__ import annotations

import re

KEPT = 16
"""Pairs of a boot and a sequence remembered, the newest."""
# A quote within a value is escaped, so no value can hold what begins this.
_CURSOR = re.compile(r'[{,]\s*"__CURSOR"\s*:\s*"s=([0-9a-f]{8,32});i=([0-9a-f]{1,16});b=([0-9a-f]{8,32});')


def journals_own(cursor: str | None) -> str:
    """The part of a kept cursor that journalctl knows; empty where there is none."""
    return (cursor or "").partition("\n")[0]


def _marks(cursor: str | None) -> dict[str, int]:
    pairs = (word.partition("=") for word in (cursor or "").partition("\n")[2].split())
    return {name: int(number, 16) for name, _, number in pairs}


def _mark(line: str) -> tuple[str, int] | None:
    """The boot and sequence of an entry, and its number there."""
    found = _CURSOR.search(line)
    return (f"{found[3][:8]}.{found[1][:8]}", int(found[2], 16)) if found else None


def unseen(text: str, before: str | None) -> str:
    """The lines whose entries did not come before, each once.

    Args:
        text: what journalctl printed; a last line that is cut off stays.
        before: the cursor kept so far.
    """
    marks = _marks(before)
    kept = []
    for line in text.split("\n"):
        mark = _mark(line)
        if mark:
            if mark[1] <= marks.get(mark[0], -1):
                continue
            marks[mark[0]] = mark[1]
        kept.append(line)
    return "\n".join(kept)


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


def marked(own: str, text: str, before: str | None) -> str:
    """journalctl's cursor with the numbers of the complete lines of `text` beside those kept so far."""
    marks = _marks(before)
    for line in text.split("\n")[:-1]:
        mark = _mark(line)
        if mark:
            marks[mark[0]] = max(mark[1], marks.pop(mark[0], -1))
    words = [f"{name}={number:x}" for name, number in marks.items()][-KEPT:]
    return f"{own}\n{' '.join(words)}" if words else own

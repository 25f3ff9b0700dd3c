"""Which processes began and which ended between two samples, and which a host was told of already. Pure.

A process is told by its pid and its start, the labels of the probe `process`. Probes with `after` are asked about those that began.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from ..model.batch import Row
from ..model.probe import Probe
from ..model.reading import Reading
from .increase import Counters

Key = tuple[int, int]
"""Pid, and start in hundredths of seconds since boot."""
MOST_PIDS = 500
"""Processes of one request."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of a host before a sample: of the boot `boot_id` every process that began before `until` (hundredths of
    seconds since boot), and all that there were in `period`, one of the times that the probe's `full` makes."""

    boot_id: str
    period: int
    until: int

    def __str__(self) -> str:
        """As the cursor that the store keeps."""
        return f"{self.boot_id} {self.period} {self.until}"


def told_before(cursor: str | None, boot_id: str | None) -> Told | None:
    """What a cursor says; None where it is of another boot, or none."""
    boot, _, numbers = (cursor or "").partition(" ")
    period, _, until = numbers.partition(" ")
    try:
        return Told(boot, int(period), int(until)) if boot and boot == boot_id else None
    except ValueError:
        return None


def slash() -> str:
    """A `/` of a path in a spelling that nobody guesses: `/.//./`."""
    return "/" + "".join(secrets.choice(("/", "./")) for _ in range(40))


def began(probe: Probe, rows: Iterable[Row], known: Collection[object]) -> list[Key]:
    """The processes of these rows that the sample before did not have."""
    return [key for key in map(probe.key_of, rows) if key not in known]


def our_own(reading: Reading, keys: Iterable[Key]) -> set[Key]:
    """Those of these processes that livedata's own shells there started. They are gone before anyone can ask about them.

    The reader's parent is the shell that was asked; all our shells have one parent, the session.
    """
    session = _parent(reading, _parent(reading, "self"))
    if not session:
        return set()
    own = set()
    for key in keys:
        line = [str(key[0])]  # a process and its ancestors
        while (parent := _parent(reading, line[-1])) and parent not in line:
            line.append(parent)
        if session in line[2:]:
            own.add(key)
    return own


def _parent(reading: Reading, pid: str) -> str:
    """The pid of a process's parent; blank where it isn't known."""
    text = reading.files.get(f"/proc/{pid}/stat", "")
    return text[text.rfind(")") + 4 :].partition(" ")[0]


def ended(reading: Reading, known: Iterable[Key], new: Iterable[Key]) -> list[Key]:
    """Those of the known ones that a sample has no more, or under whose pid it has another."""
    files, again = reading.files, {pid for pid, _ in new}
    return [key for key in known if key[0] in again or not files.get(f"/proc/{key[0]}/stat")]


def from_zero(probe: Probe, counters: Counters, new: Iterable[Key], last_uptime_ms: int | None) -> Counters:
    """The counters of the sample before, and those of processes that began since: they were 0 at their start."""
    if last_uptime_ms is None:
        return counters
    zeros = (0,) * len(probe.counters)
    born: Counters = {key: zeros for key in new if key[1] * 10 >= last_uptime_ms}
    return {**counters, **born} if born else counters


def end_rows(probe: Probe, keys: Iterable[Key], ts: int) -> list[Row]:
    """Rows that say no more than that these processes had ended at `ts`."""
    names = [column.name for column in probe.columns]
    return [
        tuple([{"pid": pid, "start_seconds": start, "ended": ts}.get(name) for name in names])
        for pid, start in keys
    ]

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
PPID, SESSION = 4, 6
JUST_NOW = 200
"""Hundredths of seconds."""
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


def our_own(reading: Reading, keys: Iterable[Key], uptime_ms: int | None) -> set[Key]:
    """Those of these processes that livedata's own shells there started: they are gone before anyone can ask about them.

    The reader's parent is the shell that was asked. All our shells have one parent, and each leads a session of its own. busybox's
    timeout(1) leaves that session: one that just began is taken for ours.
    """
    parent = _field(reading, _field(reading, "self", PPID), PPID)
    if parent in ("", "0", "1"):
        return set()
    just_now = (uptime_ms or 0) // 10 - JUST_NOW
    own = set()
    for key in keys:
        pid, start = str(key[0]), key[1]
        leader = _field(reading, pid, SESSION)
        text = reading.files.get(f"/proc/{pid}/stat", "")
        watcher = (
            start > just_now and text.startswith(f"{pid} (timeout) ") and _field(reading, pid, PPID) == "1"
        )
        if watcher or (leader != pid and _field(reading, leader, PPID) == parent):
            own.add(key)
    return own


def _field(reading: Reading, pid: str, number: int) -> str:
    """A field of /proc/PID/stat behind the name, as proc_pid_stat(5) numbers them; blank where it isn't known."""
    text = reading.files.get(f"/proc/{pid}/stat", "")
    words = text[text.rfind(")") + 1 :].split(None, number - 2)
    return words[number - 3] if len(words) > number - 3 else ""


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

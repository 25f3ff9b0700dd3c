"""Which processes began and which ended between two samples, and which a host was told of already. Pure.

A process is told by its pid and its start, the labels of the probe `process`. Probes with `after` are asked about those that began.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from ..model.batch import Row
from ..model.probe import Probe
from ..model.reading import Reading
from .increase import Counters
from .packed import Packed

Key = tuple[int, int]
"""Pid, and start in hundredths of seconds since boot."""
PPID, GROUP, SESSION = 4, 5, 6
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


def began(probe: Probe, rows: Iterable[Row], known: Packed) -> list[Key]:
    """The processes of these rows that the sample before did not have."""
    return [key for key in map(probe.key_of, rows) if known.get(key) is None]


@dataclass(frozen=True, slots=True)
class Family:
    """livedata's own shells on a host: `parent`, the pid that they are all children of, blank where that isn't known; and theirs."""

    parent: str = ""
    shells: frozenset[str] = frozenset()


def family(reading: Reading, before: Family | None, new: Iterable[Key]) -> Family:
    """The shells that there are now. The reader's parent is the shell that was asked. Of a sample of what changed `new` are looked at."""
    asked = _field(reading, "self", PPID)
    parent = _field(reading, asked, PPID)
    if reading.since and before and (not parent or parent == before.parent):
        left = before.shells - reading.gone
        return Family(before.parent, left | _children(reading, before.parent, (str(pid) for pid, _ in new)))
    if parent in ("", "0", "1"):
        return Family()
    return Family(parent, _children(reading, parent, (path[6:-5] for path in reading.files)))


def _children(reading: Reading, parent: str, pids: Iterable[str]) -> frozenset[str]:
    return frozenset(pid for pid in pids if parent and _field(reading, pid, PPID) == parent)


def our_own(reading: Reading, kin: Family, keys: Iterable[Key], uptime_ms: int | None) -> set[Key]:
    """Those of these processes that livedata's own shells there started for one request: they are gone before anyone can ask about them.

    Each shell leads a session of its own, and timeout(1) a group in it; what stays as long as the shell is in the shell's. busybox's leaves
    that session: one that just began is taken for ours.
    """
    if not kin.parent:
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
        if watcher or (leader in kin.shells and _field(reading, pid, GROUP) != leader):
            own.add(key)
    return own


def _field(reading: Reading, pid: str, number: int) -> str:
    """A field of /proc/PID/stat behind the name, as proc_pid_stat(5) numbers them; blank where it isn't known."""
    text = reading.files.get(f"/proc/{pid}/stat", "")
    words = text[text.rfind(")") + 1 :].split(None, number - 2)
    return words[number - 3] if len(words) > number - 3 else ""


def ended(reading: Reading, known: Packed, new: Iterable[Key]) -> list[Key]:
    """Those of the known ones that a sample has no more, or under whose pid it has another."""
    files, again = reading.files, {pid for pid, _ in new}
    if reading.since:
        over = again | {int(name) for name in reading.gone if name.isdecimal()}
        return known.of_pids(over)
    return [key for key in known if key[0] in again or not files.get(f"/proc/{key[0]}/stat")]


def from_zero(probe: Probe, new: Iterable[Key], last_uptime_ms: int | None) -> Counters:
    """The counters at the sample before of processes that began since: they were 0 at their start."""
    if last_uptime_ms is None:
        return {}
    zeros = (0,) * len(probe.counters)
    return {key: zeros for key in new if key[1] * 10 >= last_uptime_ms}


def end_rows(probe: Probe, keys: Iterable[Key], ts: int) -> list[Row]:
    """Rows that say no more than that these processes had ended at `ts`."""
    names = [column.name for column in probe.columns]
    return [
        tuple([{"pid": pid, "start_seconds": start, "ended": ts}.get(name) for name in names])
        for pid, start in keys
    ]

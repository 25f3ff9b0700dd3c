"""When a probe is due, and which tick a run belongs to. Pure: every function is told `now`.

All times are microseconds since the epoch. Ticks lie on a grid of `every` (all hosts share it, so that rows of many hosts
bear the same `ts`); a host's phase only moves the moment of asking, which `offset_ms` tells.
"""

from __future__ import annotations

from hashlib import blake2s

SECOND = 1_000_000
GRID = 10 * SECOND
"""Ticks of slower probes and of single pulls lie on this one."""
WAVE = 50
"""Hosts asked at one moment: a wave costs less than as many single wake-ups."""
SPREAD = 0.8
"""Share of the tick over which the waves are spread."""


def tick(now: int, every: float) -> int:
    """The grid point at or before `now`."""
    grid = max(1, min(GRID, int(every * SECOND)))
    return now - now % grid


def next_due(ts: int, every: float) -> int:
    """The grid point of `every` after the tick that was run: after a sleep one run is due, not all that were missed."""
    step = max(1, int(every * SECOND))
    return ts - ts % step + step


def first_due(last: int | None, every: float, now: int) -> int:
    """When a probe is due at the start: now, unless its last sample is younger than its cadence."""
    if last is None or last > now:
        return now
    return max(now, last + int(every * SECOND))


def due_at(due: int, every: float, now: int) -> int:
    """`due`, unless this clock was set back: no run lies further ahead than one cadence."""
    return min(due, now + int(every * SECOND))


def missed(ts: int, due: int, every: float) -> int:
    """Ticks that were skipped when a probe due at `due` ran at `ts`."""
    return max(0, (ts - due) // max(1, int(every * SECOND)))


def phase(host: str, hosts: int, every: float) -> int:
    """How long after its tick a host is asked, the same at each start."""
    waves = -(-hosts // WAVE)
    wave = int.from_bytes(blake2s(host.encode(), digest_size=4).digest()) % max(1, waves)
    return int(min(every, GRID / SECOND) * SECOND * SPREAD * wave / max(1, waves))

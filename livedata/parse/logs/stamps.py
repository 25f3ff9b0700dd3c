"""Times as log files write them, in microseconds UTC: without a zone, without a year, in the hour that comes twice.

A stamp without a zone is by the host's own clock, whose rules the host tells as a POSIX TZ string (POSIX XBD 8.3: the last line of
/etc/localtime, tzfile(5)). A stamp without a year is of the latest year in which it isn't later than the file was written. In the hour that comes twice
in autumn it is the first, unless that lies before the line before it, or the line was just written.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from types import MappingProxyType
from zoneinfo import ZoneInfo

SECOND = 1_000_000
DAY = 86_400 * SECOND
SLACK = 2 * SECOND
"""Lines of several processes are out of order by so much."""
FRESH = 120 * SECOND
"""A line that was read so soon after it was written is taken for just written."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _LAST = datetime(1970, 1, 2, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)

MONTHS: Mapping[str, int] = MappingProxyType(
    {
        name: i
        for i, name in enumerate(
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], 1
        )
    }
)
NAMED_ZONES = frozenset({"Z", "z", "UTC", "GMT"})


@dataclass(frozen=True, slots=True)
class Clock:
    """What is known of the times in one file.

    `now`: when it was read, by the host's clock. `zone`: the host's. `latest`: when it was written last, at the latest. `continuing`: what lies before was
    read as it was written. All in microseconds UTC.
    """

    now: int
    zone: tzinfo = UTC
    latest: int = 0
    continuing: bool = False

    @property
    def bound(self) -> int:
        return min(self.latest or self.now, self.now) + DAY


@lru_cache(maxsize=256)
def zone_of(posix: str, offset: str) -> tzinfo:
    """The zone of a POSIX TZ string such as `CET-1CEST,M3.5.0,M10.5.0/3`; where it is none, the fixed offset of `date +%z`; else UTC."""
    header = (
        b"TZif2" + bytes(15) + struct.pack(">6l", 0, 0, 0, 0, 1, 4) + struct.pack(">lbb", 0, 0, 0) + b"UTC\0"
    )
    try:
        # A file of no transitions whose last line is all there is to it (RFC 8536, 3.3).
        return ZoneInfo.from_file(io.BytesIO(header + header + b"\n" + posix.encode("ascii") + b"\n"))
    except (ValueError, UnicodeError):
        return offset_of(offset) or UTC


@lru_cache(maxsize=256)
def offset_of(text: str) -> tzinfo | None:
    """`+01:00`, `+0100`, `-03`, `Z`, `UTC`; None for anything else, such as a zone's short name, which is not unique."""
    if text in NAMED_ZONES:
        return UTC
    found = re.fullmatch(r"([+-])(\d\d):?(\d\d)?", text)
    if not found:
        return None
    delta = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return timezone(-delta if found[1] == "-" else delta) if delta < timedelta(days=1) else None


@lru_cache(maxsize=8192)
def _minute(year: int, month: int, day: int, hour: int, minute: int, zone: tzinfo) -> tuple[int, int] | None:
    """Seconds since 1970 of a minute: the first that is called so, and the last; None where there is no such day."""
    try:
        first = datetime(year, month, day, hour, minute, tzinfo=zone)
        last = first.replace(fold=1)
        if not _FIRST < first < _LAST:
            return None
        return int(first.timestamp()), int(last.timestamp())
    except (ValueError, OverflowError):
        return None


def instant(
    clock: Clock, date: tuple[int, int, int], time: str, zone: tzinfo | None = None, before: int | None = None
) -> int | None:
    """The microseconds UTC of a date and `HH:MM:SS`, with `.` or `,` and a fraction where there is one; None: there is no such time.

    Args:
        zone: where the stamp says it; None is the host's.
        before: the time of the line before.
    """
    try:
        hour, minute, second = int(time[:2]), int(time[3:5]), int(time[6:8])
        fraction = int((time[9:15] + "000000")[:6]) if len(time) > 9 else 0
    except ValueError:
        return None
    known = _minute(*date, hour, minute, zone or clock.zone)
    if known is None or second > 60:  # 60: a leap second
        return None
    first, last = ((start + second) * SECOND + fraction for start in known)
    if last <= first:  # they differ too, and so, for a time that was left out in spring
        return first
    just_now = clock.continuing and 0 <= clock.now + SLACK - last < FRESH
    return last if just_now or (before is not None and first < before - SLACK <= last) else first


def without_year(
    clock: Clock, month: int, day: int, time: str, before: int | None = None, zone: tzinfo | None = None
) -> int | None:
    """The same for a stamp that has no year, such as RFC 3164's."""
    bound = clock.bound
    year = (_EPOCH + timedelta(microseconds=bound)).year + 1
    for candidate in range(year, year - 10, -1):  # up to ten: 29 February may be as far away as eight years
        found = instant(clock, (candidate, month, day), time, zone, before)
        if found is not None and found <= bound:
            return found
    return None


def zone_name(ts: int, zone: tzinfo) -> str | None:
    """What a zone is called at a moment, such as CEST."""
    return (_EPOCH + timedelta(microseconds=ts)).astimezone(zone).tzname()


def epoch(value: float) -> int | None:
    """A number of seconds, milli-, micro- or nanoseconds since 1970, whichever gives a time between 2001 and 2286."""
    for scale in (1e6, 1e3, 1.0, 1e-3):
        found = value * scale
        if 1e15 <= found < 1e16:
            return int(found)
    return None

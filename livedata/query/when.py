"""Reads a point in time as a person writes it: `15m`, `2026-11-20T03:00`, `yesterday 03:00`; pure, told `now`."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from datetime import time as clock_time

from ..errors import UsageError

UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
"""Seconds of a duration's units; `m` is minutes. A day is 24 hours, also where the clocks change."""

FORMS = "15m, 1h30m, 2d, 03:00, 2026-11-20, 2026-11-20T03:00, 2026-11-20T03:00:00Z, 'yesterday 03:00', now, @1795143600"

_DURATION = re.compile(r"[-+]?((?:\d+(?:\.\d+)?[smhdw])+)(?: ago)?", re.ASCII)
_TERM = re.compile(r"(\d+(?:\.\d+)?)([smhdw])", re.ASCII)
_CLOCK = re.compile(r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?", re.ASCII)
_DAYS = {"today": 0, "yesterday": -1, "tomorrow": 1}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_when(text: str, now_us: int, zone: tzinfo | None = None, *, option: str = "") -> int:
    """Microseconds UTC of the time that `text` names.

    A duration lies before `now_us`. Without a zone of its own a time is in `zone` (None: this machine's); of an hour
    that comes twice when the clocks change the first is meant, one that is left out is read with the offset before.

    Raises:
        UsageError: it is no time, or one that a calendar can't hold; `option` is named as its place.
    """
    wanted = " ".join(text.split())
    try:
        return _parse(wanted.lower(), now_us, zone)
    except (ValueError, OverflowError, OSError):
        raise UsageError(f"{text!r} is no time", where=option, hint=f"for example: {FORMS}") from None


def _parse(text: str, now_us: int, zone: tzinfo | None) -> int:
    if text == "now":
        return now_us
    if text.startswith("@"):
        return _checked(round(float(text[1:]) * 1_000_000))
    if duration := _DURATION.fullmatch(text):
        if text.startswith("+"):
            raise ValueError
        seconds = sum(float(n) * UNITS[unit] for n, unit in _TERM.findall(duration.group(1)))
        return _checked(now_us - round(seconds * 1_000_000))
    today = _local(now_us, zone).date()
    day, _, rest = text.partition(" ")
    if day in _DAYS:
        return _moment(today + timedelta(days=_DAYS[day]), _clock(rest) if rest else clock_time(), zone)
    if _CLOCK.fullmatch(text):
        return _moment(today, _clock(text), zone)
    stamp = datetime.fromisoformat(text.upper())
    return _us(stamp if stamp.tzinfo else _placed(stamp, zone))


def _clock(text: str) -> clock_time:
    if not _CLOCK.fullmatch(text):
        raise ValueError
    return clock_time.fromisoformat(text.zfill(len(text) + (text.index(":") == 1)))


def _local(us: int, zone: tzinfo | None) -> datetime:
    return (_EPOCH + timedelta(microseconds=us)).astimezone(zone)


def _moment(day: date, at: clock_time, zone: tzinfo | None) -> int:
    return _us(_placed(datetime.combine(day, at), zone))


def _placed(naive: datetime, zone: tzinfo | None) -> datetime:
    """A wall clock's time as an instant: `astimezone` on a naive time asks the C library for this machine's zone."""
    return naive.astimezone() if zone is None else naive.replace(tzinfo=zone)


def _us(stamp: datetime) -> int:
    return (stamp - _EPOCH) // timedelta(microseconds=1)


def _checked(us: int) -> int:
    """The time, if a calendar can hold it."""
    _EPOCH + timedelta(microseconds=us)
    return us

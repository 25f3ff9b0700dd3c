"""Times as Splunk writes them: `-1h@h`, `@d`, `-7d@w1`, `now`, seconds since 1970, ISO 8601; days, weeks and months are those of UTC."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta

from . import sql
from .sql import Sql

UNITS: dict[str, str] = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "second"),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), "minute"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "hour"),
    **dict.fromkeys(("d", "day", "days"), "day"),
    **dict.fromkeys(("w", "week", "weeks"), "week"),
    **dict.fromkeys(("mon", "month", "months"), "month"),
    **dict.fromkeys(("q", "qtr", "qtrs", "quarter", "quarters"), "quarter"),
    **dict.fromkeys(("y", "yr", "yrs", "year", "years"), "year"),
}
SECONDS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800}
MONTHS = {"month": 1, "quarter": 3, "year": 12}
FRACTIONS = {"us": 1, "ms": 1_000, "cs": 10_000, "ds": 100_000}
"""Units below a second, in microseconds."""

_SHIFT = re.compile(r"([-+])(\d*)([A-Za-z]+)")
_SNAP = re.compile(r"@(w[0-7]|[A-Za-z]+)")
_SPAN = re.compile(r"(\d+(?:\.\d+)?)?\s*([A-Za-z]+)?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)
FORMS = ("%m/%d/%Y:%H:%M:%S", "%m/%d/%Y")


class BadTime(ValueError):
    """A text that is no time, or none that a calendar holds."""


def parse_time(text: str, now_us: int) -> int | None:
    """Microseconds UTC of a time modifier's value; None for all time (0 or nothing).

    Raises:
        BadTime: it is none.
    """
    text = text.strip()
    low = text.lower()
    if low in {"", "0"}:
        return None
    if low in {"now", "now()"}:
        return now_us
    if re.fullmatch(r"\d+(?:\.\d+)?", text):
        return _checked(round(float(text) * 1_000_000))
    if text[0] in "+-@" or low.startswith("now"):
        return relative(text, now_us)
    for form in FORMS:
        try:
            return (datetime.strptime(text, form).replace(tzinfo=UTC) - _EPOCH) // _US
        except ValueError:
            continue
    try:
        stamp = datetime.fromisoformat(text.upper())
    except ValueError:
        raise BadTime(f"{text!r} is no time") from None
    return ((stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)) - _EPOCH) // _US


def relative(text: str, from_us: int) -> int:
    """A moment moved and snapped: `-1d@d+3h`; raises BadTime."""
    moment = _EPOCH + from_us * _US
    try:
        for kind, amount, unit in _steps(text):
            moment = _snap(moment, unit) if kind == "@" else _moved(moment, amount, unit)
    except (OverflowError, ValueError):
        raise BadTime(f"{text!r} is beyond what a calendar holds") from None
    return (moment - _EPOCH) // _US


def _steps(text: str) -> list[tuple[str, int, str]]:
    rest = text.strip().replace(" ", "")
    if rest.lower().startswith("now"):
        rest = rest[3:].removeprefix("()")
    steps: list[tuple[str, int, str]] = []
    while rest:
        if found := _SHIFT.match(rest):
            unit = UNITS.get(found[3]) or UNITS.get(found[3].lower())
            if unit is None:
                raise BadTime(f"{found[3]} is no unit of time")
            steps.append(("+", int((found[1] + (found[2] or "1"))[:12]), unit))
        elif found := _SNAP.match(rest):
            day = re.fullmatch(r"w(\d)", found[1])
            named = f"week{int(day[1]) % 7}" if day else UNITS.get(found[1]) or UNITS.get(found[1].lower())
            if named is None:
                raise BadTime(f"{found[1]} is no unit of time")
            steps.append(("@", 0, "week0" if named == "week" else named))
        else:
            raise BadTime(f"{text!r} is no time")
        rest = rest[found.end() :]
    return steps


def _moved(moment: datetime, amount: int, unit: str) -> datetime:
    if unit in SECONDS:
        return moment + timedelta(seconds=amount * SECONDS[unit])
    months = moment.year * 12 + moment.month - 1 + amount * MONTHS[unit]
    year, month = months // 12, months % 12 + 1
    return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))


def _snap(moment: datetime, unit: str) -> datetime:
    if unit.startswith("week"):
        day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        return day - timedelta(days=(day.isoweekday() - int(unit[4:])) % 7)
    kept = {"second": 6, "minute": 5, "hour": 4, "day": 3, "month": 2, "quarter": 2, "year": 1}[unit]
    parts = moment.timetuple()[:kept]
    year, month, of_month, hour, minute, second = (*parts, *(1970, 1, 1, 0, 0, 0)[kept:])
    if unit == "quarter":
        month = (month - 1) // 3 * 3 + 1
    return datetime(year, month, of_month, hour, minute, second, tzinfo=UTC)


def _checked(us: int) -> int:
    try:
        _EPOCH + us * _US
    except OverflowError:
        raise BadTime("it is beyond what a calendar holds") from None
    return us


def shifted_sql(at: Sql, text: str) -> Sql:
    """The same of a TIMESTAMP that only the engine knows; raises BadTime."""
    for kind, amount, unit in _steps(text):
        if kind == "+":
            at = sql.op("+", at, interval(amount, unit))
        elif unit.startswith("week"):
            back = sql.op(
                "%",
                sql.op("+", sql.op("-", sql.fn("dayofweek", at), sql.number(int(unit[4:]))), sql.number(7)),
                sql.number(7),
            )
            at = sql.op("-", sql.fn("date_trunc", "day", at), sql.fn("to_days", sql.cast(back, "INTEGER")))
        else:
            at = sql.fn("date_trunc", unit, at)
    return at


def interval(amount: int, unit: str) -> Sql:
    """An interval as SQL."""
    if unit in SECONDS:
        return sql.fn("to_seconds", sql.number(amount * SECONDS[unit]))
    return sql.fn("to_months", sql.number(amount * MONTHS[unit]))


def parse_span(text: str) -> tuple[int, str]:
    """A span as (microseconds, "us") or (months, "month"): `5m`, `1h`, `1mon`, `100ms`; a bare number is seconds. Raises BadTime."""
    found = _SPAN.fullmatch(text.strip())
    if not found or not found.group():
        raise BadTime(f"{text!r} is no span of time")
    count = float(found[1] or 1)
    name = found[2] or "s"
    if name in FRACTIONS:
        size = round(count * FRACTIONS[name])
        unit = "us"
    else:
        whole = UNITS.get(name) or UNITS.get(name.lower())
        if whole is None:
            raise BadTime(f"{name} is no unit of time")
        unit = "us" if whole in SECONDS else "month"
        size = round(count * (SECONDS[whole] * 1_000_000 if unit == "us" else MONTHS[whole]))
    if not 0 < size < 10**18:
        raise BadTime(f"{text!r} is no span of time")
    return size, unit

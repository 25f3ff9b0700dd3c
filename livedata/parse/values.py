"""One value of each column type from its text, as a script prints it: exact, or null, or an error; never 0 for what is missing.

Numbers are ASCII digits as POSIX tools print them in the C locale. No unit is turned into another: `12M` is no number.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, DecimalException
from math import isfinite
from typing import Any

from ..model.probe import Column, Type
from .text import D2_END, I64_END, TS_END, U64_END, bad

NULL = ("", "-")
"""What is null in every column."""
MISSING = frozenset({
    "null", "none", "nil", "n/a", "[n/a]", "na", "nan", "-nan", "+nan", "\\n", "?", "--", "unknown", "unavailable", "not available",
    "not supported", "[not supported]", "never", "0001-01-01t00:00:00z",
})  # fmt: skip
"""What programs print where they have no value (the last: Go's zero time); null in columns that are no text."""

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_WHOLE = re.compile(r"([+-]?\d{1,20})(?:\.0*)?", re.ASCII)
_EPOCH = re.compile(r"\d{1,12}(?:\.\d{1,9})?", re.ASCII)
_ISO = re.compile(r"(\d{4}-\d\d-\d\d(?:[ T][\d:.,]+)?(?:Z|(?: ?[+-][\d:]+))?)(?: ([A-Z]{2,5}))?", re.ASCII)
"""RFC 3339, and what Go prints: `2027-01-05 09:34:43.5 +0100 CET`."""
_DATE = re.compile(
    r"(?:[A-Z][a-z]{2},? )?(?:(?P<day>\d\d?) (?P<month>[A-Z][a-z]{2}) (?P<year>\d{4}) (?P<clock>[\d:]{8})"
    r"|(?P<month2>[A-Z][a-z]{2}) +(?P<day2>\d\d?) (?P<clock2>[\d:]{8}) (?P<year2>\d{4})) (?P<zone>GMT|UTC|[+-]\d{4})",
    re.ASCII,
)
"""RFC 5322, HTTP and `date -R`: `Tue, 05 Jan 2027 09:34:43 +0000`; openssl: `Jan  5 09:34:43 2027 GMT`."""
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_BOOLEANS = {
    **dict.fromkeys(("true", "t", "yes", "y", "on", "1", "enabled"), True),
    **dict.fromkeys(("false", "f", "no", "n", "off", "0", "disabled"), False),
}
_EPOCH_START = datetime(1970, 1, 1, tzinfo=UTC)


def _whole(start: int, end: int) -> Callable[[str], int]:
    def convert(text: str) -> int:
        found = _WHOLE.fullmatch(text)
        number = int(found[1]) if found else end
        if not start <= number < end:
            raise ValueError
        return number

    return convert


def _float(text: str) -> float:
    number = float(text) if _NUMBER.fullmatch(text) else float("nan")
    if not isfinite(number):
        raise ValueError
    return number


def _d2(text: str) -> int:
    """Hundredths, exactly."""
    number = Decimal(text).scaleb(2) if len(text) < 32 and _NUMBER.fullmatch(text) else Decimal("NaN")
    if not number.is_finite() or abs(number) >= D2_END or number != int(number):
        raise ValueError
    return int(number)


def _ts(text: str) -> int:
    """Microseconds from seconds since the epoch, RFC 3339 or a date of mail, HTTP and openssl; without an offset it is UTC."""
    if _EPOCH.fullmatch(text):
        us = int(Decimal(text).scaleb(6))
    else:
        delta = _moment(text) - _EPOCH_START
        us = (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds
    if not 0 <= us < TS_END:
        raise ValueError
    return us


def _moment(text: str) -> datetime:
    if found := _DATE.fullmatch(text):
        day, month, year, clock = (found[k] or found[f"{k}2"] for k in ("day", "month", "year", "clock"))
        zone = "+0000" if found["zone"].isalpha() else found["zone"]
        return datetime.fromisoformat(f"{year}-{_MONTHS.index(month) + 1:02}-{int(day):02}T{clock}{zone}")
    found = _ISO.fullmatch(text)
    if not found:
        raise ValueError
    time = datetime.fromisoformat(found[1].replace(" +", "+").replace(" -", "-"))
    if time.tzinfo:
        return time
    if found[2] not in (None, "UTC", "GMT"):
        raise ValueError
    return time.replace(tzinfo=UTC)


CONVERT: dict[Type, Callable[[str], Any]] = {
    "str": str,
    "bool": lambda text: _BOOLEANS[text.lower()],
    "i64": _whole(-I64_END, I64_END),
    "u64": _whole(0, U64_END),
    "f64": _float,
    "d2": _d2,
    "ts": _ts,
}
"""Type → from its text; ValueError, KeyError, ArithmeticError where it is none. A map has no text of its own: jsonl."""


def convert(column: Column, text: str | None) -> Any:
    """A column's value (see `model.batch.Row`); None where there is none. A `_pct` may end in %.

    Raises:
        ParseError: it is none of the column's type.
    """
    if text is None or text in NULL:
        return None
    if column.type != "str":
        text = text.strip(" \t\r")
        if text in NULL or text.lower() in MISSING:
            return None
        if column.name.endswith("_pct"):
            text = text.removesuffix("%").rstrip(" ")
    try:
        return CONVERT[column.type](text)
    except (ValueError, KeyError, ArithmeticError, DecimalException) as error:
        raise bad(f"{column.name} is no {column.type}", text) from error

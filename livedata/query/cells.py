"""A column of an answer as text or as JSON, value by value; the same value reads the same in every format.

Times are ISO 8601 (UTC with `Z`; without a zone as they are), durations too (`P3DT2H`), decimals and HUGEINT keep all
their digits, blobs are hexadecimal, lists, structs and maps are JSON.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

import pyarrow as pa

from ..errors import QueryError
from .text import HARMFUL

Text = Callable[[Any], str]

REMEMBERED = 10_000
"""Times whose text is kept: the rows of a tick share theirs."""

WORTH_CASTING = 2_000
"""Values from which on Arrow's cast pays for itself: its first use loads `pyarrow.compute` (27 ms)."""

_EPOCH = dt.datetime(1970, 1, 1)
_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_BEYOND = {2**63 - 1: "infinity", -(2**63) + 1: "-infinity"}
_DIGITS = {"s": 0, "ms": 3, "us": 6, "ns": 9}


def is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def stamp(unit: str, zone: str = "", shift: Callable[[int], tuple[int, str]] | None = None) -> Text:
    """How an integer since the epoch reads: `2026-11-20T03:00:00Z`, with a fraction only where there is one.

    `shift` moves whole seconds to another zone's wall clock and names its offset. Times beyond the calendar's years
    are given as DuckDB means them: `infinity`, `-infinity`, or the number of seconds as `@N`.
    """
    per_second, digits = _PER_SECOND[unit], _DIGITS[unit]
    seen: dict[int, str] = {}

    def text(value: int) -> str:
        if value in seen:
            return seen[value]
        seconds, fraction = divmod(value, per_second)
        try:
            moved, suffix = shift(seconds) if shift else (seconds, zone)
            whole = (_EPOCH + dt.timedelta(seconds=moved)).isoformat(" " if shift else "T")
        except (OverflowError, ValueError, OSError):
            return _BEYOND.get(value, f"@{seconds}")
        full = f"{whole}.{fraction:0{digits}d}{suffix}" if fraction else whole + suffix
        if len(seen) < REMEMBERED:
            seen[value] = full
        return full

    return text


def duration(value: pa.MonthDayNano) -> str:
    """ISO 8601: months, days and a time of up to nanoseconds, each with its own sign."""
    years, months = divmod(abs(value.months), 12)
    sign = "-" if value.months < 0 else ""
    day = "".join(
        f"{s}{n}{u}" for s, n, u in ((sign, years, "Y"), (sign, months, "M"), ("", value.days, "D")) if n
    )
    nanos = abs(value.nanoseconds)
    sign = "-" if value.nanoseconds < 0 else ""
    seconds, fraction = divmod(nanos, 1_000_000_000)
    hours, minutes, seconds = seconds // 3600, seconds // 60 % 60, seconds % 60
    tail = f"{seconds}.{fraction:09d}".rstrip("0") if fraction else str(seconds)
    clock = "".join(
        f"{sign}{n}{u}" for n, u in ((str(hours), "H"), (str(minutes), "M"), (tail, "S")) if n != "0"
    )
    return "P" + day + ("T" + clock if clock else "") if day or clock else "PT0S"


def json_text(text: str) -> str:
    """A JSON string; what could harm a screen is escaped in it, which changes nothing for a program."""
    quoted = encode_basestring(text)
    return HARMFUL.sub(lambda m: f"\\u{ord(m.group()):04x}", quoted) if HARMFUL.search(quoted) else quoted


def _iso(value: Any) -> str:
    text: str = value.isoformat()
    return re.sub(r"\+00:00$", "Z", text)


def _json_float(value: float) -> str:
    return repr(value) if math.isfinite(value) else "null"


def _json_object(pairs: Any) -> str:
    return "{" + ",".join(f"{json_text(_text(k))}:{to_json(v)}" for k, v in pairs) + "}"


def _json_list(values: list[Any]) -> str:
    # A map arrives as a list of pairs; an Arrow list never holds tuples.
    if values and all(isinstance(v, tuple) and len(v) == 2 for v in values):
        return _json_object(values)
    return "[" + ",".join(map(to_json, values)) + "]"


_JSON: dict[type, Text] = {
    type(None): lambda v: "null",
    bool: lambda v: "true" if v else "false",
    int: str,
    float: _json_float,
    Decimal: lambda v: f"{v:f}",
    str: json_text,
    bytes: lambda v: f'"{v.hex()}"',
    list: _json_list,
    dict: lambda v: _json_object(v.items()),
}
_TEXT: dict[type, Text] = {
    bool: lambda v: "true" if v else "false",
    int: str,
    float: repr,
    Decimal: lambda v: f"{v:f}",
    str: str,
    bytes: bytes.hex,
    dt.datetime: _iso,
    dt.date: dt.date.isoformat,
    dt.time: dt.time.isoformat,
    dt.timedelta: lambda v: duration(pa.MonthDayNano([0, v.days, v.seconds * 10**9 + v.microseconds * 1000])),
    pa.MonthDayNano: duration,
}


def to_json(value: Any) -> str:
    """A Python value of Arrow's as JSON; NaN and infinity, which JSON lacks, are null."""
    known = _JSON.get(type(value))
    return known(value) if known else json_text(_text(value))


def _text(value: Any) -> str:
    known = _TEXT.get(type(value))
    return known(value) if known else to_json(value) if isinstance(value, (list, dict)) else str(value)


def _arrow_writes(kind: pa.DataType) -> bool:
    """Whether Arrow's own text of a number, made without a Python object each, is the one wanted: it has no exponent."""
    return bool(pa.types.is_integer(kind) or (pa.types.is_decimal(kind) and 0 <= kind.scale <= 6))


def _plan(kind: pa.DataType, shift: Callable[[int], tuple[int, str]] | None) -> tuple[bool, Text]:
    """Whether a column is read as integers since the epoch, and how one of its values reads."""
    if pa.types.is_timestamp(kind):
        return True, stamp(kind.unit, "Z" if kind.tz else "", shift if kind.tz else None)
    if pa.types.is_map(kind):
        return False, _json_object
    if pa.types.is_string(kind):
        return False, str
    if pa.types.is_integer(kind):
        return False, str
    return False, _text


class Cells:
    """A column's reader, kept over the batches of an answer (it remembers the times it has formatted)."""

    def __init__(self, kind: pa.DataType, shift: Callable[[int], tuple[int, str]] | None = None) -> None:
        self._as_integers, self._text = _plan(kind, shift)
        self._is_text = pa.types.is_string(kind)
        self._quoted = self._as_integers or not (
            is_number(kind) or pa.types.is_boolean(kind) or pa.types.is_nested(kind)
        )
        self._is_float = pa.types.is_floating(kind)
        self._arrow_writes = _arrow_writes(kind)
        self.bare = is_number(kind) or pa.types.is_boolean(kind) or pa.types.is_timestamp(kind)
        """Whether a text of it never has a comma, a quote or a line's end, and is never empty."""

    def values(self, column: pa.Array) -> list[Any]:
        """Python values; times as integers of their unit.

        Raises:
            QueryError: a time that Python's calendar does not reach lies within a list, struct or map.
        """
        try:
            return list((column.view(pa.int64()) if self._as_integers else column).to_pylist())
        except (OverflowError, ValueError) as error:
            raise QueryError(
                f"a value can't be shown: {error}", where="answer", hint="cast the column to VARCHAR"
            ) from error

    def texts(self, column: pa.Array) -> list[str | None]:
        if self._arrow_writes and len(column) >= WORTH_CASTING:
            return list(column.cast(pa.string()).to_pylist())
        text = self._text
        return [None if v is None else text(v) for v in self.values(column)]

    def jsons(self, column: pa.Array) -> list[str]:
        text = self._text
        if self._arrow_writes and len(column) >= WORTH_CASTING:
            return ["null" if t is None else t for t in column.cast(pa.string()).to_pylist()]
        if self._is_text:
            return ["null" if v is None else json_text(v) for v in self.values(column)]
        if self._is_float:
            return ["null" if v is None else _json_float(v) for v in self.values(column)]
        if self._quoted:
            return ["null" if v is None else json_text(text(v)) for v in self.values(column)]
        return ["null" if v is None else text(v) for v in self.values(column)]

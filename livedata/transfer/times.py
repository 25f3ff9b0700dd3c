"""Reads points in time as files hold them: timestamps, dates, ISO 8601, and numbers since the epoch whose unit is guessed."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from ..model.batch import TYPES
from ..parse.text import TS_END

SECONDS_END, MILLIS_END, MICROS_END = 10**11, 10**14, 10**17
"""A number below the first is seconds since 1970, one below the second milliseconds, then micro-, then nanoseconds.

Seconds end in the year 5138; milliseconds, micro- and nanoseconds begin in March 1973. The sign does not matter."""

ISO = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}(:?\d{2})?)?$"
_ZONE = r":\d{2}(\.\d+)?(Z|[+-]\d{2}(:?\d{2})?)$"
_NUMBER = r"^-?\d+(\.\d+)?$"
_NAIVE = pa.timestamp("us")
TS_BEGIN = -62_135_596_800_000_000
"""Microseconds at which the year 1 begins."""


def times(array: pa.Array) -> pa.Array:
    """Microseconds UTC. What has no zone is UTC; what is finer than a microsecond is cut off.

    Raises:
        pa.ArrowInvalid, pa.ArrowNotImplementedError: a value is no time.
        ValueError: it is not one of the years 1 to 9999.
    """
    kind = array.type
    if pa.types.is_string(kind):
        read = _texts(array)
    elif pa.types.is_integer(kind):
        read = _whole(array)
    elif pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        read = _fractions(array.cast(pa.float64()))
    elif pa.types.is_timestamp(kind) and kind.tz is None:
        read = pc.assume_timezone(array.cast(_NAIVE, safe=kind.unit != "ns"), "UTC")
    elif pa.types.is_timestamp(kind):
        read = array.cast(pa.timestamp("us", "UTC"), safe=kind.unit != "ns")
    elif pa.types.is_date(kind):
        read = pc.assume_timezone(array.cast(_NAIVE), "UTC")
    else:
        raise pa.ArrowInvalid(f"{kind} is no time")
    read = read.cast(TYPES["ts"])
    ends = pc.min_max(read.view(pa.int64())).as_py()
    if ends["min"] is not None and not TS_BEGIN <= ends["min"] <= ends["max"] < TS_END:
        raise ValueError("it is no time of the years 1 to 9999")
    return read


def _texts(array: pa.Array) -> pa.Array:
    if pc.all(pc.match_substring_regex(array, _NUMBER)).as_py():
        if pc.any(pc.match_substring(array, ".")).as_py():
            return _fractions(array.cast(pa.float64()))
        return _whole(array.cast(pa.int64()))
    micro = pc.replace_substring_regex(array, r"(\.\d{6})\d+", r"\1")
    zoned = pc.match_substring_regex(micro, _ZONE)
    nothing = pa.scalar(None, pa.string())
    given = pc.if_else(zoned, micro, nothing).cast(pa.timestamp("us", "UTC"))
    naive = pc.if_else(zoned, nothing, micro).cast(_NAIVE)
    return pc.coalesce(given, pc.assume_timezone(naive, "UTC"))


def _whole(array: pa.Array) -> pa.Array:
    n = array.cast(pa.int64())
    size = pc.abs(n)
    us = pc.if_else(
        pc.less(size, SECONDS_END),
        pc.multiply(n, 1_000_000),
        pc.if_else(
            pc.less(size, MILLIS_END),
            pc.multiply(n, 1_000),
            pc.if_else(pc.less(size, MICROS_END), n, pc.divide(n, 1_000)),
        ),
    )
    return us.cast(TYPES["ts"])


def _fractions(n: pa.Array) -> pa.Array:
    size = pc.abs(n)
    factor = pc.if_else(
        pc.less(size, float(SECONDS_END)),
        1e6,
        pc.if_else(
            pc.less(size, float(MILLIS_END)), 1e3, pc.if_else(pc.less(size, float(MICROS_END)), 1.0, 1e-3)
        ),
    )
    return pc.round(pc.multiply(n, factor)).cast(pa.int64()).cast(TYPES["ts"])

"""Prometheus remote write 1.0 as bytes: its four protobuf messages and snappy; pure.

https://prometheus.io/docs/specs/prw/remote_write_spec/ and https://protobuf.dev/programming-guides/encoding/:

    WriteRequest { repeated TimeSeries timeseries = 1 }
    TimeSeries   { repeated Label labels = 1; repeated Sample samples = 2 }
    Label        { string name = 1; string value = 2 }
    Sample       { double value = 1; int64 timestamp = 2 }
"""

from __future__ import annotations

from collections.abc import Iterable
from struct import Struct

import pyarrow as pa

TIMESERIES = LABELS = b"\x0a"
SAMPLES = b"\x12"
NAME, VALUE = b"\x0a", b"\x12"
"""A field's number and how it is written: 1 and 2, each with its length before it."""

_DOUBLE = Struct("<d").pack
_VALUE, _TIMESTAMP = b"\x09", b"\x10"
"""Field 1 as 64 bits, field 2 as a varint."""


def varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first; a negative number as 64-bit two's complement."""
    number &= 0xFFFF_FFFF_FFFF_FFFF
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(tag: bytes, content: bytes) -> bytes:
    """A message or text within another: tag, length, content."""
    return tag + varint(len(content)) + content


def label(name: str, value: str) -> bytes:
    """One label of a series, as a field of it; a series' labels stand in the order of their names."""
    return field(LABELS, field(NAME, name.encode()) + field(VALUE, value.encode()))


def sample_time(ms: int) -> bytes:
    """The second half of a sample, shared by the columns of a row: its time in milliseconds."""
    return _TIMESTAMP + varint(ms)


def sample(value: float, time: bytes) -> bytes:
    """One sample, as a field of its series; `time` from `sample_time`."""
    return SAMPLES + bytes((9 + len(time),)) + _VALUE + _DOUBLE(value) + time


def request(series: Iterable[bytes]) -> bytes:
    """The body of a request: series (labels, then samples), compressed as a snappy block."""
    body = b"".join(field(TIMESERIES, one) for one in series)
    packed: bytes = pa.Codec("snappy").compress(body, asbytes=True)
    return packed

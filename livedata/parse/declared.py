"""Declared formats: text that a probe's own script prints, driven by the columns of its header alone.

- `fields`: a row a line, words in the order of the columns; a last column of type str takes the rest of the line.
- `keyvalue`: one row, a line `name=value`, `name: value` or `name value` for each column; other names are passed over.
- `csv`: RFC 4180, the first line names the columns, in any order.
- `jsonl`: a JSON object a line, its keys are columns.

`-` or nothing at all is null, so is a key that is missing; a name that is no column is a mistake in csv and jsonl.
"""

from __future__ import annotations

import csv as csv_module
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal, DecimalException
from io import StringIO
from math import isfinite
from typing import TYPE_CHECKING, Any

import msgspec

from ..model.probe import Column, Probe, Type
from ..model.reading import ParseError, Reading
from .text import D2_END, I64_END, TS_END, U64_END, bad

if TYPE_CHECKING:
    from ..model.batch import Row

_KEY_VALUE = re.compile(r"\s*([A-Za-z0-9_.-]+)(?:\s*[=:]\s*|\s+|$)(.*)")
_NULL = ("", "-")
_EPOCH = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,6})?")
_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def _whole(start: int, end: int) -> Callable[[str], int]:
    def convert(text: str) -> int:
        number = int(text) if len(text) < 24 else end
        if not start <= number < end:
            raise ValueError
        return number

    return convert


def _float(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError
    return number


def _d2(text: str) -> int:
    """Hundredths, exactly."""
    number = Decimal(text).scaleb(2) if len(text) < 32 else Decimal("NaN")
    if not number.is_finite() or abs(number) >= D2_END or number != int(number):
        raise ValueError
    return int(number)


def _ts(text: str) -> int:
    """Microseconds from seconds since the epoch, or from RFC 3339; without an offset it is UTC."""
    if _EPOCH.fullmatch(text):
        us = int(Decimal(text).scaleb(6))
    else:
        time = datetime.fromisoformat(text)
        delta = (time if time.tzinfo else time.replace(tzinfo=UTC)) - datetime(1970, 1, 1, tzinfo=UTC)
        us = (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds
    if not 0 <= us < TS_END:
        raise ValueError
    return us


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


def _convert(column: Column, text: str | None) -> Any:
    if text is None or text in _NULL:
        return None
    try:
        return CONVERT[column.type](text)
    except (ValueError, KeyError, ArithmeticError, DecimalException) as error:
        raise bad(f"{column.name} is no {column.type}", text) from error


def fields(probe: Probe, reading: Reading) -> list[Row]:
    """Words in the order of the columns, a row a line."""
    rows = []
    width = len(probe.columns)
    for line in _lines(reading):
        words = line.split(None, width - 1)
        if len(words) != width or (probe.columns[-1].type != "str" and len(words[-1].split()) != 1):
            raise bad(f"a line of {len(line.split())} words for {width} columns", line)
        rows.append(tuple([_convert(c, w.rstrip()) for c, w in zip(probe.columns, words, strict=True)]))
    return rows


def keyvalue(probe: Probe, reading: Reading) -> list[Row]:
    """One row of named values; none where nothing was printed."""
    lines = _lines(reading)
    found = {}
    for line in lines:
        match = _KEY_VALUE.fullmatch(line)
        if not match:
            raise bad("a line without a name", line)
        found[match[1]] = match[2].strip()
    if not lines:
        return []
    if not any(c.name in found for c in probe.columns):
        raise bad("not one of the columns is named", reading.text)
    return [tuple([_convert(c, found.get(c.name)) for c in probe.columns])]


def csv(probe: Probe, reading: Reading) -> list[Row]:
    """RFC 4180 under a line of column names."""
    try:
        lines = [line for line in csv_module.reader(StringIO(reading.text, newline=""), strict=True) if line]
    except csv_module.Error as error:
        raise bad(f"it is no CSV ({error})", reading.text) from error
    if not lines:
        return []
    names = lines[0]
    _known(probe, names, ",".join(names))
    if len(set(names)) != len(names):
        raise bad("a column is named twice", ",".join(names))
    place = {name: i for i, name in enumerate(names)}
    rows = []
    for line in lines[1:]:
        if len(line) != len(names):
            raise bad(f"a line of {len(line)} values for {len(names)} columns", ",".join(line))
        rows.append(
            tuple([_convert(c, line[place[c.name]] if c.name in place else None) for c in probe.columns])
        )
    return rows


def jsonl(probe: Probe, reading: Reading) -> list[Row]:
    """JSON objects, one a line."""
    decoder = msgspec.json.Decoder(dict[str, Any])
    rows = []
    for line in _lines(reading):
        try:
            value = decoder.decode(line)
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            raise bad("a line is no JSON object", line) from error
        _known(probe, value, line)
        rows.append(tuple([_from_json(c, value.get(c.name)) for c in probe.columns]))
    return rows


def _from_json(column: Column, value: Any) -> Any:
    if value is None:
        return None
    if column.type == "map":
        if not isinstance(value, dict):
            raise bad(f"{column.name} is no map", str(value))
        return [
            (k, v if isinstance(v, str) else msgspec.json.encode(v).decode())
            for k, v in value.items()
            if v is not None
        ]
    if column.type == "str" and isinstance(value, str):
        return value
    if isinstance(value, dict | list):
        raise bad(f"{column.name} is no {column.type}", str(value))
    return _convert(column, value if isinstance(value, str) else msgspec.json.encode(value).decode())


def _known(probe: Probe, names: Iterable[str], text: str) -> None:
    own = {c.name for c in probe.columns}
    if unknown := [name for name in names if name not in own]:
        raise ParseError(f"{bad('there is no column', unknown[0])} in {bad('this', text)}")


def _lines(reading: Reading) -> list[str]:
    return [line for line in reading.text.split("\n") if line.strip()]

"""Turns JSON lines into columns: numbers keep all their digits, an object of texts is a map, what is mixed becomes text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import islice
from types import NoneType
from typing import IO, Any

import msgspec
import pyarrow as pa

from ..errors import UsageError
from ..model.batch import TYPES
from ..query.cells import to_json

BLOCK_LINES = 20_000
DIGITS = 17
"""A number of so many digits is the same after it was a double."""


def json_blocks(lines: IO[bytes], where: str, longest: int) -> Iterator[tuple[pa.RecordBatch, list[int]]]:
    """The rows, block by block, each with the numbers of their lines; empty lines are passed over.

    Raises:
        UsageError: a line is no JSON object, or longer than `longest` bytes.
    """
    decode = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal).decode
    numbered = enumerate(iter(lambda: lines.readline(longest + 1), b""), 1)
    while block := list(islice(numbered, BLOCK_LINES)):
        rows: list[dict[str, Any]] = []
        numbers: list[int] = []
        for number, line in block:
            if len(line) > longest:
                raise UsageError(f"a line of more than {longest} bytes", where=f"{where}, line {number}")
            if not line.strip():
                continue
            try:
                rows.append(decode(line))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                quoted = line[:80].decode(errors="replace").rstrip()
                raise UsageError(
                    f"it is no JSON object: {error}: {quoted}", where=f"{where}, line {number}"
                ) from None
            numbers.append(number)
        names = dict.fromkeys(name for row in rows for name in row)
        columns = {name: column([row.get(name) for row in rows]) for name in names}
        yield pa.RecordBatch.from_pydict(columns), numbers


def column(values: Sequence[Any]) -> pa.Array:
    """Values of JSON as an Arrow array of the narrowest type that holds all of them as they are."""
    kinds = {type(v) for v in values} - {NoneType}
    if kinds <= {str}:
        return pa.array(values, pa.string())
    if kinds == {bool}:
        return pa.array(values, pa.bool_())
    if kinds <= {int, Decimal}:
        return _numbers(values, kinds)
    if kinds == {dict} and all(isinstance(t, str) for v in values if v is not None for t in v.values()):
        return pa.array([None if v is None else list(v.items()) for v in values], TYPES["map"])
    return pa.array([v if v is None or isinstance(v, str) else to_json(v) for v in values], pa.string())


def _numbers(values: Sequence[Any], kinds: set[type]) -> pa.Array:
    known = [v for v in values if v is not None]
    if kinds == {int}:
        low, high = min(known), max(known)
        if low >= -(2**63) and high < 2**63:
            return pa.array(values, pa.int64())
        if low >= 0 and high < 2**64:
            return pa.array(values, pa.uint64())
    elif kinds == {Decimal} and all(v.as_tuple().exponent == -2 and abs(v) < 10**16 for v in known):
        return pa.array(values, pa.decimal128(18, 2))
    elif all(len(Decimal(v).as_tuple().digits) <= DIGITS and abs(v) < 10**308 for v in known):
        return pa.array([None if v is None else float(v) for v in values], pa.float64())
    return pa.array([None if v is None else str(v) for v in values], pa.string())

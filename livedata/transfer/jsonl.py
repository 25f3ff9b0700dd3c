"""Turns JSON lines into columns: numbers keep all their digits, an object of texts is a map, what is mixed becomes text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from types import NoneType
from typing import IO, Any

import msgspec
import pyarrow as pa

from ..errors import UsageError
from ..model.batch import TYPES
from ..query.cells import to_json
from .convert import convert, fitting

BLOCK_LINES = 20_000
Number = bytes
"""What a number with a fraction or an exponent is decoded to: as it is written, and told apart from a text at no cost."""


def json_blocks(lines: IO[bytes], where: str, longest: int) -> Iterator[tuple[pa.RecordBatch, list[int]]]:
    """The rows, block by block, each with the numbers of their lines; empty lines are passed over.

    Raises:
        UsageError: a line is no JSON object, or longer than `longest` bytes.
    """
    decode = msgspec.json.Decoder(dict[str, Any], float_hook=str.encode).decode
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
        names = dict.fromkeys(chain.from_iterable(rows))
        try:
            columns = {name: column([row.get(name) for row in rows]) for name in names}
        except RecursionError:
            place = f"{where}, lines {numbers[0]} to {numbers[-1]}"
            raise UsageError("a value is nested too deeply", where=place) from None
        yield pa.RecordBatch.from_pydict(columns), numbers


def column(values: Sequence[Any]) -> pa.Array:
    """Values of JSON as an Arrow array of the narrowest type that holds all of them as they are."""
    kinds = {type(v) for v in values} - {NoneType}
    if kinds <= {str}:
        return pa.array(values, pa.string())
    if kinds == {bool}:
        return pa.array(values, pa.bool_())
    if kinds <= {int, Number}:
        return _numbers(values, kinds)
    if kinds == {dict} and all(type(t) is str for v in values if v is not None for t in v.values()):
        return pa.array([None if v is None else list(v.items()) for v in values], TYPES["map"])
    return pa.array([v if v is None or isinstance(v, str) else _json(v) for v in values], pa.string())


def _numbers(values: Sequence[Any], kinds: set[type]) -> pa.Array:
    if kinds == {int}:
        known = [v for v in values if v is not None]
        low, high = min(known), max(known)
        if low >= -(2**63) and high < 2**63:
            return pa.array(values, pa.int64())
        if low >= 0 and high < 2**64:
            return pa.array(values, pa.uint64())
    if int in kinds:
        values = [b"%d" % v if type(v) is int else v for v in values]
    texts = pa.array(values, pa.binary()).cast(pa.string())
    fits = fitting(texts, ("d2", "f64"))
    return convert(texts, "d2" if "d2" in fits and int not in kinds else "f64" if "f64" in fits else "str")


def _json(value: Any) -> str:
    """A value within a column of mixed ones as JSON again; numbers keep their digits."""
    if isinstance(value, Number):
        return value.decode()
    if isinstance(value, dict):
        return "{" + ",".join(f"{to_json(k)}:{_json(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_json, value)) + "]"
    return to_json(value)

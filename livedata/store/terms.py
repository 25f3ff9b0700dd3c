"""Which words the row groups of a file hold, so that a question for a rare one opens only those that may have it.

A word is letters and digits without a break, without regard to case; four numbers between dots are one besides (an address). Numbers of up to
five digits are none: half of all that differs is of them, and every row group has most. A file of a
table whose text is mined has a Bloom filter a row group: split blocks of 256 bits, 8 of them set a word, as Parquet's own
(https://github.com/apache/parquet-format/blob/master/BloomFilter.md). Parquet has such filters for whole values of a column only; these
lie between the last row group and the footer, where readers that do not know them never look:

    filters, one a row group | msgpack: rows and bytes of each | u32 its length | MAGIC | footer | u32 its length | "PAR1"

pyarrow makes them, within small files in memory.
"""

from __future__ import annotations

import mmap
import re
import struct
from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from .log import mapped
from .xxh64 import xxh64

MAGIC = b"LDW1"
TAIL = struct.Struct("<I4s")
"""What ends the filters, and, with its own mark, a Parquet file."""
PARQUET = b"PAR1"

WRONG = 0.01
"""How often a filter takes a word for one that is there; sizes are powers of two, so mostly less."""
BLOCK = 32
SALTS = (0x47B6137B, 0x44974D91, 0x8824AD5B, 0xA2B7289D, 0x705495C7, 0x2DF1424B, 0x9EFC4947, 0x5C6BFB31)

_BREAK = r"[^0-9a-z.\x{80}-\x{10FFFF}]+"
_ADDRESS = r"^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$"
_NONE = r"^[0-9]{0,5}$"
_LONGER = r"[0-9]\.[0-9]+\.[0-9]+\.[0-9]"
_FOUR = re.compile(r"(?<![^.])(?=([0-9]+\.[0-9]+\.[0-9]+\.[0-9]+)(?![^.]))")


class _About(msgspec.Struct, array_like=True):
    """Of each row group: its rows, and the bytes of its filter."""

    rows: list[int]
    sizes: list[int]


def words(texts: pa.Array) -> pa.Array:
    """Every word of the texts, once. What is cheap, and leaves little for what follows, comes first."""
    between_blanks = pc.list_flatten(pc.ascii_split_whitespace(pc.utf8_lower(texts))).unique()
    runs = pc.list_flatten(pc.split_pattern_regex(between_blanks, _BREAK)).unique()
    runs = pc.utf8_trim(runs, ".").unique()
    dotted = runs.filter(pc.match_substring_regex(runs, _LONGER))
    plain = pc.match_substring_regex(dotted, _ADDRESS)
    longer = [four for run in dotted.filter(pc.invert(plain)).to_pylist() for four in _FOUR.findall(run)]
    parts = pc.list_flatten(pc.split_pattern(runs, "."))
    found = pa.concat_arrays([parts, dotted.filter(plain), pa.array(longer, pa.string())]).unique()
    return found.filter(pc.invert(pc.match_substring_regex(found, _NONE)))


def _filter(found: pa.Array) -> bytes:
    """pyarrow's Bloom filter of words that are each other's equal nowhere."""
    options: dict[str, Any] = {
        "use_dictionary": False,
        "compression": "none",
        "write_statistics": False,
        "bloom_filter_options": {"word": {"ndv": max(1, len(found)), "fpp": WRONG}},
    }
    rows = pa.table({"word": found})
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, rows.schema, **options) as writer:
        writer.write_table(rows, max(1, len(found)))
    made = sink.getvalue()
    about = pq.read_metadata(pa.BufferReader(made)).row_group(0).column(0)
    size = 1 << (about.bloom_filter_length.bit_length() - 1)  # a header of some bytes, then a power of two
    filter_: bytes = made.slice(
        about.bloom_filter_offset + about.bloom_filter_length - size, size
    ).to_pybytes()
    return filter_


@dataclass(slots=True)
class Filters:
    """The filters of a file in the making."""

    rows: list[int] = field(default_factory=list)
    made: list[bytes] = field(default_factory=list)

    def add(self, texts: pa.ChunkedArray) -> None:
        """The next row group's texts."""
        found = pa.concat_arrays([words(chunk) for chunk in texts.chunks] or [pa.array([], pa.string())])
        found = found.unique()
        self.rows.append(len(texts))
        self.made.append(_filter(found))

    def block(self) -> bytes:
        """What stands before the file's footer."""
        about = msgspec.msgpack.encode(_About(self.rows, [len(f) for f in self.made]))
        return b"".join([*self.made, about, TAIL.pack(len(about), MAGIC)])


def _bits(low: int) -> int:
    """The 8 bits of a block that a hash's lower half sets."""
    return sum(1 << 32 * i + ((low * salt & 0xFFFFFFFF) >> 27) for i, salt in enumerate(SALTS))


def may_hold(path: Path, wanted: Collection[frozenset[str]]) -> list[tuple[int, int]] | None:
    """The rows (first, behind the last) of a file's row groups that may hold all words of one of these sets, neighbours joined;
    None where the file has no filters. Words are ASCII, in small letters.

    Raises OSError.
    """
    hashes = [[xxh64(word.encode()) for word in sorted(all_of)] for all_of in wanted]
    data = mapped(path)
    if (known := _known(data)) is None:
        return None
    begin, about = known
    found: list[tuple[int, int]] = []
    first = 0
    for start, size, rows in zip(
        accumulate(about.sizes, initial=begin), about.sizes, about.rows, strict=False
    ):
        if any(all(_has(data, start, size, word) for word in all_of) for all_of in hashes):
            if found and found[-1][1] == first:
                found[-1] = (found[-1][0], first + rows)
            else:
                found.append((first, first + rows))
        first += rows
    return found


def bytes_of_words(path: Path) -> int:
    """What a file's filters take of it. Raises OSError."""
    known = _known(mapped(path))
    return sum(known[1].sizes) if known else 0


def _known(data: bytes | mmap.mmap) -> tuple[int, _About] | None:
    """Where a file's filters begin, and what is said of them; None where it has none."""
    if len(data) < 2 * TAIL.size:
        return None
    footer, mark = TAIL.unpack_from(data, len(data) - TAIL.size)
    end = len(data) - 2 * TAIL.size - footer
    if mark != PARQUET or end < 0:
        return None
    length, mark = TAIL.unpack_from(data, end)
    if mark != MAGIC or length > end:
        return None
    try:
        about = msgspec.msgpack.decode(data[end - length : end], type=_About)
    except msgspec.DecodeError:
        return None
    begin = end - length - sum(about.sizes)
    whole = all(size > 0 and size % BLOCK == 0 for size in about.sizes)
    return (begin, about) if whole and begin >= 0 and len(about.sizes) == len(about.rows) else None


def _has(data: bytes | mmap.mmap, start: int, size: int, word_hash: int) -> bool:
    at = start + (word_hash >> 32) * (size // BLOCK) // 2**32 * BLOCK
    bits = _bits(word_hash & 0xFFFFFFFF)
    return int.from_bytes(data[at : at + BLOCK], "little") & bits == bits

"""XXH64, the hash of Parquet's Bloom filters, of few and short texts.

Source: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md. pyarrow has it, and does not show it; a package for a hash of
some words a question would be one more to install.
"""

from __future__ import annotations

from struct import iter_unpack

P1, P2, P3, P4, P5 = (
    0x9E3779B185EBCA87,
    0xC2B2AE3D27D4EB4F,
    0x165667B19E3779F9,
    0x85EBCA77C2B2AE63,
    0x27D4EB2F165667C5,
)
ALL = 2**64 - 1


def _turned(value: int, bits: int) -> int:
    return (value << bits | value >> (64 - bits)) & ALL


def _round(state: int, lane: int) -> int:
    return _turned((state + lane * P2) & ALL, 31) * P1 & ALL


def xxh64(data: bytes) -> int:
    """The hash with seed 0."""
    striped = len(data) // 32 * 32
    state = P5
    if striped:
        lanes = [(P1 + P2) & ALL, P2, 0, -P1 & ALL]
        for stripe in iter_unpack("<4Q", data[:striped]):
            lanes = [_round(lane, value) for lane, value in zip(lanes, stripe, strict=True)]
        state = sum(map(_turned, lanes, (1, 7, 12, 18))) & ALL
        for lane in lanes:
            state = ((state ^ _round(0, lane)) * P1 + P4) & ALL
    state = (state + len(data)) & ALL
    rest = data[striped:]
    eights = len(rest) // 8 * 8
    for (value,) in iter_unpack("<Q", rest[:eights]):
        state = (_turned(state ^ _round(0, value), 27) * P1 + P4) & ALL
    if len(rest) - eights >= 4:
        value = int.from_bytes(rest[eights : eights + 4], "little")
        state = (_turned(state ^ (value * P1 & ALL), 23) * P2 + P3) & ALL
        eights += 4
    for byte in rest[eights:]:
        state = _turned(state ^ (byte * P5 & ALL), 11) * P1 & ALL
    state = (state ^ state >> 33) * P2 & ALL
    state = (state ^ state >> 29) * P3 & ALL
    return state ^ state >> 32

"""Numbers by chance that are the same in every run, as Arrow arrays: made at Arrow's speed, without NumPy."""

from __future__ import annotations

from itertools import count
from zlib import crc32

import pyarrow as pa
import pyarrow.compute as pc

SCALES = ((720, 0.5), (60, 0.3), (6, 0.2))
"""Samples over which a level stays, and its share: at 10 s these are two hours, ten minutes and one."""


class Dice:
    """A source of chance that its key decides; each call gives another array, in the same order in every run."""

    def __init__(self, *key: object) -> None:
        self._key = "/".join(map(str, key))
        self._calls = count()

    def seed(self) -> int:
        return crc32(f"{self._key}/{next(self._calls)}".encode())

    def uniform(self, n: int) -> pa.Array:
        """Doubles from 0 up to 1."""
        return pc.random(n, initializer=self.seed())

    def whole(self, n: int, low: float, high: float) -> pa.Array:
        """Whole numbers from `low` up to, but without, `high`."""
        spread = pc.add(pc.multiply(self.uniform(n), float(high - low)), float(low))
        return pc.cast(pc.floor(spread), pa.int64())

    def rarely(self, n: int, chance: float) -> pa.Array:
        """Whether something happened: true with this chance."""
        return pc.less(self.uniform(n), chance)

    def wander(self, n: int) -> pa.Array:
        """A level between 0 and 1 that stays for a while, and then is another."""
        positions = pa.array(range(n), pa.int64())
        level = pa.array([0.0] * n, pa.float64())
        for samples, share in SCALES:
            steps = self.uniform(n // samples + 1)
            level = pc.add(level, pc.multiply(steps.take(pc.divide(positions, samples)), share))
        return level

    def one(self) -> float:
        """One number from 0 up to 1."""
        return float(self.uniform(1)[0].as_py())


def whole(values: pa.Array) -> pa.Array:
    """Doubles rounded down to whole numbers, none below zero."""
    return pc.cast(pc.max_element_wise(pc.floor(values), pa.scalar(0.0)), pa.int64())

"""Machines that never were, and how what they count becomes rows in the columns of the real probes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID
from zlib import crc32

import pyarrow as pa
import pyarrow.compute as pc

from livedata.model.batch import TYPES, arrow_schema, increase_name, stored_columns
from livedata.model.probe import Probe

from .dice import Dice

START = 1_793_491_200_000_000
"""2026-11-01 00:00 UTC in microseconds: the first tick of every fleet."""
TICK_MS = 10_000

KINDS = ("idle",) * 9 + ("web",) * 6 + ("database",) * 3 + ("batch",) * 2
"""What machines do, in the shares that fleets have them: half of them do next to nothing."""


@dataclass(frozen=True)
class Machine:
    """One host; all that it does follows from its number."""

    number: int

    @property
    def name(self) -> str:
        return f"{self.kind}-{self.number:04}"

    @property
    def kind(self) -> str:
        return KINDS[self.number * 7 % len(KINDS)]

    @cached_property
    def cores(self) -> int:
        return (2, 4, 8, 16, 32)[self.number * 3 % 5]

    @property
    def reboots(self) -> bool:
        """Whether it is booted anew in the course of a day: two of a hundred are."""
        return self.number % 50 == 7


def steady(count: int) -> list[Machine]:
    """So many machines that are not booted anew."""
    return [m for m in map(Machine, range(2 * count)) if not m.reboots][:count]


@dataclass(frozen=True, slots=True)
class Boot:
    """The ticks of one machine from one boot to the next: `ticks` samples, the first of them at `first`.

    `days`: for how long it has been up by then.
    """

    machine: Machine
    boot_id: str
    first: int
    ticks: int
    every_ms: int
    days: int

    @property
    def key(self) -> str:
        return f"{self.machine.number}/{self.boot_id}"

    def times(self) -> pa.Array:
        """Each tick, microseconds UTC."""
        step = self.every_ms * 1000
        return pa.array(range(self.first, self.first + self.ticks * step, step), pa.int64())

    def day(self) -> pa.Array:
        """How much is asked of servers at each tick: least at night, most in the afternoon."""
        turns = pc.multiply(pc.divide(pc.cast(self.times(), pa.float64()), 86_400e6), 2 * math.pi)
        return pc.add(pc.multiply(pc.sin(pc.subtract(turns, 2.2)), 0.5), 0.5)


def boots(machine: Machine, hours: float, every_ms: int = TICK_MS, first: int = START) -> Iterator[Boot]:
    """What a machine lived through in so many hours."""
    ticks = round(hours * 3_600_000 / every_ms)
    cut = ticks * (machine.number % 83 + 9) // 100 if machine.reboots else 0
    for start, end in ((0, cut), (cut + 6, ticks)) if cut else ((0, ticks),):
        if end > start:
            boot_id = str(
                UUID(int=crc32(f"{machine.number} {start}".encode()) * 0x9E3779B97F4A7C15F39CC060 % 2**128)
            )
            days = 0 if start else 1 + machine.number % 90
            yield Boot(machine, boot_id, first + start * every_ms * 1000, end - start, every_ms, days)


@dataclass(frozen=True, slots=True)
class Series:
    """What `count` series of a table held during a boot, one after the other: increments of counters and values of gauges, by column.

    The first increment of a series is what its counter stood at; a plain value stands for as many of it.
    """

    increases: Mapping[str, pa.Array]
    values: Mapping[str, Any]
    count: int = 1


def elapsed(boot: Boot) -> pa.Array:
    """`dt_ms` of each sample: uptime has steps of 10 ms, and a read now and then comes late."""
    dice = Dice(boot.key, "dt")
    late = pc.if_else(dice.rarely(boot.ticks, 0.02), dice.whole(boot.ticks, 0, 8), 0)
    return pc.multiply(pc.add(pc.add(dice.whole(boot.ticks, -1, 2.0), boot.every_ms // 10), late), 10)


def decimals(hundredths: pa.Array) -> pa.Array:
    """Whole hundredths as the decimals they mean."""
    return pa.Array.from_buffers(TYPES["d2"], len(hundredths), hundredths.buffers(), offset=hundredths.offset)


def tiled(values: pa.Array, count: int) -> pa.Array:
    """The same values for each of so many series."""
    return pa.concat_arrays([values] * count)


def _totals(grown: pa.Array, ticks: int) -> pa.Array:
    """Counters from their increments, series by series."""
    total = pc.cumulative_sum(grown)
    if ticks == len(grown):
        return total
    starts = pa.array(range(0, len(grown), ticks), pa.int64())
    before = pc.subtract(total.take(starts), grown.take(starts))
    return pc.subtract(total, before.take(pc.divide(pa.array(range(len(grown)), pa.int64()), ticks)))


def rows(probe: Probe, boot: Boot, series: Series) -> pa.Table:
    """The samples of one boot as rows of the probe's stored table, series after series."""
    count = series.count
    n = boot.ticks * count
    first = tiled(pa.array([True] + [False] * (boot.ticks - 1)), count)
    found: dict[str, pa.Array] = {
        "ts": tiled(boot.times().cast(TYPES["ts"]), count),
        "host": pa.repeat(boot.machine.name, n),
        "boot_id": pa.repeat(boot.boot_id, n),
        "offset_ms": tiled(
            pc.multiply(Dice(boot.key, probe.name, "offset").whole(boot.ticks, 1, 4), 10), count
        ),
        "dt_ms": pc.if_else(first, None, tiled(elapsed(boot), count)),
    }
    for column in probe.columns:
        if column.kind == "counter" and column.name in series.increases:
            grown = series.increases[column.name]
            total = _totals(grown, boot.ticks)
            grown = pc.if_else(first, None, grown)
            if column.type == "d2":
                total, grown = decimals(total), decimals(grown)
            found[column.name] = total.cast(TYPES[column.type])
            found[increase_name(column.name)] = grown
        elif column.name in series.values:
            value = series.values[column.name]
            found[column.name] = value if isinstance(value, pa.Array) else pa.repeat(value, n)
            if column.type == "d2" and pa.types.is_integer(found[column.name].type):
                found[column.name] = decimals(found[column.name])
    columns = stored_columns(probe)
    arrays = [
        found[c.name].cast(TYPES[c.type]) if c.name in found else pa.nulls(n, TYPES[c.type]) for c in columns
    ]
    return pa.Table.from_arrays(arrays, schema=arrow_schema(probe))

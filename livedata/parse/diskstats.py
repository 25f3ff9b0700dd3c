"""/proc/diskstats: what was read from and written to each block device, partitions told from disks, dm-3 by its volume's name.

Source: the kernel's Documentation/admin-guide/iostats.rst. Sectors are 512 bytes whatever the device's own are. Columns 15 to
18 (discards) came with Linux 4.18, 19 and 20 (flushes) with 5.5: null before. Milliseconds are 32 bits wide in the
kernel and wrap after 49 days of work.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from typing import TYPE_CHECKING

from ..model.probe import Probe
from ..model.reading import Reading
from .text import U64_END, bad, file, picker

if TYPE_CHECKING:
    from ..model.batch import Row

PATH = "/proc/diskstats"
COLUMNS = (
    "device", "kind", "mapper",
    "reads_total", "reads_merged_total", "read_bytes_total", "read_ms_total",
    "writes_total", "writes_merged_total", "written_bytes_total", "write_ms_total",
    "in_flight", "io_ms_total", "weighted_io_ms_total",
    "discards_total", "discards_merged_total", "discarded_bytes_total", "discard_ms_total",
    "flushes_total", "flush_ms_total",
)  # fmt: skip
"""After the first three in the kernel's order, from its column 4 on."""
_TEXTS = 3
_NUMBERS = len(COLUMNS) - _TEXTS
_READ, _WRITTEN, _DISCARDED = (
    COLUMNS.index(f"{what}_bytes_total") - _TEXTS for what in ("read", "written", "discarded")
)
_SECTOR = 512
_END = U64_END // _SECTOR

_KIND = re.compile(r"(loop|ram|zram|md|dm-|sr|scd|fd|nbd|rbd|drbd|bcache|zd|mtdblock|ubiblock)(?:_d)?\d")
_KINDS = {
    "dm-": "dm",
    "sr": "optical",
    "scd": "optical",
    "fd": "floppy",
    "zd": "zvol",
    "mtdblock": "flash",
    "ubiblock": "flash",
}
"""Device name's beginning (Documentation/admin-guide/devices.txt) → kind, where the two differ."""
_PARTITION = re.compile(r"(.*\d)p\d+|(.*\D)\d+")


def kind(device: str, devices: Collection[str]) -> str:
    """`partition`, what its name says it is, or `disk`.

    A partition is called as its disk, with a `p` between where that ends in a digit (the kernel's own rule, bdevname()),
    and its disk is always in the list. So this needs no look into /sys, a file for each device.
    """
    parts = _PARTITION.fullmatch(device)
    if parts and (parts[1] or parts[2]) in devices:
        return "partition"
    named = _KIND.match(device)
    return _KINDS.get(named[1], named[1]) if named else "disk"


@lru_cache(maxsize=256)
def _kinds(devices: tuple[str, ...]) -> tuple[str, ...]:
    """Of all devices of a host: they are the same from tick to tick, and for many hosts."""
    names = frozenset(devices)
    return tuple([kind(device, names) for device in devices])


def diskstats(probe: Probe, reading: Reading) -> list[Row]:
    """A row a device; a device that was never used has zeros."""
    order = picker(PATH, COLUMNS, probe.names)
    lines = [line.split() for line in file(reading, PATH).split("\n") if line]
    devices = tuple([words[2] for words in lines if len(words) > 2])
    if len(devices) != len(lines):
        raise bad("a line of /proc/diskstats names no device", file(reading, PATH))
    rows = []
    for words, what in zip(lines, _kinds(devices), strict=True):
        try:
            numbers = list(map(int, words[3 : 3 + _NUMBERS]))
        except ValueError as error:
            raise bad(
                "a line of /proc/diskstats holds something other than numbers", " ".join(words)
            ) from error
        if len(numbers) < 11 or min(numbers) < 0 or max(numbers) >= _END:
            raise bad("a line of /proc/diskstats lacks numbers, or they are out of range", " ".join(words))
        for i in (_READ, _WRITTEN, _DISCARDED):
            if i < len(numbers):
                numbers[i] *= _SECTOR
        missing = [None] * (_NUMBERS - len(numbers))
        name = reading.files.get(f"/sys/block/{words[2]}/dm/name", "").strip() or None
        rows.append(order([words[2], what, name, *numbers, *missing]))
    return rows

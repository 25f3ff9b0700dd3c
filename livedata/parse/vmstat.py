"""/proc/vmstat: what the kernel's memory management did: paging, swapping, reclaim, compaction, NUMA, huge pages.

Source: the kernel's mm/vmstat.c, vm_event_item.h. The header is the only list of fields: a column's name is the kernel's, with
`_total` for a counter and `_bytes` where it is a volume. What a kernel lacks is null; what no column asks for is passed over.
Kernels count some things for each zone and others in one number, and changed their minds: zones are summed.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from ..model.probe import Column, Probe
from ..model.reading import Reading
from .pidstat import page_bytes
from .text import I64_END, U64_END, bad, file, natural

if TYPE_CHECKING:
    from ..model.batch import Row

PATH = "/proc/vmstat"
ZONES = ("dma", "dma32", "normal", "high", "movable", "device")
KIBIBYTES = ("pgpgin", "pgpgout")
"""The two that are in KiB; all other volumes are pages."""
FORMER = {
    "workingset_refault_file": "workingset_refault",
    "workingset_activate_file": "workingset_activate",
    "workingset_restore_file": "workingset_restore",
    "thp_split_page": "thp_split",
}
"""Name of today → name before. Until Linux 5.9 only files had a working set; thp_split was renamed in 4.5."""


def vmstat(probe: Probe, reading: Reading) -> list[Row]:
    """One row. Raises ParseError where it is no vmstat, or a wanted value is no number."""
    text = file(reading, PATH)
    found = dict([line.partition(" ")[::2] for line in text.split("\n")])
    if "nr_free_pages" not in found:
        raise bad("/proc/vmstat lacks nr_free_pages", text)
    page = page_bytes(reading)
    return [tuple([_value(column, found, page) for column in probe.columns])]


@lru_cache(maxsize=512)
def _source(column: str) -> tuple[str, int | None, tuple[str, ...]]:
    """The kernel's name for a column; how many of the column's unit one of it is, None for a page; its zones' names."""
    bare = column.removesuffix("_total")
    name = bare.removesuffix("_bytes")
    unit = 1 if name == bare else 1024 if name in KIBIBYTES else None
    return name, unit, tuple([f"{name}_{zone}" for zone in ZONES])


def _value(column: Column, found: Mapping[str, str], page: int | None) -> int | None:
    """A column's value in its own unit; None where this kernel has none, or the page size isn't known."""
    name, unit, zones = _source(column.name)
    number = _count(name, zones, found)
    unit = unit or page
    if number is None or unit is None:
        return None
    number *= unit
    return number if number < (I64_END if column.type == "i64" else U64_END) else None


def _count(name: str, zones: tuple[str, ...], found: Mapping[str, str]) -> int | None:
    if name in found:
        return natural(found[name], name, U64_END)
    if parts := [natural(found[zone], zone, U64_END) for zone in zones if zone in found]:
        return sum(parts)
    former = FORMER.get(name)
    return natural(found[former], name, U64_END) if former is not None and former in found else None

"""/proc/meminfo: where memory is, in bytes.

Source: proc_meminfo(5). The header is the only list of fields: a column's name is the kernel's in small letters, `Mem` left
out, with `_bytes` where the kernel gives kB. What a kernel lacks is null; what no column asks for is passed over.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from ..model.probe import Probe
from ..model.reading import Reading
from .text import U64_END, bad, file, natural

if TYPE_CHECKING:
    from ..model.batch import Row

PATH = "/proc/meminfo"
_REST = str.maketrans("", "", "_()")
_LARGEST = 2**53


@lru_cache(maxsize=512)
def _kernel_key(key: str) -> str:
    """`Active(anon)` → `activeanon`, `MemTotal` → `total`, `HugePages_Total` → `hugepages`."""
    bare = key.lower().translate(_REST)
    return "hugepages" if bare == "hugepagestotal" else bare.removeprefix("mem")


@lru_cache(maxsize=512)
def _column_key(name: str) -> str:
    """`active_anon_bytes` → `activeanon`."""
    return name.removesuffix("_bytes").translate(_REST)


def meminfo(probe: Probe, reading: Reading) -> list[Row]:
    """One row. Raises ParseError where MemTotal is missing or a wanted value is no number."""
    text = file(reading, PATH)
    found = {}
    for line in text.split("\n"):
        key, _, value = line.partition(":")
        found[_kernel_key(key)] = value
    if "total" not in found:
        raise bad("/proc/meminfo lacks MemTotal", text)
    return [tuple([_value(found.get(_column_key(c.name))) for c in probe.columns])]


def _value(text: str | None) -> int | None:
    """`  16318480 kB` → bytes; a number without a unit as it is; None for one below zero, which lxcfs writes unsigned."""
    if text is None:
        return None
    number = text.removesuffix(" kB")
    value = natural(number, "a value of /proc/meminfo", U64_END)
    if value >= _LARGEST:
        return None
    return value if number is text else value * 1024

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


def _kernel_key(key: str) -> str:
    """`Active(anon)` → `activeanon`, `MemTotal` → `total`, `HugePages_Total` → `hugepages`."""
    bare = key.lower().translate(_REST)
    return "hugepages" if bare == "hugepagestotal" else bare.removeprefix("mem")


def _column_key(name: str) -> str:
    """`active_anon_bytes` → `activeanon`."""
    return name.removesuffix("_bytes").translate(_REST)


def meminfo(probe: Probe, reading: Reading) -> list[Row]:
    """One row. Raises ParseError where MemTotal is missing or a wanted value is no number."""
    text = file(reading, PATH)
    found = dict([line.partition(":")[::2] for line in text.split("\n")])
    if "MemTotal" not in found:
        raise bad("/proc/meminfo lacks MemTotal", text)
    return [tuple([_value(found[key]) if key else None for key in _keys(tuple(found), probe.names)])]


@lru_cache(maxsize=64)
def _keys(kernel: tuple[str, ...], columns: tuple[str, ...]) -> tuple[str | None, ...]:
    """The kernel's key for each column, None where it has none. They are the same for all hosts of a kernel."""
    named = {_kernel_key(key): key for key in kernel}
    return tuple([named.get(_column_key(name)) for name in columns])


def _value(text: str) -> int | None:
    """`  16318480 kB` → bytes; a number without a unit as it is; None for one below zero, which lxcfs writes unsigned."""
    number = text.removesuffix(" kB")
    value = natural(number, "a value of /proc/meminfo", U64_END)
    if value >= _LARGEST:
        return None
    return value if number is text else value * 1024

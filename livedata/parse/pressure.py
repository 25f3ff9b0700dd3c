"""/proc/pressure: how much of the time tasks had to wait for CPU, memory, disks or interrupts.

Source: the kernel's Documentation/accounting/psi.rst. A file holds a line `some` (one task at least waited), a line `full` (all
of them did), or both: cpu has no `full` before Linux 5.13, irq has no `some`. The files came with 4.20, irq with 6.1; a
kernel that was booted without them (psi=0) has none, or none that can be read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..model.probe import Probe
from ..model.reading import ParseError, Reading
from .text import D2_END, bad, hundredths, natural

if TYPE_CHECKING:
    from ..model.batch import Row

FOLDER = "/proc/pressure/"
_LINE = re.compile(r"(some|full) avg10=(\S+) avg60=(\S+) avg300=(\S+) total=(\d+)")
_US = 10_000
"""Microseconds of a hundredth of a second."""


def pressure(probe: Probe, reading: Reading) -> list[Row]:
    """A row a resource; totals are cut to hundredths of seconds, which never adds up."""
    rows = []
    for path, text in sorted(reading.files.items()):
        if not path.startswith(FOLDER) or not text.strip():
            continue
        values: dict[str, str | int | None] = {"resource": path.removeprefix(FOLDER)}
        for share in ("some", "full"):
            values.update(dict.fromkeys(_columns(share)))
        for line in text.splitlines():
            found = _LINE.fullmatch(line)
            if not found:
                raise bad(f"a line of {path} is no pressure", line)
            averages = [hundredths(word, "an average of pressure") for word in found.groups()[1:4]]
            total = natural(found[5], "a total of pressure", D2_END * _US) // _US
            values.update(zip(_columns(found[1]), (*averages, total), strict=True))
        try:
            rows.append(tuple([values[column.name] for column in probe.columns]))
        except KeyError as error:
            raise ParseError(f"{path} gives {', '.join(values)}; not {error}") from error
    return rows


def _columns(share: str) -> tuple[str, ...]:
    return (
        f"{share}_avg10_pct",
        f"{share}_avg60_pct",
        f"{share}_avg300_pct",
        f"{share}_seconds_total",
    )

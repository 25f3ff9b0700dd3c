"""/proc/pressure: how much of the time tasks had to wait for CPU, memory, disks or interrupts.

Source: the kernel's Documentation/accounting/psi.rst. A file holds a line `some` (one task at least waited), a line `full` (all
of them did), or both: cpu has no `full` before Linux 5.13, irq has no `some`. The files came with 4.20, irq with 6.1; a
kernel that was booted without them (psi=0) has none, or none that can be read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..model.probe import Probe
from ..model.reading import Reading
from .text import D2_END, bad, hundredths, natural, picker

if TYPE_CHECKING:
    from ..model.batch import Row

FOLDER = "/proc/pressure/"
_LINE = re.compile(r"(some|full) avg10=(\S+) avg60=(\S+) avg300=(\S+) total=(\d+)", re.ASCII)
COLUMNS = (
    "resource",
    *(
        f"{s}_{n}"
        for s in ("some", "full")
        for n in ("avg10_pct", "avg60_pct", "avg300_pct", "seconds_total")
    ),
)
_US = 10_000
"""Microseconds of a hundredth of a second."""
_NONE = (None,) * 4


def pressure(probe: Probe, reading: Reading) -> list[Row]:
    """A row a resource; totals are cut to hundredths of seconds, which never adds up."""
    order = picker(FOLDER, COLUMNS, probe.names)
    rows = []
    for path, text in sorted(reading.files.items()):
        if not path.startswith(FOLDER) or not text.strip():
            continue
        shares: dict[str, tuple[int | None, ...]] = {"some": _NONE, "full": _NONE}
        for line in text.splitlines():
            found = _LINE.fullmatch(line)
            if not found:
                raise bad(f"a line of {path} is no pressure", line)
            share, *averages, total = found.groups()
            shares[share] = (
                *[hundredths(word, "an average of pressure") for word in averages],
                natural(total, "a total of pressure", D2_END * _US) // _US,
            )
        rows.append(order((path.removeprefix(FOLDER), *shares["some"], *shares["full"])))
    return rows

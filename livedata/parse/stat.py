"""/proc/stat: CPU time by what it was spent on, of the whole host and of each core.

Source: proc_stat(5). Times are in USER_HZ, which is 100 a second on every architecture Linux runs on today, so a tick is
exactly a hundredth of a second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model.probe import Probe
from ..model.reading import Reading
from .text import D2_END, bad, file, picker

if TYPE_CHECKING:
    from ..model.batch import Row

PATH = "/proc/stat"
KINDS = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal", "guest", "guest_nice")
"""In the kernel's order; kernels before 2.6.33 lack the last ones."""
TIMES = tuple(f"{kind}_seconds_total" for kind in KINDS)


def _ticks(line: str) -> list[int | None]:
    """The ten times of a `cpu` line, hundredths of seconds, in the order of KINDS; user and nice without the guests'."""
    try:
        ticks = list(map(int, line.split()[1:11]))
    except ValueError as error:
        raise bad("a cpu line holds something other than numbers", line) from error
    if len(ticks) < 4 or min(ticks) < 0 or max(ticks) >= D2_END:
        raise bad("a cpu line lacks times, or they are out of range", line)
    for whole, part in ((0, 8), (1, 9)):
        if len(ticks) > part:
            # The kernel adds a guest's tick to both, one after the other: for an instant the part may be ahead.
            ticks[whole] = max(0, ticks[whole] - ticks[part])
    return [*ticks, *[None] * (10 - len(ticks))]


def cpu(probe: Probe, reading: Reading) -> list[Row]:
    """One row of the host's CPU time, and how many cores are online."""
    text = file(reading, PATH)
    if not text.startswith("cpu "):
        raise bad("/proc/stat does not begin with its cpu line", text)
    cores = text.count("\ncpu")
    values = [cores, *_ticks(text.partition("\n")[0])]
    return [picker(PATH, ("cores", *TIMES), probe.names)(values)]


def core(probe: Probe, reading: Reading) -> list[Row]:
    """One row for each core that is online."""
    order = picker(PATH, ("core", *TIMES), probe.names)
    rows = []
    for line in file(reading, PATH).split("\n")[1:]:
        if not line.startswith("cpu"):
            break
        number = line[3 : line.find(" ")]
        if not number.isdecimal() or len(number) > 9:
            raise bad("a cpu line without its number", line)
        rows.append(order((int(number), *_ticks(line))))
    if not rows:
        raise bad("/proc/stat names no core", file(reading, PATH))
    return rows

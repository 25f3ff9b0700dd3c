"""/proc/PID/stat: one row for each process.

Source: proc_pid_stat(5); times in hundredths of seconds (USER_HZ is 100), memory in bytes. Process names are hostile: they
may hold blanks, brackets and newlines. So a text must begin with the pid of its path, and the name ends at the last `)`.
"""

from __future__ import annotations

from math import log2
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from ..model.probe import Probe
from ..model.reading import ParseError, Reading
from .text import D2_END, bad, picker

if TYPE_CHECKING:
    from ..model.batch import Row

FIELDS = {
    "ppid": 4, "minor_faults_total": 10, "major_faults_total": 12, "user_seconds_total": 14, "system_seconds_total": 15,
    "children_user_seconds_total": 16, "children_system_seconds_total": 17, "threads": 20, "start_seconds": 22,
    "vsize_bytes": 23, "rss_bytes": 24, "last_cpu": 39,
}  # fmt: skip
"""Column → number of its field in proc_pid_stat(5); none of these can be negative."""
_NAMES = ("pid", "name", "state", "priority", "nice", *FIELDS)
_STATE = 3
_NUMBERS = itemgetter(*(n - _STATE for n in FIELDS.values()))
_PRIORITY, _NICE = 18 - _STATE, 19 - _STATE
_RSS = _NAMES.index("rss_bytes")
_ODD = 1000
"""No priority (-101 to 139) is further from 0."""


def pidstat(probe: Probe, reading: Reading) -> list[Row]:
    """A row a process, but for the one that reads; one that vanished while it was read has an empty text, and no row.

    Raises:
        ParseError: a text that isn't that of its pid, or no process at all.
    """
    page = page_bytes(reading)
    order = picker("/proc/PID/stat", _NAMES, probe.names)
    reader = reading.files.get("/proc/self/stat", "").partition(" ")[0]
    rows = []
    came = False
    for path, text in reading.files.items():
        pid = path[6:-5]
        if not pid.isdecimal():
            continue
        came = True
        if not text or pid == reader:
            continue
        start, end = len(pid) + 2, text.rfind(")")
        fields = text[end + 1 :].split()
        try:
            if text[:start] != f"{pid} (" or end < start or len(fields[0]) != 1:
                raise ValueError
            numbers = list(map(int, _NUMBERS(fields)))
            priority, nice = int(fields[_PRIORITY]), int(fields[_NICE])
        except (ValueError, IndexError) as error:
            raise bad(f"{path} is not the state of process {pid}", text) from error
        if min(numbers) < 0 or max(numbers) >= D2_END or abs(priority) > _ODD or abs(nice) > _ODD:
            raise bad(f"{path} holds numbers out of range", text)
        values: list[Any] = [int(pid), text[start:end], fields[0], priority, nice, *numbers]
        values[_RSS] = values[_RSS] * page if page else None
        rows.append(order(values))
    if not came and not reading.since:
        raise ParseError("not one process came")
    return rows


def page_bytes(reading: Reading) -> int | None:
    """The host's page size: 4096 on most, 16 or 64 KiB on some arm64 and POWER kernels; None where it can't be known.

    /proc/self is whoever reads the files. It says its virtual size in bytes (stat, field 23) and in pages (statm, field
    1); it is the same number for it, as a program that only reads does not grow.
    """
    stat = reading.files.get("/proc/self/stat", "")
    statm = reading.files.get("/proc/self/statm", "")
    try:
        ratio = int(stat[stat.rfind(")") + 1 :].split()[23 - _STATE]) / int(statm.split()[0])
        size = 1 << round(log2(ratio))
    except (ValueError, IndexError, ArithmeticError):
        return None
    return size if 4096 <= size <= 65536 else None

"""/proc/loadavg with what stands beside it in /proc/stat, /proc/uptime and file-nr: how busy the host is as a whole.

Source: proc_loadavg(5), proc_stat(5), proc_uptime(5), proc_sys_fs(5). Load averages and seconds are hundredths, exactly as
the kernel prints them. What a host lacks is null; without /proc/loadavg there is no row.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..model.probe import Probe
from ..model.reading import ParseError, Reading
from .text import D2_END, TS_END, U64_END, bad, file, hundredths, natural

if TYPE_CHECKING:
    from ..model.batch import Row

_LOADAVG = re.compile(r"(\d+\.\d\d) (\d+\.\d\d) (\d+\.\d\d) \d+/(\d+) \d+\s*")
_STAT = re.compile(r"^(procs_running|procs_blocked|processes|ctxt|intr|softirq|btime) (\d+)", re.MULTILINE)
_FILE_NR = re.compile(r"(\d+)\s+\d+\s+(\d+)\s*")
STAT_COLUMNS = {
    "runnable": "procs_running",
    "blocked": "procs_blocked",
    "forks_total": "processes",
    "context_switches_total": "ctxt",
    "interrupts_total": "intr",
    "soft_interrupts_total": "softirq",
}


def loadavg(probe: Probe, reading: Reading) -> list[Row]:
    """One row."""
    text = file(reading, "/proc/loadavg")
    found = _LOADAVG.fullmatch(text)
    if not found:
        raise bad("/proc/loadavg is not three averages and the threads", text)
    values: dict[str, Any] = {
        "load1": hundredths(found[1], "load1"),
        "load5": hundredths(found[2], "load5"),
        "load15": hundredths(found[3], "load15"),
        "threads": natural(found[4], "threads"),
        **_stat(reading.files.get("/proc/stat", "")),
        **_uptime(reading.files.get("/proc/uptime", "")),
        **_file_nr(reading.files.get("/proc/sys/fs/file-nr", "")),
    }
    try:
        return [tuple([values[column.name] for column in probe.columns])]
    except KeyError as error:
        raise ParseError(f"/proc/loadavg and its neighbours give {', '.join(values)}; not {error}") from error


def _stat(text: str) -> dict[str, int | None]:
    found = dict(_STAT.findall(text))
    values: dict[str, int | None] = {
        column: natural(found[name], name, U64_END if column.endswith("_total") else D2_END)
        if name in found
        else None
        for column, name in STAT_COLUMNS.items()
    }
    values["boot_time"] = (
        natural(found["btime"], "btime", TS_END // 1_000_000) * 1_000_000 if "btime" in found else None
    )
    return values


def _uptime(text: str) -> dict[str, int | None]:
    first = text.partition(" ")[0]
    return {"uptime_seconds": hundredths(first, "the uptime") if first else None}


def _file_nr(text: str) -> dict[str, int | None]:
    """The limit is LONG_MAX where none is set: that many is no limit, but it is what the kernel says."""
    if not text:
        return {"open_files": None, "open_files_max": None}
    found = _FILE_NR.fullmatch(text)
    if not found:
        raise bad("/proc/sys/fs/file-nr is not three numbers", text)
    return {"open_files": natural(found[1], "open files"), "open_files_max": natural(found[2], "their limit")}

"""What this process takes: its CPU, memory, files, and how long its event loop lets others wait."""

from __future__ import annotations

import asyncio
import os
import resource
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

EVERY_SECONDS = 10.0
STEP_SECONDS = 0.5


def rss_bytes() -> int:
    """Resident memory (proc_pid_statm(5)); its peak where there is no /proc (getrusage(2))."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


def open_files() -> int | None:
    """Open descriptors; None where that can't be told."""
    for folder in ("/proc/self/fd", "/dev/fd"):
        with suppress(OSError):
            return len(os.listdir(folder))
    return None


class Meter:
    """Feeds itself while `run` runs; `row` takes what was since the row before."""

    def __init__(self) -> None:
        self._lag = 0.0
        self._cpu, self._at = time.process_time(), time.monotonic()

    async def run(self) -> None:
        """Feel how late the event loop is, for good."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + STEP_SECONDS
            await asyncio.sleep(STEP_SECONDS)
            self._lag = max(self._lag, loop.time() - due)

    def row(self, hosts: int, sessions: int, slowed: int, waiting: int) -> tuple[object, ...]:
        """A row of `COLLECTOR`."""
        cpu, at = time.process_time(), time.monotonic()
        share = 100 * (cpu - self._cpu) / max(at - self._at, 0.001)
        lag, self._lag, self._cpu, self._at = self._lag, 0.0, cpu, at
        return (
            round(share, 2), rss_bytes(), round(lag * 1000, 1), hosts, sessions, slowed, waiting, open_files(), threading.active_count(),
        )  # fmt: skip

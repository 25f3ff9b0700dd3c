"""CPU, time and memory of what this process does, and bytes on disk."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path


class Meter:
    """CPU (user and system, all threads) and wall time of a `with` block, in milliseconds."""

    cpu_ms = 0.0
    wall_ms = 0.0

    def __enter__(self) -> Meter:
        self._cpu, self._wall = time.process_time(), time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall_ms = (time.perf_counter() - self._wall) * 1e3
        self.cpu_ms = (time.process_time() - self._cpu) * 1e3


def peak_mb() -> float:
    """The most memory that this process ever had resident (VmHWM of proc_pid_status(5)).

    Not getrusage(2)'s: what a process was forked from counts there.
    """
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def file_bytes(folder: Path) -> int:
    """Bytes of all files in a folder and the folders in it."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def forget(paths: Iterable[Path]) -> None:
    """Put files out of the page cache (posix_fadvise(2)), as long as nobody maps them."""
    for path in paths:
        fd = os.open(path, os.O_RDONLY)
        try:
            os.fsync(fd)
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(fd)

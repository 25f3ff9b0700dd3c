"""CPU of everything a command starts, told exactly: a control group of its own, whatever forks and ends in it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Collection, Sequence
from pathlib import Path

PREFIX = "livedata-bench"
ENTER = 'echo 0 >"$0" && exec "$@"'


class NoAccounting(RuntimeError):
    """This machine lets nobody make a control group that counts CPU."""


def _root() -> tuple[Path, str]:
    """Where groups that count CPU are made, and the file that tells it (cgroups(7); proc_mounts(5)).

    Version 2 counts in every group, controllers or not; version 1 has `cpuacct`. Adding up /proc/PID/stat would
    lose whoever has ended, so nothing else is tried.
    """
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()]
    v2 = [(Path(m[1]), "cpu.stat") for m in mounts if m[2] == "cgroup2"]
    v1 = [(Path(m[1]), "cpuacct.usage") for m in mounts if m[2] == "cgroup" and "cpuacct" in m[3].split(",")]
    for root, counter in v2 + v1:
        if os.access(root, os.W_OK) and (root / "cgroup.procs").exists():
            return root, counter
    raise NoAccounting(
        "no cgroup (v2, or v1 with cpuacct) that may be written: run it as root, outside of a container"
    )


class Group:
    """A control group; commands started through `inside` are in it, and so is all that comes of them."""

    def __init__(self, name: str) -> None:
        root, self._counter = _root()
        self.path = root / f"{PREFIX}-{os.getpid()}-{name}"
        self.path.mkdir()

    def inside(self, command: Sequence[str]) -> list[str]:
        """The command that runs `command` in this group."""
        return ["/bin/sh", "-c", ENTER, str(self.path / "cgroup.procs"), *command]

    def cpu_ms(self) -> float:
        """CPU that all of the group took since it was made, user and system, the ended included."""
        text = (self.path / self._counter).read_text()
        if self._counter == "cpuacct.usage":
            return int(text) / 1e6
        return int(text.split()[1]) / 1e3  # usage_usec N

    def pids(self) -> list[int]:
        return [int(pid) for pid in (self.path / "cgroup.procs").read_text().split()]

    def private_mb(self, names: Collection[str]) -> float:
        """Memory that the processes of these names share with nobody (proc_pid_smaps(5), smaps_rollup)."""
        total = 0
        for pid in self.pids():
            try:
                if Path(f"/proc/{pid}/comm").read_text().strip() in names:
                    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
                    total += sum(int(w.split()[1]) for w in text.splitlines() if w.startswith("Private_"))
            except (FileNotFoundError, ProcessLookupError):
                continue
        return total / 1024

    def end(self) -> None:
        """Kill what is in it, and remove it."""
        for _ in range(200):
            pids = self.pids()
            for pid in pids:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
            try:
                self.path.rmdir()
            except OSError:
                time.sleep(0.02)
            else:
                return


def sweep() -> None:
    """Remove groups that a run which was itself killed left empty."""
    for left in _root()[0].glob(f"{PREFIX}-*"):
        pid = left.name.removeprefix(f"{PREFIX}-").partition("-")[0]
        if not Path("/proc", pid).exists():
            try:
                left.rmdir()
            except OSError:
                continue

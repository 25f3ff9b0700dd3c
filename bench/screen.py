"""What the screen costs: its CPU and memory while a made-up fleet is written into the store beside it. bench/README.md says how."""

from __future__ import annotations

import argparse
import json
import os
import pty
import random
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Mapping, Sequence
from fcntl import ioctl
from pathlib import Path
from typing import Any

from livedata.model.batch import Batch, increase_name
from livedata.model.probe import Probe
from livedata.model.scrape import SCRAPE, Outcome, Scrape
from livedata.probe.load import load_probes
from livedata.store.writer import Writer

TICK_US = 10_000_000
HISTORY_US = 900_000_000
GROUPS = 10
"""A tenth of the hosts answers each second, as they do in life."""
SEAL_TICKS = 60
TOP = [sys.executable, "-c", "from livedata.cli.main import main; main()", "fleet", "top"]
PROBES = load_probes()


def batch(probe: Probe, host: str, ts: int, rows: Sequence[Mapping[str, Any]]) -> Batch:
    """A run whose rows have these values; all other columns are null."""
    names = [c.name for c in probe.columns] + [increase_name(probe.columns[i].name) for i in probe.counters]
    made = [tuple(row.get(name) for name in names) for row in rows]
    return Batch(probe, host, ts, made, "boot", 0, TICK_US // 1000, ts // 1000)


def tick(host: str, ts: int, dice: random.Random) -> list[Batch]:
    """One sample of all that the fleet view is made of; now and then an error in the log."""
    busy, gib = dice.randrange(4000), 2**30
    tables: dict[str, list[dict[str, Any]]] = {
        "cpu": [{"cores": 4, "user_seconds_increase": busy, "nice_seconds_increase": 0, "system_seconds_increase": 0,
                 "idle_seconds_increase": 4000 - busy, "iowait_seconds_increase": 0}],
        "memory": [{"total_bytes": 8 * gib, "available_bytes": dice.randrange(gib, 7 * gib)}],
        "pressure": [{"resource": r, "some_seconds_increase": dice.randrange(100)} for r in ("cpu", "memory", "io")],
        "filesystem": [{"mount": "/", "readonly": False, "used_bytes": dice.randrange(95), "available_bytes": 5}],
        "disk": [{"device": d, "kind": "disk", "io_ms_increase": dice.randrange(9000)} for d in ("sda", "sdb")],
        "network": [{"interface": i, "rx_bytes_increase": dice.randrange(10**7), "tx_bytes_increase": dice.randrange(10**6)}
                    for i in ("lo", "eth0")],
    }  # fmt: skip
    if dice.random() < 0.01:
        tables["log"] = [{"ts": ts, "priority": 3, "message": "connection refused"}]
    runs = [batch(PROBES[name], host, ts, rows) for name, rows in tables.items()]
    asked = [Scrape(name, Outcome.OK).row(None) for name in (*tables, "log", "load", "vmstat")]
    return [*runs, Batch(SCRAPE, host, ts, asked, "boot")]


class Screen:
    """`livedata fleet top` on a terminal of 160 by 50."""

    def __init__(self, store: Path, home: Path) -> None:
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "TERM": "xterm-256color",
            "LIVEDATA_STORE": str(store),
        }
        self.master, slave = pty.openpty()
        ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))
        self.process = subprocess.Popen(
            TOP, stdin=slave, stdout=slave, stderr=slave, env=environ, start_new_session=True
        )
        self.pid = self.process.pid
        os.close(slave)

    def read(self, seconds: float) -> int:
        """Take what it writes for so long; how many bytes that was."""
        end, size = time.monotonic() + seconds, 0
        while (left := end - time.monotonic()) > 0:
            if select.select([self.master], [], [], left)[0]:
                try:
                    size += len(os.read(self.master, 65536))
                except OSError:  # Linux: it has ended
                    break
        return size

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mb(self) -> float:
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1000

    def close(self) -> None:
        os.write(self.master, b"q")
        self.read(3.0)
        self.process.wait(20)


def measure(folder: Path, hosts: int, seconds: int) -> dict[str, Any]:
    """Writes a quarter of an hour, then a second's rows each second, while the screen is open."""
    dice, names = random.Random(1), [f"host-{number:04}" for number in range(hosts)]
    with Writer.open(folder / "store", purpose="bench", now_us=0) as writer:
        for probe in (*PROBES.values(), SCRAPE):
            writer.register(probe)
        now = time.time_ns() // 1000
        for number, ts in enumerate(range(now - HISTORY_US, now, TICK_US)):
            writer.append([b for name in names for b in tick(name, ts, dice)], ts)
            if number % SEAL_TICKS == SEAL_TICKS - 1:
                writer.seal(ts)
        screen = Screen(folder / "store", folder)
        begun, before, written = 0.0, 0.0, 0
        for second in range(10 + seconds):
            if second == 10:  # it has started
                begun, before = time.monotonic(), screen.cpu_seconds()
            end = time.monotonic() + 1
            ts = time.time_ns() // 1000
            writer.append([b for name in names[second % GROUPS :: GROUPS] for b in tick(name, ts, dice)], ts)
            size = screen.read(max(0.0, end - time.monotonic()))
            written += size if second >= 10 else 0
        took, spent = time.monotonic() - begun, screen.cpu_seconds() - before
        found = {
            "hosts": hosts, "seconds": round(took, 1), "cpu_pct_of_a_core": round(100 * spent / took, 1),
            "memory_mb": round(screen.memory_mb()), "kb_to_the_terminal_a_second": round(written / took / 1000, 1),
        }  # fmt: skip
        screen.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=60)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="livedata-bench-"))
    try:
        print(json.dumps(measure(folder, arguments.hosts, arguments.seconds)))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()

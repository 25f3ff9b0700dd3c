"""A made-up fleet in the columns of the real probes: what each host says at a moment, as the collector hands it to the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from livedata.model.batch import Batch, increase_name
from livedata.model.probe import Probe
from livedata.model.scrape import SCRAPE, Outcome, Scrape
from livedata.probe.load import load_probes
from livedata.store.writer import Writer

SECOND = 1_000_000
MINUTE = 60 * SECOND
START = 1_795_143_600_000_000
"""2026-11-20T03:00:00Z"""
GIB = 2**30
TICK = 10 * SECOND
BOOT = "b" * 36


@cache
def probes() -> Mapping[str, Probe]:
    return load_probes()


def row(probe: Probe, **values: Any) -> tuple[Any, ...]:
    """A row of the probe: columns by name, `NAME_increase` for a counter's; all others are null."""
    names = [c.name for c in probe.columns] + [increase_name(probe.columns[i].name) for i in probe.counters]
    unknown = values.keys() - set(names)
    assert not unknown, unknown
    return tuple(values.get(name) for name in names)


def batch(table: str, host: str, ts: int, rows: Sequence[Mapping[str, Any]], boot: str = BOOT) -> Batch:
    probe = probes()[table]
    made = [row(probe, **values) for values in rows]
    return Batch(probe, host, ts, made, boot, None if probe.is_events else 0, TICK // 1000, ts // 1000)


def scraped(
    host: str, ts: int, names: Sequence[str], outcome: Outcome = Outcome.OK, detail: str | None = None
) -> Batch:
    return Batch(SCRAPE, host, ts, [Scrape(name, outcome, detail).row(None) for name in names], BOOT)


def log(host: str, ts: int, message: str, priority: int = 6, **values: Any) -> Batch:
    return batch(
        "log", host, ts, [{"ts": ts, "message": message, "priority": priority, "identifier": "app", **values}]
    )


def gone(host: str, ts: int, detail: str = "no route to host") -> list[Batch]:
    """An attempt to reach a host that failed."""
    return [scraped(host, ts, ["connect"], Outcome.UNREACHABLE, detail)]


def sample(
    host: str,
    ts: int,
    *,
    busy: float = 10.0,
    memory: float = 40.0,
    pressure: float = 1.0,
    full: float = 50.0,
    mount: str = "/",
    boot: str = BOOT,
    oom: int = 0,
) -> list[Batch]:
    """One tick of a host: CPU, memory, pressure, a file system, a disk, an interface, and that they were asked; percentages."""
    cores, spent = 4, 4 * 1000
    used = round(spent * busy / 100)
    return [
        batch("cpu", host, ts, [{
            "cores": cores, "user_seconds_increase": used, "nice_seconds_increase": 0, "system_seconds_increase": 0,
            "idle_seconds_increase": spent - used, "iowait_seconds_increase": 0,
        }], boot),
        batch("core", host, ts, [{
            "core": core, "user_seconds_increase": used // cores, "nice_seconds_increase": 0, "system_seconds_increase": 0,
            "idle_seconds_increase": (spent - used) // cores, "iowait_seconds_increase": 0,
        } for core in range(cores)], boot),
        batch("memory", host, ts, [{
            "total_bytes": 8 * GIB, "available_bytes": round(8 * GIB * (1 - memory / 100)), "free_bytes": GIB, "cached_bytes": 2 * GIB,
            "buffers_bytes": GIB // 8, "swap_total_bytes": 2 * GIB, "swap_free_bytes": 2 * GIB,
        }], boot),
        batch("pressure", host, ts, [
            {"resource": r, "some_seconds_increase": round(10 * pressure) if r == "io" else 0, "full_seconds_increase": 0}
            for r in ("cpu", "memory", "io")
        ], boot),
        batch("filesystem", host, ts, [
            {"mount": mount, "device": "/dev/sda1", "type": "ext4", "state": "ok", "readonly": False, "size_bytes": 100 * GIB,
             "used_bytes": round(GIB * full), "available_bytes": round(GIB * (100 - full)), "inodes": 1000, "inodes_used": 100},
        ], boot),
        batch("disk", host, ts, [{
            "device": "sda", "kind": "disk", "io_ms_increase": 1000, "reads_increase": 100, "writes_increase": 200, "discards_increase": 0,
            "read_bytes_increase": 10 * 2**20, "written_bytes_increase": 20 * 2**20, "read_ms_increase": 50, "write_ms_increase": 90,
            "in_flight": 1, "weighted_io_ms_increase": 1500,
        }], boot),
        batch("network", host, ts, [
            {"interface": name, "state": "up", "rx_bytes_increase": grown, "tx_bytes_increase": grown // 2, "rx_packets_increase": 10,
             "tx_packets_increase": 10, "rx_errors_increase": 0, "tx_errors_increase": 0, "rx_dropped_increase": 0, "tx_dropped_increase": 0}
            for name, grown in (("lo", 10 * 2**30), ("eth0", 10 * 2**20))
        ], boot),
        batch("load", host, ts, [{
            "load1": round(busy * 4), "load5": 100, "load15": 90, "runnable": 1, "blocked": 0, "threads": 200, "uptime_seconds": 8_640_000,
            "boot_time": START - 86_400 * SECOND,
        }], boot),
        batch("vmstat", host, ts, [{"oom_kill_increase": oom}], boot),
        scraped(host, ts, ["cpu", "memory", "pressure", "filesystem", "disk", "network", "log"]),
    ]  # fmt: skip


def processes(
    host: str, ts: int, commands: Sequence[tuple[int, str, float]], *, whole: bool = True
) -> list[Batch]:
    """(pid, command line, CPU of one core in per cent) of each process, and who they are."""
    asked = Scrape("process", Outcome.OK, whole=whole)
    return [
        batch("process", host, ts, [
            {"pid": pid, "start_seconds": pid * 100, "ppid": 1, "name": command.split()[0][:15], "state": "S", "threads": 2,
             "rss_bytes": pid * 2**20, "user_seconds_increase": round(cpu * 10), "system_seconds_increase": 0,
             "children_user_seconds_increase": 0, "children_system_seconds_increase": 0}
            for pid, command, cpu in commands
        ]),
        batch("process_info", host, ts, [
            {"pid": pid, "start_seconds": pid * 100, "started": ts - 3600 * SECOND, "uid": 1000, "user": "app", "command": command,
             "unit": "app.service"}
            for pid, command, _ in commands
        ]),
        Batch(SCRAPE, host, ts, [asked.row(None)], BOOT),
    ]  # fmt: skip


def fill(root: Path, ticks: Sequence[Sequence[Batch]], *, seal: bool = True) -> None:
    """A store with these rows, in the order of their coming; half of them sealed."""
    with Writer.open(root, purpose="test", now_us=START) as writer:
        for probe in (*probes().values(), SCRAPE):
            writer.register(probe)
        for number, tick in enumerate(ticks):
            refused = writer.append(list(tick), START)
            assert not refused, refused[0].reason
            if seal and number == len(ticks) // 2:
                writer.seal(START)

"""This machine's values against psutil's, read just before and just after: neither may lie outside.

Tolerances: counters must lie between the two psutil reads, exactly (a hundredth for CPU time, as psutil rounds a float);
memory that moves between them may lie 64 MiB outside; sizes and names are equal.
"""

from __future__ import annotations

import errno
import mmap
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import glob
from pathlib import Path
from typing import Any

import psutil
import pytest

from livedata.model.reading import Reading
from livedata.parse import PARSERS
from livedata.probe.load import load_probes

PROBES = load_probes()
MEBI = 2**20
SLACK = 64 * MEBI


def read(path: str) -> str | None:
    try:
        return Path(path).read_bytes().decode("utf-8", "backslashreplace")
    except OSError:
        return None


def ask(name: str) -> list[dict[str, Any]]:
    """The rows of this machine, d2 in its own unit."""
    probe = PROBES[name]
    if probe.read:
        files = {
            path: text for pattern in probe.read for path in glob(pattern) if (text := read(path)) is not None
        }
        reading = Reading(files)
    else:
        roots = {"LIVEDATA_PROC": "/proc", "LIVEDATA_SYS": "/sys", "LC_ALL": "C"}
        done = subprocess.run(
            ["sh", "-c", probe.body], env={**os.environ, **roots}, capture_output=True, text=True, check=True
        )
        reading = Reading(text=done.stdout)
    decimals = {column.name for column in probe.columns if column.type == "d2"}
    names = [column.name for column in probe.columns]
    rows = PARSERS[probe.parse](probe, reading)
    return [
        {n: v / 100 if n in decimals and v is not None else v for n, v in zip(names, r, strict=True)}
        for r in rows
    ]


def between(value: float, before: float, after: float, slack: float = 0.0) -> None:
    assert min(before, after) - slack <= value <= max(before, after) + slack


@pytest.mark.parametrize(("percpu", "name"), [(False, "cpu"), (True, "core")])
def test_cpu_times(percpu: bool, name: str) -> None:
    def times() -> list[Any]:
        said = psutil.cpu_times(percpu=percpu)
        return said if isinstance(said, list) and percpu else [said]

    before, rows, after = times(), ask(name), times()
    assert len(rows) == len(before)
    if not percpu:
        assert rows[0]["cores"] == psutil.cpu_count()
    for old, row, new in zip(before, rows, after, strict=True):
        for kind in ("system", "idle", "iowait", "irq", "softirq", "steal", "guest", "guest_nice"):
            between(row[f"{kind}_seconds_total"], getattr(old, kind), getattr(new, kind), 0.011)
        for kind, guest in (("user", "guest"), ("nice", "guest_nice")):  # psutil's include the guests'
            mine = row[f"{kind}_seconds_total"] + row[f"{guest}_seconds_total"]
            between(mine, getattr(old, kind), getattr(new, kind), 0.011)


def test_load() -> None:
    before, stats = psutil.getloadavg(), psutil.cpu_stats()
    row = ask("load")[0]
    after, stats2 = psutil.getloadavg(), psutil.cpu_stats()
    for name, old, new in zip(("load1", "load5", "load15"), before, after, strict=True):
        between(row[name], old, new, 0.006)
    between(row["context_switches_total"], stats.ctx_switches, stats2.ctx_switches)
    between(row["interrupts_total"], stats.interrupts, stats2.interrupts)
    between(row["soft_interrupts_total"], stats.soft_interrupts, stats2.soft_interrupts)
    assert row["boot_time"] == int(psutil.boot_time()) * 1_000_000
    assert 0 < row["open_files"] <= row["open_files_max"]
    assert row["threads"] > 0


def test_memory() -> None:
    before, swap = psutil.virtual_memory(), psutil.swap_memory()
    row = ask("memory")[0]
    after = psutil.virtual_memory()
    assert row["total_bytes"] == before.total
    assert row["swap_total_bytes"] == swap.total
    for name, field in (
        ("free_bytes", "free"), ("available_bytes", "available"), ("buffers_bytes", "buffers"), ("active_bytes", "active"),
        ("inactive_bytes", "inactive"), ("shmem_bytes", "shared"), ("slab_bytes", "slab"),
    ):  # fmt: skip
        between(row[name], getattr(before, field), getattr(after, field), SLACK)
    cached = row["cached_bytes"] + row["sreclaimable_bytes"]
    between(cached, before.cached, after.cached, SLACK)


def test_every_field_of_this_kernels_meminfo_is_a_column() -> None:
    text = read("/proc/meminfo")
    assert text
    row = ask("memory")[0]
    assert sum(value is not None for value in row.values()) == len(text.splitlines())


def test_network() -> None:
    before, rows, after = (
        psutil.net_io_counters(pernic=True, nowrap=False),
        ask("network"),
        psutil.net_io_counters(pernic=True, nowrap=False),
    )
    state = psutil.net_if_stats()
    assert {row["interface"] for row in rows} == set(before)
    for row in rows:
        old, new = before[row["interface"]], after[row["interface"]]
        for name, field in (
            ("rx_bytes_total", "bytes_recv"), ("tx_bytes_total", "bytes_sent"), ("rx_packets_total", "packets_recv"),
            ("tx_packets_total", "packets_sent"), ("rx_errors_total", "errin"), ("tx_errors_total", "errout"),
            ("rx_dropped_total", "dropin"), ("tx_dropped_total", "dropout"),
        ):  # fmt: skip
            between(row[name], getattr(old, field), getattr(new, field))
        assert row["mtu_bytes"] == state[row["interface"]].mtu
        assert (row["speed_bits_per_second"] or 0) == state[row["interface"]].speed * 1_000_000


def test_disks() -> None:
    before, rows, after = (psutil.disk_io_counters(perdisk=True, nowrap=False), ask("disk"),
                           psutil.disk_io_counters(perdisk=True, nowrap=False))  # fmt: skip
    assert {row["device"] for row in rows} == set(before)
    for row in rows:
        old, new = before[row["device"]], after[row["device"]]
        for name, field in (
            ("reads_total", "read_count"), ("writes_total", "write_count"), ("read_bytes_total", "read_bytes"),
            ("written_bytes_total", "write_bytes"), ("read_ms_total", "read_time"), ("write_ms_total", "write_time"),
            ("reads_merged_total", "read_merged_count"), ("writes_merged_total", "write_merged_count"), ("io_ms_total", "busy_time"),
        ):  # fmt: skip
            between(row[name], getattr(old, field), getattr(new, field))
        # The kernel's own list of whole devices says which are partitions.
        assert (row["kind"] != "partition") == Path("/sys/block", row["device"].replace("/", "!")).exists()


def test_file_systems() -> None:
    for mount in {row["mount"] for row in ask("filesystem")} & {
        p.mountpoint for p in psutil.disk_partitions(all=True)
    }:
        before, inodes = psutil.disk_usage(mount), os.statvfs(mount)
        row = next(row for row in ask("filesystem") if row["mount"] == mount)
        after = psutil.disk_usage(mount)
        assert row["state"] == "ok"
        assert row["size_bytes"] == inodes.f_blocks * inodes.f_frsize
        between(row["used_bytes"], before.used, after.used, SLACK)
        between(row["available_bytes"], before.free, after.free, SLACK)
        assert row["inodes"] == (inodes.f_files or None)
        assert row["readonly"] == bool(inodes.f_flag & os.ST_RDONLY)


def test_pressure() -> None:
    def totals() -> dict[str, int]:
        return {
            f"{name} {line.split()[0]}": int(line.rpartition("=")[2])
            for name in ("cpu", "memory", "io")
            for line in (read(f"/proc/pressure/{name}") or "").splitlines()
        }

    before, rows, after = totals(), {row["resource"]: row for row in ask("pressure")}, totals()
    assert set(rows) == {key.split()[0] for key in before} | ({"irq"} & set(rows))
    for key in before:
        resource, share = key.split()
        between(rows[resource][f"{share}_seconds_total"], before[key] / 1e6, after[key] / 1e6, 0.01)
        assert 0 <= rows[resource][f"{share}_avg10_pct"] <= 100


def test_what_memory_management_did() -> None:
    size = 32 * MEBI
    before, swap = ask("vmstat")[0], psutil.swap_memory()
    with mmap.mmap(-1, size) as memory:
        memory.madvise(mmap.MADV_NOHUGEPAGE)
        for place in range(0, size, mmap.PAGESIZE):
            memory[place] = 1
    row, swap2 = ask("vmstat")[0], psutil.swap_memory()
    grown = {
        name: row[name] - value
        for name, value in before.items()
        if name.endswith("_total") and value is not None
    }
    assert grown["pgfault_total"] >= size // mmap.PAGESIZE
    assert grown["pgalloc_total"] >= size // mmap.PAGESIZE
    assert min(grown.values()) >= 0
    between(row["pswpin_bytes_total"], swap.sin, swap2.sin)
    between(row["pswpout_bytes_total"], swap.sout, swap2.sout)


def test_what_the_protocols_did() -> None:
    """A connection, one more than the listener takes, a datagram that arrives and one that finds nobody."""
    before = ask("protocol")[0]
    with (
        socket.create_server(("127.0.0.1", 0), backlog=0) as listener,
        socket.socket(type=socket.SOCK_DGRAM) as udp,
    ):
        address = listener.getsockname()
        with socket.create_connection(address), socket.socket() as refused:
            refused.settimeout(0.2)
            with suppress(TimeoutError):
                refused.connect(address)
            with socket.socket() as too_many:
                too_many.setblocking(False)
                assert too_many.connect_ex(address) == errno.EINPROGRESS
            now = ask("protocol")[0]
        udp.bind(("127.0.0.1", 0))
        udp.sendto(b"to myself", udp.getsockname())
        assert udp.recv(100)
        udp.sendto(b"to nobody", ("127.0.0.1", address[1]))
    after = ask("protocol")[0]
    assert now["sockets_used"] >= 4
    assert now["sockets_tcp_inuse"] >= 3
    assert now["tcp_curr_estab"] >= 2
    for name, least in (
        ("tcp_active_opens", 2), ("tcp_passive_opens", 1), ("tcp_listen_overflows", 1), ("tcp_listen_drops", 1),
        ("tcp_in_segs", 4), ("udp_in_datagrams", 1), ("udp_out_datagrams", 2), ("udp_no_ports", 1), ("icmp_out_dest_unreachs", 1),
        ("ip_in_receives", 5), ("ip_in_bytes", 300), ("softnet_processed", 5),
    ):  # fmt: skip
        assert after[f"{name}_total"] >= before[f"{name}_total"] + least, name
    assert all(
        after[name] >= value
        for name, value in before.items()
        if name.endswith("_total") and value is not None
    )


@contextmanager
def child(code: str) -> Iterator[psutil.Popen]:
    """A process that has said it is ready, and waits."""
    process = psutil.Popen(
        [sys.executable, "-c", f"{code}\nprint(flush=True)\ninput()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        process.stdout.readline()
        while process.status() != psutil.STATUS_SLEEPING:
            time.sleep(0.01)
        yield process
    finally:
        process.communicate(b"\n")


def test_a_process() -> None:
    with child(
        "x = bytearray(50_000_000); [i * i for i in range(2_000_000)]; import os; os.nice(5)"
    ) as process:
        before, faults = process.cpu_times(), process.memory_info()
        row = next(row for row in ask("process") if row["pid"] == process.pid)
        after, memory = process.cpu_times(), process.memory_info()
        assert (row["ppid"], row["name"], row["threads"], row["nice"]) == (
            os.getpid(),
            process.name()[:15],
            1,
            5,
        )
        assert row["state"] == "S"
        between(row["user_seconds_total"], before.user, after.user, 0.001)
        between(row["system_seconds_total"], before.system, after.system, 0.001)
        between(row["rss_bytes"], faults.rss, memory.rss, MEBI)
        assert row["rss_bytes"] > 50_000_000
        assert row["vsize_bytes"] == memory.vms
        assert row["start_seconds"] == pytest.approx(process.create_time() - psutil.boot_time(), abs=0.011)


def test_processes() -> None:
    """All that lived throughout are there, each with its own parent and name."""
    before, rows, after = set(psutil.pids()), {row["pid"]: row for row in ask("process")}, set(psutil.pids())
    assert (before & after) - {os.getpid()} <= set(rows)  # whoever reads is left out
    for process in psutil.process_iter(["ppid", "name", "create_time"]):
        row = rows.get(process.pid)
        if row and row["start_seconds"] == pytest.approx(
            process.info["create_time"] - psutil.boot_time(), abs=0.011
        ):
            assert row["ppid"] == process.info["ppid"] or process.info["ppid"] == 1

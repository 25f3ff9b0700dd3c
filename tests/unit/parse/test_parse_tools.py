"""The field's own tools and livedata's formulas over the same kernel files: what they say must be the same, to the last digit.

A tool is given made-up or recorded files in place of the kernel's: mounted over /proc in a mount namespace of its own, or by
the variables that iproute2's tools have for it. Counters begin at zero, so that a tool's first report (since boot) and an
increment are one thing. Needs root, like the tests' hosts.
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
from collections.abc import Callable, Mapping
from fnmatch import fnmatch
from math import ceil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from livedata.collect.increase import with_increases
from livedata.model.batch import Batch, to_arrow
from livedata.model.reading import Reading
from livedata.parse import PARSERS
from livedata.probe.load import load_probes
from livedata.query.views import EVERYTHING, columns_named, view_sql

PROBES = load_probes()
RECORDED = Path(__file__).parents[2] / "probes"
UPTIME_MS = 12_345_670
UPTIME = "12345.67 20000.00\n"
KINDS = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal", "guest", "guest_nice")
MOUNT = 'while [ "$1" != -- ]; do mount --bind "$1" "$2" || exit 1; shift 2; done; shift; exec "$@"'

Files = Mapping[str, str]
Tool = Callable[..., str]


@pytest.fixture
def tool(tmp_path: Path) -> Tool:
    """Run a tool where /proc holds these files."""

    def run(*words: str, files: Files) -> str:
        pairs: list[str] = []
        for number, (path, text) in enumerate(files.items()):
            (tmp_path / str(number)).write_text(text)
            pairs += [str(tmp_path / str(number)), path]
        command = ["unshare", "-m", "sh", "-c", MOUNT, "sh", *pairs, "--", *words]
        return said(command)

    return run


def said(command: list[str], **variables: str) -> str:
    environment = {**os.environ, "LC_ALL": "C", **variables}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def reckon(name: str, files: Files) -> list[dict[str, Any]]:
    """The rows of a table over these files as its view has them, `UPTIME_MS` after all counters were zero."""
    probe = PROBES[name]
    own = {path: text for path, text in files.items() if any(fnmatch(path, glob) for glob in probe.read)}
    parsed = PARSERS[probe.parse](probe, Reading(own))
    zeros = {probe.key_of(row): (0,) * len(probe.counters) for row in parsed}
    batch = Batch(probe, "machine", 0, with_increases(probe, parsed, zeros), dt_ms=UPTIME_MS)
    with duckdb.connect() as engine:
        engine.register("fresh", to_arrow([batch]))
        engine.execute(view_sql(name, columns_named(probe, None), [], "fresh", EVERYTHING)).fetchall()
        return engine.sql(f"SELECT * FROM {name}").to_arrow_table().to_pylist()


def recorded(pattern: str) -> list[Any]:
    return [
        pytest.param(file, id=file.relative_to(RECORDED).parts[1]) for file in sorted(RECORDED.glob(pattern))
    ]


# Memory.


@pytest.mark.parametrize("file", recorded("memory/*/proc/meminfo"))
def test_memory_in_use_is_that_of_free(file: Path, tool: Tool) -> None:
    text = file.read_text()
    memory, swap = (
        list(map(int, line.split()[1:]))
        for line in tool("free", "-b", files={"/proc/meminfo": text}).splitlines()[1:]
    )
    row = reckon("memory", {"/proc/meminfo": text})[0]
    total, used, free, shared, cache, available = memory
    assert (row["total_bytes"], row["free_bytes"]) == (total, free)
    assert (row["shmem_bytes"] or 0, row["buff_cache_bytes"]) == (shared, cache)
    assert [row[f"swap_{name}_bytes"] for name in ("total", "used", "free")] == swap
    if row["available_bytes"] is None:
        # Today's free takes what is free for what is available there; those of such kernels did not.
        assert row["used_bytes"] == row["used_procps3_bytes"] == total - free - cache
    else:
        assert row["used_bytes"] == used
        assert row["used_pct"] == pytest.approx(100 * used / total)
        assert available == (row["available_bytes"] if row["available_bytes"] <= total else free)


@pytest.mark.parametrize(
    ("free", "cached", "used"), [(100, 300, 1000 - 100 - 50 - 300 - 7), (100, 3000, 900)]
)
def test_memory_in_use_before_procps_4(free: int, cached: int, used: int) -> None:
    """total - free - buffers - cached - reclaimable slab; where that is below zero (lxc), total - free."""
    text = f"MemTotal: 1000 kB\nMemFree: {free} kB\nMemAvailable: 600 kB\nBuffers: 50 kB\nCached: {cached} kB\nSReclaimable: 7 kB\n"
    row = reckon("memory", {"/proc/meminfo": text})[0]
    assert (row["used_procps3_bytes"], row["used_bytes"]) == (used * 1024, 400 * 1024)


def test_memory_of_a_container_that_has_more_than_it_has(tool: Tool) -> None:
    text = "MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 6000 kB\nBuffers: 50 kB\nCached: 300 kB\nSReclaimable: 7 kB\n"
    files = {"/proc/meminfo": text + "SwapTotal: 0 kB\nSwapFree: 0 kB\n"}
    used = int(tool("free", "-b", files=files).splitlines()[1].split()[2])
    assert reckon("memory", files)[0]["used_bytes"] == used == 900 * 1024


# CPU.


def cpu_lines(dice: random.Random) -> str:
    """/proc/stat of this machine's cores, with time of every kind."""
    cores = [number for number in range(4096) if Path(f"/sys/devices/system/cpu/cpu{number}").exists()]
    times = {core: [dice.randrange(1_000, 1_000_000) for _ in KINDS] for core in cores}
    for ticks in times.values():  # a guest's time is within user's and nice's
        ticks[0] += ticks[8]
        ticks[1] += ticks[9]
    lines = [f"cpu{core} {' '.join(map(str, ticks))}" for core, ticks in times.items()]
    together = " ".join(str(sum(ticks)) for ticks in zip(*times.values(), strict=True))
    rest = "intr 5 0\nctxt 7\nbtime 1700000000\nprocesses 9\nprocs_running 1\nprocs_blocked 0\nsoftirq 1 0\n"
    return f"cpu  {together}\n" + "\n".join(lines) + f"\n{rest}"


def test_shares_of_cpu_time_are_those_of_mpstat(tool: Tool) -> None:
    files = {"/proc/stat": cpu_lines(random.Random(1)), "/proc/uptime": UPTIME}
    answer = json.loads(tool("mpstat", "-P", "ALL", "-o", "JSON", files=files))
    loads = answer["sysstat"]["hosts"][0]["statistics"][0]["cpu-load"]
    mine = {"all": reckon("cpu", files)[0]} | {str(row["core"]): row for row in reckon("core", files)}
    assert {load["cpu"] for load in loads} == set(mine)
    names = dict(
        zip(
            ("usr", "nice", "sys", "idle", "iowait", "irq", "soft", "steal", "guest", "gnice"),
            KINDS,
            strict=True,
        )
    )
    for load in loads:
        row = mine[load["cpu"]]
        shares = {name: row[f"{kind}_pct"] for name, kind in names.items()}
        assert shares == pytest.approx({name: load[name] for name in names}, abs=0.00501)
        assert sum(shares.values()) == pytest.approx(100)
        assert row["busy_pct"] == pytest.approx(100 - row["idle_pct"] - row["iowait_pct"])


# Disks.


def disk_lines(dice: random.Random) -> str:
    """/proc/diskstats of this machine's disks, with work of every kind."""
    lines = []
    for device in sorted(Path("/sys/block").iterdir()):
        numbers = [dice.randrange(1, 1_000_000) for _ in range(17)]
        lines.append(f"8 0 {device.name.replace('!', '/')} {' '.join(map(str, numbers))}\n")
    assert lines
    return "".join(lines)


IOSTAT = {
    "r/s": "read_iops", "w/s": "write_iops", "d/s": "discards_per_second", "f/s": "flushes_per_second",
    "rrqm/s": "reads_merged_per_second", "wrqm/s": "writes_merged_per_second", "drqm/s": "discards_merged_per_second",
    "rrqm": "read_merged_pct", "wrqm": "write_merged_pct", "drqm": "discard_merged_pct",
    "r_await": "read_await_ms", "w_await": "write_await_ms", "d_await": "discard_await_ms", "f_await": "flush_await_ms",
    "aqu-sz": "queue", "util": "util_pct",
}  # fmt: skip
IOSTAT_KB = {
    "rkB/s": "read_bytes_per_second", "wkB/s": "written_bytes_per_second", "dkB/s": "discarded_bytes_per_second",
    "rareq-sz": "read_size_bytes", "wareq-sz": "write_size_bytes", "dareq-sz": "discard_size_bytes",
}  # fmt: skip
SHORT = {"tps": "iops", "await": "await_ms", "aqu-sz": "queue", "util": "util_pct"}


@pytest.mark.parametrize(
    ("option", "names", "names_kb"),
    [("-x", IOSTAT, IOSTAT_KB), ("-xs", SHORT, {})],
    ids=["extended", "short"],
)
def test_what_a_disk_does_is_what_iostat_says(option: str, names: Files, names_kb: Files, tool: Tool) -> None:
    files = {
        "/proc/diskstats": disk_lines(random.Random(2)),
        "/proc/stat": cpu_lines(random.Random(3)),
        "/proc/uptime": UPTIME,
    }
    answer = json.loads(tool("iostat", option, "-p", "ALL", "-o", "JSON", files=files))
    disks = answer["sysstat"]["hosts"][0]["statistics"][0]["disk"]
    mine = {row["device"]: row for row in reckon("disk", files)}
    assert disks
    for disk in disks:
        row = mine[disk["disk_device"]]
        assert {n: row[column] for n, column in names.items()} == pytest.approx(
            {n: disk[n] for n in names}, abs=0.00501
        )
        assert {n: row[column] / 1024 for n, column in names_kb.items()} == pytest.approx(
            {n: disk[n] for n in names_kb}, abs=0.00501
        )


# What the kernel did, as a whole.


@pytest.mark.parametrize("file", recorded("vmstat/*/proc/vmstat"))
def test_counters_are_those_of_vmstat(file: Path, tool: Tool) -> None:
    stat = cpu_lines(random.Random(4)).replace("intr 5 ", "intr 18446744073709 ")
    files = {"/proc/vmstat": file.read_text(), "/proc/stat": stat}
    lines = re.findall(r"^ *(\d+) (.*)$", tool("vmstat", "-s", files=files), re.MULTILINE)
    theirs = {name: int(number) for number, name in lines}
    self = file.parent / "self"
    reader = {f"/proc/self/{name}": (self / name).read_text() for name in ("stat", "statm")}
    memory = reckon("vmstat", files | reader)[0]
    assert memory["pgpgin_bytes_total"] == theirs["K paged in"] * 1024
    assert memory["pgpgout_bytes_total"] == theirs["K paged out"] * 1024
    page = 65536 if "64k" in str(file) else 4096
    assert memory["pswpin_bytes_total"] == theirs["pages swapped in"] * page
    assert memory["pswpout_bytes_total"] == theirs["pages swapped out"] * page
    load = reckon("load", files | {"/proc/loadavg": "0.00 0.00 0.00 1/2 3\n"})[0]
    assert load["interrupts_total"] == theirs["interrupts"] == 18446744073709
    assert load["context_switches_total"] == theirs["CPU context switches"]
    assert load["boot_time"].timestamp() == theirs["boot time"]
    assert load["forks_total"] == theirs["forks"]


# The network.


@pytest.mark.parametrize("folder", recorded("protocol/*/proc"))
def test_sockets_are_those_of_ss(folder: Path) -> None:
    net = folder / "net"
    if not (net / "sockstat6").exists():
        (row,) = reckon("protocol", {f"/proc/net/{file.name}": file.read_text() for file in net.iterdir()})
        assert row["sockets_tcp6_inuse"] is None
        return
    roots = {f"PROC_NET_{name.upper()}": str(net / name) for name in ("snmp", "sockstat", "sockstat6")}
    answer = said(["ss", "-s"], **roots)
    (row,) = reckon("protocol", {f"/proc/net/{file.name}": file.read_text() for file in net.iterdir()})
    tcp = re.search(r"TCP:\s+(\d+) \(estab (\d+), closed (\d+), orphaned (\d+), timewait (\d+)", answer)
    assert tcp
    total, established, closed, orphaned, timewait = map(int, tcp.groups())
    assert int(re.search(r"Total: (\d+)", answer)[1]) == row["sockets_used"]  # type: ignore[index]
    assert (row["tcp_curr_estab"], row["sockets_tcp_orphan"], row["sockets_tcp_tw"]) == (
        established,
        orphaned,
        timewait,
    )
    inuse = row["sockets_tcp_inuse"] + row["sockets_tcp6_inuse"]
    assert row["sockets_tcp_alloc"] + timewait == total
    assert total - inuse == closed
    for name in ("RAW", "UDP", "TCP", "FRAG"):
        four, six = (int(n) for n in re.search(rf"^{name}\s+\d+\s+(\d+)\s+(\d+)", answer, re.M).groups())  # type: ignore[union-attr]
        assert (row[f"sockets_{name.lower()}_inuse"], row[f"sockets_{name.lower()}6_inuse"]) == (four, six)


NSTAT = {
    "TcpActiveOpens": "tcp_active_opens_total", "TcpOutRsts": "tcp_out_rsts_total", "TcpRetransSegs": "tcp_retrans_segs_total",
    "TcpExtListenOverflows": "tcp_listen_overflows_total", "TcpExtTCPTimeouts": "tcp_timeouts_total",
    "TcpExtTCPLossProbes": "tcp_loss_probes_total", "TcpExtIPReversePathFilter": "ip_reverse_path_filter_total",
    "IpExtInOctets": "ip_in_bytes_total", "IpInReceives": "ip_in_receives_total", "UdpInDatagrams": "udp_in_datagrams_total",
    "Udp6NoPorts": "udp6_no_ports_total", "Ip6OutOctets": "ip6_out_bytes_total", "IcmpInMsgs": "icmp_in_msgs_total",
    "Icmp6OutMsgs": "icmp6_out_msgs_total",
}  # fmt: skip


def test_counters_are_those_of_nstat() -> None:
    net = RECORDED / "protocol" / "debian-12-vm" / "proc" / "net"
    roots = {f"PROC_NET_{name.upper()}": str(net / name) for name in ("snmp", "snmp6", "netstat")}
    theirs = dict(line.split()[:2] for line in said(["nstat", "-asz"], **roots).splitlines()[1:])
    (row,) = reckon("protocol", {f"/proc/net/{file.name}": file.read_text() for file in net.iterdir()})
    assert {name: row[column] for name, column in NSTAT.items()} == {
        name: int(theirs[name]) for name in NSTAT
    }


# File systems: those of this machine, as they are.


def percent(formula: str, values: str) -> int:
    """Rounded up, as df does."""
    with duckdb.connect() as engine:
        row = engine.execute(f"SELECT {formula} FROM (SELECT {values})").fetchone()
    assert row
    return ceil(row[0])


def test_the_share_in_use_is_that_of_df() -> None:
    formula = {column.name: column.sql for column in PROBES["filesystem"].derived}
    columns = "target,size,used,avail,pcent,itotal,iused,ipcent"
    checked = 0
    for line in said(["df", "-B1", f"--output={columns}"]).splitlines()[1:]:
        *_, size, used, available, share, inodes, inodes_used, inode_share = line.split()
        values = f"{size} AS size_bytes, {used} AS used_bytes, {available} AS available_bytes"
        if share != "-":
            checked += 1
            assert percent(formula["used_pct"], values) == int(share.rstrip("%"))
        if inode_share != "-":
            values = f"{inodes} AS inodes, {inodes_used} AS inodes_used"
            assert percent(formula["inodes_used_pct"], values) == int(inode_share.rstrip("%"))
    assert checked

"""While stress-ng loads this machine, each value that livedata kept stands beside what the field's own tools said at that moment.

The product watches by its own process, each table every second or two; meanwhile the tools are read over and over. A row is held
against the last reading of a tool that ended before the row's read began and the first that began after it ended. A counter
must lie between these two, each time. A gauge may move and come back between them, so it must lie between them, give or take
what is said, most times. What a tool gives as an average of its own (iostat, mpstat, vmstat, pidstat) is held against the
average of the same seconds. Needs root, like the tests' hosts.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import psutil
import pytest

from livedata.query import engine
from tests.fleet import references
from tests.fleet.conftest import worker
from tests.fleet.hosts import fleet_of
from tests.fleet.product import Product
from tests.fleet.references import Average, Record, last_statistics, said

MEBI = 2**20
SECONDS = 8
"""What the averaging tools average over."""
LOAD = ["nice", "-n", "5", "stress-ng", "--timeout", "60", "--temp-path", "{folder}", "--cpu", "1", "--hdd", "1", "--hdd-bytes", "8m",
        "--hdd-opts", "direct", "--vm", "1", "--vm-bytes", "48m", "--sock", "1", "--udp", "1", "--fork", "1"]  # fmt: skip
FAST = ("cpu", "core", "load", "memory", "vmstat", "disk", "network", "protocol", "pressure")
SLOW = ("process", "filesystem", "cgroup")
ONCE = ("process_info", "os", "package")
INVENTORY = (
    '[hosts.here]\ntransport = "local"\n'
    + "".join(
        f"[defaults.probes.{name}]\nevery = {every}\n"
        for every, names in ((1, FAST), (2, SLOW))
        for name in names
    )
    + "".join(
        f"[defaults.probes.{name}]\nenabled = false\n"
        for name in ("update", "unit", "login", "log", "reboot")
    )
)
"""What takes seconds on this machine would hold up what is compared here."""
ROUNDING = 0.03
"""Seconds that the time of a read is rounded by (`offset_ms`), and what times of two programs differ by."""

Row = dict[str, Any]


@dataclass
class Seen:
    rows: dict[str, list[Row]]
    """Table → its rows, each with `began` and `ended` of its read."""
    records: dict[str, Record]
    averages: dict[str, Average]
    stressed: dict[str, int]
    """Name of a worker of stress-ng → its pid."""


def workers(stress: int) -> dict[str, int]:
    return {process.name(): process.pid for process in psutil.Process(stress).children()}


def plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    folder = tmp_path_factory.mktemp("truth")
    averaged = {
        "iostat": ["iostat", "-x", "-o", "JSON", str(SECONDS), "2"],
        "iostat -s": ["iostat", "-xs", "-o", "JSON", str(SECONDS), "2"],
        "mpstat": ["mpstat", "-P", "ALL", "-o", "JSON", str(SECONDS), "1"],
        "vmstat": ["vmstat", str(SECONDS), "2"],
    }
    with fleet_of(worker()) as fleet, references.node_exporter() as exporter:
        product = Product(folder, fleet)
        product.inventory.write_text(INVENTORY)
        readers = {
            "node": exporter, "free": references.free, "vmstat": references.vmstat, "ss": references.ss, "nstat": references.nstat,
            "df": references.df, "ps": references.ps, "psutil": references.of_psutil, "cgroups": references.cgroups,
        }  # fmt: skip
        stress = references.running([word.format(folder=folder) for word in LOAD])
        with references.recording(readers, 0.1) as records, stress as pid, product.watching():
            product.soon("SELECT count(*) > 0 AS begun FROM process WHERE name LIKE 'stress-ng%'", 40)
            stressed = workers(pid)
            busy = str(stressed["stress-ng-cpu"])
            averaged["pidstat"] = ["pidstat", "-h", "-u", "-r", "-p", busy, str(SECONDS), "1"]
            with references.averaging(averaged) as averages:
                pass
            time.sleep(2.5)

        def ask(sql: str) -> list[Row]:
            rows = engine.ask(product.store, sql).table.to_pylist()
            return [{name: plain(value) for name, value in row.items()} for row in rows]

        # `offset_ms` is the middle between the answer's first byte and its end.
        times = {
            (row["probe"], row["ts"]): (row["rtt_ms"] / 1000, row["wall_ms"] / 1000)
            for row in ask("SELECT * FROM scrape WHERE wall_ms IS NOT NULL")
        }
        rows = {}
        for table in (*FAST, *SLOW, *ONCE):
            rows[table] = ask(
                f"SELECT *, epoch_us(ts) / 1e6 + offset_ms / 1000.0 AS middle FROM {table} ORDER BY ts"
            )
            for row in rows[table]:
                if row["middle"] is not None:  # the end of a process is no read
                    first, whole = times[table, row["ts"]]
                    sent = row["middle"] - (first + whole) / 2
                    row |= {"began": sent - ROUNDING, "ended": sent + whole + ROUNDING}
        return Seen(rows, records, averages, stressed)


def beside(
    seen: Seen, table: str, column: str, tool: str, name: str, scale: float = 1
) -> list[tuple[float, float, float]]:
    """(value, least and most of the reference, times `scale`) of every row that has both; `name` is what the reference calls
    the value, with the row's own columns in braces."""
    found = []
    for row in seen.rows[table]:
        bracket = seen.records[tool].bracket(name.format_map(row), row["began"], row["ended"])
        if bracket and row[column] is not None:
            found.append((row[column], bracket[0] * scale, bracket[1] * scale))
    assert len(found) >= 2, f"{table}.{column} beside {tool}: {len(found)} rows can be compared"
    return found


def outside(found: list[tuple[float, float, float]], slack: float) -> list[tuple[float, float, float]]:
    return [(v, low, high) for v, low, high in found if not low - slack - 1e-6 <= v <= high + slack + 1e-6]


def counter(
    seen: Seen, table: str, column: str, tool: str, name: str, scale: float = 1, slack: float = 0
) -> float:
    """Every value lies between its two references; how far the references moved in all."""
    found = beside(seen, table, column, tool, name, scale)
    assert outside(found, slack) == [], f"{table}.{column} beside {tool}"
    return max(high for _, _, high in found) - min(low for _, low, _ in found)


def gauge(
    seen: Seen, table: str, column: str, tool: str, name: str, scale: float = 1, slack: float = 0
) -> None:
    """Most values lie between their two references, give or take `slack`."""
    found = beside(seen, table, column, tool, name, scale)
    wrong = outside(found, slack)
    assert len(wrong) <= len(found) * 0.4, f"{table}.{column} beside {tool}: {wrong} of {len(found)}"


def snake(name: str) -> str:
    """`ActiveOpens` → `active_opens`; `InOctets` → `in_bytes`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.replace("Octets", "Bytes")).lower()


# cpu, core


def test_cpu_time(seen: Seen) -> None:
    """By node_exporter and psutil; a tick of 10 ms may be on its way from one kind to another."""
    moved = 0.0
    for kind in ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"):
        node = f'node_cpu_seconds_total{{{{cpu="{{core}}",mode="{kind}"}}}}'
        column = f"{kind}_seconds_total"
        # Both count the guests' time twice, in user and nice too.
        for row in seen.rows["core"]:
            row[column] += (
                row.pop(f"guest{'_nice' * (kind == 'nice')}_seconds_total", 0)
                if kind in ("user", "nice")
                else 0
            )
        moved += counter(seen, "core", column, "node", node, slack=0.011)
        counter(seen, "core", column, "psutil", f"core {{core}} {kind}", slack=0.011)
    assert moved > SECONDS
    cores = {(row["ts"], row["core"]): row for row in seen.rows["core"]}
    for row in seen.rows["cpu"]:
        own = [c["user_seconds_total"] for (ts, _), c in cores.items() if ts == row["ts"]]
        assert len(own) == row["cores"] == os.cpu_count()
        assert sum(own) == pytest.approx(row["user_seconds_total"], abs=0.01 * (len(own) + 1))


def average(seen: Seen, table: str, over: Average, sums: str, **where: Any) -> Callable[[str], float]:
    """Of the rows of a tool's seconds: the sum of one column over that of another."""
    rows = [
        row
        for row in seen.rows[table]
        if over.began + 0.5 <= row["middle"] <= over.ended + 0.5
        and row[sums] is not None and all(row[k] == v for k, v in where.items())
    ]  # fmt: skip
    assert len(rows) >= SECONDS / 2, f"{table}: {len(rows)} rows"
    whole = sum(row[sums] for row in rows)
    return lambda column: sum(row[column] for row in rows) / whole if whole else 0.0


def test_shares_of_cpu_time_as_mpstat(seen: Seen) -> None:
    """Averages over the same 8 seconds but for their first and last: within 8 points."""
    tool = seen.averages["mpstat"]
    names = {
        "usr": "user",
        "nice": "nice",
        "sys": "system",
        "iowait": "iowait",
        "soft": "softirq",
        "steal": "steal",
        "idle": "idle",
    }
    for load in last_statistics(tool.answer)["cpu-load"]:
        if load["cpu"] == "all":
            share = average(seen, "cpu", tool, "all_seconds_increase")
        else:
            share = average(seen, "core", tool, "all_seconds_increase", core=int(load["cpu"]))
        for theirs, ours in names.items():
            assert 100 * share(f"{ours}_seconds_increase") == pytest.approx(load[theirs], abs=8), (
                load["cpu"],
                ours,
            )
    for row in seen.rows["cpu"]:
        if row["busy_pct"] is not None:
            shares = [
                row[f"{kind}_pct"]
                for kind in (
                    "user",
                    "nice",
                    "system",
                    "idle",
                    "iowait",
                    "irq",
                    "softirq",
                    "steal",
                    "guest",
                    "guest_nice",
                )
            ]
            assert sum(shares) == pytest.approx(100)
            assert row["busy_pct"] == pytest.approx(100 - row["idle_pct"] - row["iowait_pct"])


# load


def test_load(seen: Seen) -> None:
    for column, name in (
        ("context_switches_total", "node_context_switches_total"), ("forks_total", "node_forks_total"), ("interrupts_total", "node_intr_total"),
    ):  # fmt: skip
        assert counter(seen, "load", column, "node", name) > 100
    for column, name in (
        ("context_switches_total", "CPU context switches"), ("interrupts_total", "interrupts"), ("forks_total", "forks"),
    ):  # fmt: skip
        counter(seen, "load", column, "vmstat", name)
    for minutes in ("1", "5", "15"):
        gauge(seen, "load", f"load{minutes}", "node", f"node_load{minutes}", slack=0.1)
    gauge(seen, "load", "runnable", "node", "node_procs_running", slack=4)
    gauge(seen, "load", "blocked", "node", "node_procs_blocked", slack=3)
    gauge(seen, "load", "open_files", "node", "node_filefd_allocated", slack=300)
    limits = {row["open_files_max"] for row in seen.rows["load"]}
    assert limits == {int(Path("/proc/sys/fs/file-max").read_text())}
    boot = {row["boot_time"].timestamp() for row in seen.rows["load"]}
    assert boot <= {seen.records["node"].numbers[0]["node_boot_time_seconds"]}


# memory, vmstat


def folded(name: str) -> str:
    return name.lower().replace("_", "").removeprefix("nodememory").removeprefix("mem").removeprefix("total")


def test_memory(seen: Seen) -> None:
    """Every field that node_exporter has is one of ours, and is as large; stress-ng takes and gives back 48 MiB."""
    ours = {folded(column): column for column in seen.rows["memory"][0]}
    theirs = {name for name in seen.records["node"].numbers[0] if name.startswith("node_memory_")}
    assert len(theirs) > 40
    pools = {"HugePages_Total": "hugepages"}
    for name in theirs:
        field = name.removeprefix("node_memory_")
        column = pools.get(field) or ("total_bytes" if field == "MemTotal_bytes" else ours[folded(name)])
        gauge(seen, "memory", column, "node", name, slack=96 * MEBI)
    for name, column in (
        ("used", "used_bytes"), ("free", "free_bytes"), ("shared", "shmem_bytes"), ("buff/cache", "buff_cache_bytes"),
        ("available", "available_bytes"), ("swap used", "swap_used_bytes"),
    ):  # fmt: skip
        gauge(seen, "memory", column, "free", name, slack=96 * MEBI)
    for name, column in (("total", "total_bytes"), ("swap total", "swap_total_bytes")):
        gauge(seen, "memory", column, "free", name)


def test_what_memory_management_did(seen: Seen) -> None:
    for name, scale in (("pgfault", 1), ("pgmajfault", 1), ("oom_kill", 1)):
        counter(seen, "vmstat", f"{name}_total", "node", f"node_vmstat_{name}", scale)
    page = os.sysconf("SC_PAGESIZE")
    for name, scale in (("pgpgin", 1024), ("pgpgout", 1024), ("pswpin", page), ("pswpout", page)):
        counter(seen, "vmstat", f"{name}_bytes_total", "node", f"node_vmstat_{name}", scale)
    assert counter(seen, "vmstat", "pgpgout_bytes_total", "vmstat", "K paged out", 1024) > MEBI
    counter(seen, "vmstat", "pswpout_bytes_total", "vmstat", "pages swapped out", page)


def test_rates_as_vmstat(seen: Seen) -> None:
    """Averages over the same 8 seconds but for their ends: within a third."""
    tool = seen.averages["vmstat"]
    names, values = tool.answer.splitlines()[1].split(), tool.answer.splitlines()[-1].split()
    theirs = dict(zip(names, map(float, values), strict=True))
    load = average(seen, "load", tool, "dt_ms")
    memory = average(seen, "vmstat", tool, "dt_ms")
    assert 1000 * load("interrupts_increase") == pytest.approx(theirs["in"], rel=0.33, abs=50)
    assert 1000 * load("context_switches_increase") == pytest.approx(theirs["cs"], rel=0.33, abs=50)
    assert 1000 * memory("pgpgout_bytes_increase") / 1024 == pytest.approx(theirs["bo"], rel=0.33, abs=500)
    assert 1000 * memory("pgpgin_bytes_increase") / 1024 == pytest.approx(theirs["bi"], rel=0.33, abs=500)


# disk, filesystem


def test_disks(seen: Seen) -> None:
    names = {
        "reads_total": ("reads_completed_total", 1), "reads_merged_total": ("reads_merged_total", 1), "read_bytes_total": ("read_bytes_total", 1),
        "read_ms_total": ("read_time_seconds_total", 1000), "writes_total": ("writes_completed_total", 1),
        "writes_merged_total": ("writes_merged_total", 1), "written_bytes_total": ("written_bytes_total", 1),
        "write_ms_total": ("write_time_seconds_total", 1000), "io_ms_total": ("io_time_seconds_total", 1000),
        "weighted_io_ms_total": ("io_time_weighted_seconds_total", 1000), "discards_total": ("discards_completed_total", 1),
        "discards_merged_total": ("discards_merged_total", 1), "discarded_bytes_total": ("discarded_sectors_total", 512),
        "discard_ms_total": ("discard_time_seconds_total", 1000), "flushes_total": ("flush_requests_total", 1),
        "flush_ms_total": ("flush_requests_time_seconds_total", 1000),
    }  # fmt: skip
    for column, (name, scale) in names.items():
        moved = counter(
            seen,
            "disk",
            column,
            "node",
            f'node_disk_{name}{{{{device="{{device}}"}}}}',
            scale,
            slack=0.001,
        )
        assert moved or column not in ("writes_total", "written_bytes_total", "write_ms_total", "io_ms_total")
    gauge(
        seen,
        "disk",
        "in_flight",
        "node",
        'node_disk_io_now{{device="{device}"}}',
        slack=8,
    )
    for column, name in (
        ("reads_total", "read_count"), ("writes_total", "write_count"), ("read_bytes_total", "read_bytes"), ("io_ms_total", "busy_time"),
    ):  # fmt: skip
        counter(seen, "disk", column, "psutil", f"disk {{device}} {name}")


def busiest(answer: str) -> dict[str, float]:
    found: dict[str, float] = max(last_statistics(answer)["disk"], key=lambda disk: disk["aqu-sz"])
    return found


def test_what_a_disk_did_as_iostat(seen: Seen) -> None:
    """Averages over the same 8 seconds but for their ends: within a third."""
    tool = seen.averages["iostat"]
    theirs = busiest(tool.answer)
    time_share = average(seen, "disk", tool, "dt_ms", device=theirs["disk_device"])
    mine = {
        "w/s": 1000 * time_share("writes_increase"), "r/s": 1000 * time_share("reads_increase"),
        "wkB/s": 1000 * time_share("written_bytes_increase") / 1024, "util": 100 * time_share("io_ms_increase"),
        "aqu-sz": time_share("weighted_io_ms_increase"),
    }  # fmt: skip
    assert theirs["w/s"] > 10
    assert mine == pytest.approx({name: theirs[name] for name in mine}, rel=0.33, abs=5)
    writes = average(seen, "disk", tool, "writes_increase", device=theirs["disk_device"])
    assert writes("write_ms_increase") == pytest.approx(theirs["w_await"], rel=0.4, abs=0.5)
    assert writes("written_bytes_increase") / 1024 == pytest.approx(theirs["wareq-sz"], rel=0.33, abs=2)
    short = seen.averages["iostat -s"]
    theirs = busiest(short.answer)
    assert 1000 * time_share("reads_increase") + 1000 * time_share("writes_increase") + 1000 * time_share(
        "discards_increase"
    ) == pytest.approx(theirs["tps"], rel=0.33, abs=5)


def test_file_systems_as_df(seen: Seen) -> None:
    for column, name in (
        ("size_bytes", "size"), ("used_bytes", "used"), ("available_bytes", "avail"), ("inodes", "inodes"),
        ("inodes_used", "inodes used"), ("inodes_free", "inodes free"),
    ):  # fmt: skip
        slack = 0 if name == "size" else 64 * MEBI if name in ("used", "avail") else 2000
        gauge(seen, "filesystem", column, "df", f"{{mount}} {name}", slack=slack)
    assert {row["mount"] for row in seen.rows["filesystem"]} >= {"/"}
    assert {row["state"] for row in seen.rows["filesystem"]} == {"ok"}


# network, protocol


def test_interfaces(seen: Seen) -> None:
    names = {
        "bytes": "bytes", "packets": "packets", "errors": "errs", "dropped": "drop", "fifo_errors": "fifo", "compressed": "compressed",
    }  # fmt: skip
    for way, told in (("rx", "receive"), ("tx", "transmit")):
        for column, name in names.items():
            moved = counter(
                seen, "network", f"{way}_{column}_total", "node",
                f'node_network_{told}_{name}_total{{{{device="{{interface}}"}}}}',
            )  # fmt: skip
            assert moved or column not in ("bytes", "packets")
    for column, name in (
        ("rx_frame_errors_total", "receive_frame_total"), ("rx_multicast_total", "receive_multicast_total"),
        ("tx_collisions_total", "transmit_colls_total"), ("tx_carrier_errors_total", "transmit_carrier_total"),
        ("carrier_changes_total", "carrier_changes_total"),
    ):  # fmt: skip
        counter(
            seen,
            "network",
            column,
            "node",
            f'node_network_{name}{{{{device="{{interface}}"}}}}',
        )
    gauge(
        seen,
        "network",
        "mtu_bytes",
        "node",
        'node_network_mtu_bytes{{device="{interface}"}}',
    )
    for column, name in (
        ("rx_bytes_total", "bytes_recv"),
        ("tx_packets_total", "packets_sent"),
        ("rx_dropped_total", "dropin"),
    ):
        counter(seen, "network", column, "psutil", f"net {{interface}} {name}")


def test_protocols(seen: Seen) -> None:
    """Every counter that nstat and node_exporter have under the same name; sockets as ss counts them."""
    columns = set(seen.rows["protocol"][0])
    nstat = {name: f"{snake(name)}_total" for name in seen.records["nstat"].numbers[0]}
    same = {name: column for name, column in nstat.items() if column in columns}
    assert len(same) > 60
    moved = {column: counter(seen, "protocol", column, "nstat", name) for name, column in same.items()}
    assert (
        min(
            moved[f"{name}_total"]
            for name in (
                "tcp_in_segs",
                "tcp_out_segs",
                "udp_in_datagrams",
                "udp_out_datagrams",
                "ip_in_receives",
            )
        )
        > 100
    )
    for name in seen.records["node"].numbers[0]:
        group = re.match(r"node_netstat_(Tcp|Udp|Ip|Icmp|Udp6|Ip6|Icmp6)(?:Ext)?_(\w+)", name)
        column = f"{group[1].lower()}_{snake(group[2].removeprefix('TCP'))}_total" if group else ""
        if column in columns:
            counter(seen, "protocol", column, "node", name)
    for column, name in (
        ("tcp_curr_estab", "estab"), ("sockets_tcp_orphan", "orphaned"), ("sockets_tcp_tw", "timewait"), ("sockets_tcp_inuse", "TCP"),
        ("sockets_udp_inuse", "UDP"), ("sockets_raw_inuse", "RAW"), ("sockets_frag_inuse", "FRAG"), ("sockets_tcp6_inuse", "TCP6"),
        ("sockets_udp6_inuse", "UDP6"), ("sockets_raw6_inuse", "RAW6"),
    ):  # fmt: skip
        gauge(seen, "protocol", column, "ss", name, slack=20 if name == "timewait" else 6)
    gauge(seen, "protocol", "sockets_used", "node", "node_sockstat_sockets_used", slack=20)
    gauge(
        seen,
        "protocol",
        "sockets_tcp_mem_bytes",
        "node",
        "node_sockstat_TCP_mem_bytes",
        slack=8 * MEBI,
    )


def test_soft_interrupts_of_the_network(seen: Seen) -> None:
    record = seen.records["node"]
    for numbers in record.numbers:
        for name in ("processed", "dropped", "times_squeezed"):
            numbers[f"softnet {name}"] = sum(
                v for k, v in numbers.items() if k.startswith(f"node_softnet_{name}_total")
            )
    for column, name in (
        ("processed", "processed"),
        ("dropped", "dropped"),
        ("time_squeeze", "times_squeezed"),
    ):
        counter(seen, "protocol", f"softnet_{column}_total", "node", f"softnet {name}")


# pressure


def test_pressure(seen: Seen) -> None:
    """Totals in hundredths of seconds, cut."""
    for share, word in (("some", "waiting"), ("full", "stalled")):
        node = f"node_pressure_{{resource}}_{word}_seconds_total"
        counter(seen, "pressure", f"{share}_seconds_total", "node", node, slack=0.01)
    cpu = [row["some_seconds_increase"] for row in seen.rows["pressure"] if row["resource"] == "cpu"]
    assert sum(filter(None, cpu)) > 0


# process, process_info


def test_processes_as_ps(seen: Seen) -> None:
    everyone = seen.rows["process"]
    assert len({row["pid"] for row in everyone}) > len(seen.stressed)
    gauge(seen, "process", "ppid", "ps", "{pid} ppid")
    gauge(seen, "process", "nice", "ps", "{pid} ni")
    gauge(seen, "process", "threads", "ps", "{pid} nlwp", slack=1)
    gauge(seen, "process", "vsize_bytes", "ps", "{pid} vsz", 1024, slack=MEBI)
    gauge(seen, "process", "rss_bytes", "ps", "{pid} rss", 1024, slack=4 * MEBI)
    for row in everyone:
        row["cpu"] = row["user_seconds_total"] + row["system_seconds_total"]
    counter(seen, "process", "cpu", "ps", "{pid} cputimes", slack=1)  # ps cuts to whole seconds
    # psutil was asked about the workers of stress-ng alone.
    assert counter(seen, "process", "user_seconds_total", "psutil", "{pid} user") > 1
    counter(seen, "process", "system_seconds_total", "psutil", "{pid} system")
    gauge(seen, "process", "rss_bytes", "psutil", "{pid} rss", slack=4 * MEBI)


def test_share_of_a_core_as_pidstat(seen: Seen) -> None:
    """An average over the same 8 seconds but for their ends: within 12 points."""
    tool = seen.averages["pidstat"]
    names, values = (line.lstrip("# ").split() for line in tool.answer.splitlines()[-2:])
    theirs = dict(zip(names, values, strict=True))
    rows = [
        row
        for row in seen.rows["process"]
        if row["pid"] == int(theirs["PID"]) and tool.began + 1 <= row["middle"] <= tool.ended + 1
    ]
    mine = sum(row["cpu_pct"] * row["dt_ms"] for row in rows) / sum(row["dt_ms"] for row in rows)
    assert mine == pytest.approx(float(theirs["%CPU"]), abs=12)
    assert float(theirs["%CPU"]) > 5
    assert rows[-1]["vsize_bytes"] / 1024 == pytest.approx(float(theirs["VSZ"]), rel=0.05)


def test_who_the_load_is(seen: Seen) -> None:
    told = {row["pid"]: row for row in seen.rows["process_info"] if row["command"]}
    for name, pid in seen.stressed.items():
        assert told[pid]["command"].startswith("stress-ng"), name
        assert (told[pid]["uid"], told[pid]["user"]) == (0, "root")


# cgroup


def test_control_groups_as_the_kernels_files(seen: Seen) -> None:
    assert counter(seen, "cgroup", "cpu_seconds_total", "cgroups", "{path} cpu_seconds_total", slack=0.01) > 1
    # Of a container with cgroup v2 the kernel tells neither.
    for column, slack in (("memory_bytes", 96 * MEBI), ("tasks", 16)):
        if any(row[column] is not None for row in seen.rows["cgroup"]):
            gauge(seen, "cgroup", column, "cgroups", f"{{path}} {column}", slack=slack)


# os, package


def test_what_the_machine_is(seen: Seen) -> None:
    row = seen.rows["os"][-1]
    about = {line["field"].rstrip(":"): line["data"] for line in json.loads(said("lscpu", "-J"))["lscpu"]}
    release = dict(
        line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line
    )
    assert row["distribution"] == release["ID"].strip('"')
    assert row["pretty_name"] == release["PRETTY_NAME"].strip('"')
    assert row["kernel"] == said("uname", "-r").strip()
    assert row["architecture"] == about["Architecture"]
    assert row["cores"] == int(about["CPU(s)"])
    assert row["cpu_model"] == about.get("Model name")
    assert row["memory_bytes"] == references.free()["total"]
    assert row["hostname"] == said("hostname").strip()


def test_packages_as_dpkg(seen: Seen) -> None:
    listed = said(
        "dpkg-query", "-W", "-f", "${Package}\t${Version}\t${Architecture}\t${db:Status-Status}\n"
    ).splitlines()
    theirs = {tuple(line.split("\t")) for line in listed if line.split("\t")[3] != "config-files"}
    rows = seen.rows["package"]
    newest = max(row["ts"] for row in rows)
    mine = {(r["name"], r["version"], r["architecture"], r["state"]) for r in rows if r["ts"] == newest}
    # A package may come or go with somebody else's hands meanwhile.
    assert len(mine ^ theirs) <= len(theirs) // 20

"""CPU time, load, memory and pressure beside node_exporter, psutil, free, vmstat and mpstat."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.fleet.references import last_statistics
from tests.fleet.truth.beside import MEBI, SECONDS, Seen, average, counter, gauge

KINDS = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
"""Of what a core's time is spent on, as proc_stat(5) has them; guests' time is in the first two as well."""


# cpu, core


def test_cpu_time(seen: Seen) -> None:
    """By node_exporter and psutil; a tick of 10 ms may be on its way from one kind to another."""
    moved = 0.0
    for kind in KINDS:
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
            shares = [row[f"{kind}_pct"] for kind in (*KINDS, "guest", "guest_nice")]
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


# pressure


def test_pressure(seen: Seen) -> None:
    """Totals in hundredths of seconds, cut."""
    for share, word in (("some", "waiting"), ("full", "stalled")):
        node = f"node_pressure_{{resource}}_{word}_seconds_total"
        counter(seen, "pressure", f"{share}_seconds_total", "node", node, slack=0.01)
    cpu = [row["some_seconds_increase"] for row in seen.rows["pressure"] if row["resource"] == "cpu"]
    assert sum(filter(None, cpu)) > 0

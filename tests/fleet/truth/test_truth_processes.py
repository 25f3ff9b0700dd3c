"""Processes, control groups, and what the machine is, beside ps, psutil, pidstat, lscpu, dpkg and the kernel's own files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fleet import references
from tests.fleet.references import said
from tests.fleet.truth.beside import MEBI, Seen, counter, gauge

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

"""From what was measured to medians, the ratios of the budget, JSON and a table. Pure but for asking versions."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

Rounds = Mapping[str, Mapping[str, Sequence[float]]]
"""Contender → measure (`central_ms`, `host_ms` …) → one value a round."""

FULL, SYSTEM = "livedata, all processes", "livedata, system files only"
EXPORTER, WITH_PROCESSES = "node_exporter", "node_exporter --collector.processes"


def summary(rounds: Rounds) -> dict[str, dict[str, dict[str, float]]]:
    """Median, least and most of every measure."""
    return {
        contender: {
            name: {"median": round(median(v), 3), "min": round(min(v), 3), "max": round(max(v), 3)}
            for name, v in measures.items()
            if v
        }
        for contender, measures in rounds.items()
    }


def targets(
    found: Mapping[str, Mapping[str, Mapping[str, float]]], once: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """What the budget wants, beside what came: `value` against `target`, the smaller the better unless `more` is set."""

    def of(contender: str, measure: str) -> float:
        return found[contender][measure]["median"]

    central, host = of(FULL, "central_ms"), of(FULL, "host_ms")
    rows: list[tuple[str, float, float, bool]] = [
        ("central CPU, ms per host and tick, parsed and stored", central, 0.6, False),
        ("bytes a tick on the wire, SSH included, kB", of(FULL, "wire_kb"), 12.0, False),
        ("memory with one host, MB", once["rss_one_host_mb"], 110.0, False),
        (
            f"memory with {once['sessions']:,} hosts, MB (target: at 1,000)",
            once["rss_all_hosts_mb"],
            200.0,
            False,
        ),
        ("set-up, 1,000 hosts: CPU seconds in the collector", once["setup_central_ms"], 60.0, False),
    ]
    peers = {
        n: m["central_ms"]["median"]
        for n, m in found.items()
        if "central_ms" in m and n not in (FULL, SYSTEM)
    }
    if peers:
        best = min(peers, key=lambda n: peers[n])
        rows.append((f"central: times below the best peer ({best})", peers[best] / central, 10.0, True))
    for name, value in peers.items():
        if name.startswith("ansible"):
            rows.append((f"central: times below {name}", value / central, 100.0, True))
    if EXPORTER in found:
        scrape = of(EXPORTER, "host_ms")
        rows.append(("host: tick / node_exporter's default scrape", host / scrape, 0.4, False))
        rows.append(("host: system files / default scrape", of(SYSTEM, "host_ms") / scrape, 0.13, False))
    return [
        {
            "what": what, "value": round(value, 3), "target": target, "more": more,
            "met": value >= target if more else value <= target,
        }
        for what, value, target, more in rows
    ]  # fmt: skip


def environment() -> dict[str, Any]:
    """The machine and the versions, so that numbers can be judged later."""

    def first_line(*command: str) -> str | None:
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
        except OSError:
            return None
        return ((done.stdout or done.stderr).splitlines() or [""])[0].strip() or None

    def version(package: str) -> str | None:
        try:
            return importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            return None

    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.partition(":")[2].strip() for line in file if line.startswith("model name")), "")
    packages = ("livedata", "asyncssh", "cryptography", "pyarrow", "msgspec")
    return {
        "cpu": model, "cores": os.cpu_count(), "kernel": platform.release(), "load": os.getloadavg(),
        "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        "system": platform.freedesktop_os_release().get("PRETTY_NAME"), "python": platform.python_version(),
        "commit": first_line("git", "-C", os.path.dirname(__file__), "rev-parse", "--short", "HEAD"),
        **{p: version(p) for p in packages}, "openssh": first_line("ssh", "-V"),
        "node_exporter": first_line("prometheus-node-exporter", "--version"),
    }  # fmt: skip


def _cell(measures: Mapping[str, Mapping[str, float]], name: str) -> str:
    if name not in measures:
        return ""
    m = measures[name]
    return f"{m['median']:.2f} ({m['min']:.2f} to {m['max']:.2f})"


def table(result: Mapping[str, Any]) -> str:
    """The whole result for a person."""
    env, once = result["environment"], result["once"]
    lines = [
        f"{env['cpu']}, {env['cores']} cores, Linux {env['kernel']}, {env['system']}, Python {env['python']}, "
        f"{env['openssh']}, livedata {env['commit']}, load {env['load'][0]:.1f}",
        f"{once['sessions']} sessions on {once['machines']} machines of about {once['processes']} processes, "
        f"{result['rounds']} rounds, medians (least to most), CPU ms per host and tick",
        "",
        f"{'':42}{'central':>24}{'host':>26}",
    ]
    lines += [
        f"{name:42}{_cell(measures, 'central_ms'):>24}{_cell(measures, 'host_ms'):>26}"
        for name, measures in result["contenders"].items()
    ]
    full, system = result["contenders"][FULL], result["contenders"][SYSTEM]
    lines += [
        "",
        "livedata fetches, parses and stores durably; the peers fetch the same files and drop them; node_exporter runs more "
        "collectors.",
        "",
        f"rows a tick: {full['rows']['median']:.0f}, system files {system['rows']['median']:.0f}; "
        f"text {full['answer_kb']['median']:.1f} and {system['answer_kb']['median']:.1f} kB; "
        f"on the wire {full['wire_kb']['median']:.1f} and {system['wire_kb']['median']:.1f} kB",
        f"set-up a connection (first tick taken off): central {once['setup_central_ms']:.1f} ms, "
        f"host {once['setup_host_ms']:.1f} ms, {once['setup_seconds']:.1f} s for all",
        f"memory: {once['rss_one_host_mb']:.0f} MB with one host, {once['rss_all_hosts_mb']:.0f} MB with all",
        f"sealing what the rounds left into Parquet: {once['seal_central_ms']:.2f} ms a host, once",
        "",
        f"{'budget':76}{'seen':>9}{'target':>10}",
    ]
    for t in result["targets"]:
        sign = "≥" if t["more"] else "≤"
        lines.append(
            f"{t['what']:76}{t['value']:>9.2f}{sign:>4} {t['target']:<6g}{'' if t['met'] else 'MISSED'}"
        )
    lines += [f"\nnot ok: {n} × {what}" for what, n in once["problems"].items()]
    return "\n".join(lines)

"""From what was measured to medians, the ratios of the budget, JSON and a table. Pure but for asking versions."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

Rounds = Mapping[str, Mapping[str, Sequence[float]]]
"""Contender → measure (`central_ms`, `host_ms` …) → one value a round."""

FULL, SYSTEM = "livedata, processes that changed", "livedata, system files only"
WHOLE = "livedata, all processes"
EXPORTER = "node_exporter"
SEAL_SECONDS = 600.0
"""How often livedata seals by itself."""


def summary(rounds: Rounds) -> dict[str, dict[str, dict[str, float]]]:
    """Median, least and most of every measure; livedata first."""
    return {
        contender: {
            name: {"median": round(median(v), 3), "min": round(min(v), 3), "max": round(max(v), 3)}
            for name, v in rounds[contender].items()
        }
        for contender in sorted(rounds, key=lambda name: not name.startswith("livedata"))
    }


@dataclass(frozen=True, slots=True)
class Target:
    """What the budget wants of a number; the smaller the better, unless `more`."""

    what: str
    value: float
    target: float
    more: bool = False

    @property
    def met(self) -> bool:
        return self.value >= self.target if self.more else self.value <= self.target


def targets(
    found: Mapping[str, Mapping[str, Mapping[str, float]]], once: Mapping[str, Any], every: float
) -> list[dict[str, Any]]:
    """What the budget wants, beside what came."""

    def of(contender: str, measure: str) -> float:
        return found[contender][measure]["median"]

    sessions, central, host = once["sessions"], of(FULL, "central_ms"), of(FULL, "host_ms")
    sealing = once["seal_central_ms"] * every / SEAL_SECONDS
    rows = [
        Target(
            "central CPU, ms per host and tick, every process parsed and stored", of(WHOLE, "central_ms"), 0.6
        ),
        Target("the same with rows only of processes that changed", central, 0.35),
        Target("the latter with its share of sealing", central + sealing, 0.35),
        Target("bytes a tick on the wire, SSH included, kB", of(FULL, "wire_kb"), 12.0),
        Target("memory with one host, MB", once["rss_one_host_mb"], 110.0),
        Target(f"memory with {sessions:,} hosts, MB (meant for 1,000)", once["rss_all_hosts_mb"], 200.0),
        Target("memory on a host, sshd, sh and awk, private MB", once["host_private_mb"], 5.0),
        Target("set-up of 1,000 hosts, seconds, at this pace", once["setup_seconds"] * 1000 / sessions, 60.0),
    ]
    peers = {
        n: m["central_ms"]["median"] for n, m in found.items() if "central_ms" in m and "livedata" not in n
    }
    if peers:
        best = min(peers, key=lambda name: peers[name])
        rows.append(Target(f"central: times below the best peer ({best})", peers[best] / central, 10.0, True))
    for name, value in peers.items():
        if name.startswith("ansible"):
            rows.append(Target(f"central: times below {name}", value / central, 100.0, True))
    if EXPORTER in found:
        scrape = of(EXPORTER, "host_ms")
        rows.append(Target("host: tick / node_exporter's default scrape", host / scrape, 0.4))
        rows.append(Target("host: system files / default scrape", of(SYSTEM, "host_ms") / scrape, 0.13))
    return [{**asdict(row), "value": round(row.value, 3), "met": row.met} for row in rows]


def first_line(*command: str) -> str | None:
    """What a command says first, of its version for instance; None where there is no such command."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    except OSError:
        return None
    return ((done.stdout or done.stderr).splitlines() or [""])[0].strip() or None


def machine(*packages: str) -> dict[str, Any]:
    """The machine and the packages' versions, so that numbers can be judged later."""

    def version(package: str) -> str | None:
        try:
            return importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            return None

    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.partition(":")[2].strip() for line in file if line.startswith("model name")), "")
    return {
        "cpu": model, "cores": os.cpu_count(), "kernel": platform.release(), "load": os.getloadavg(),
        "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        "system": platform.freedesktop_os_release().get("PRETTY_NAME"), "python": platform.python_version(),
        "commit": first_line("git", "-C", os.path.dirname(__file__), "rev-parse", "--short", "HEAD"),
        **{p: version(p) for p in packages},
    }  # fmt: skip


def environment() -> dict[str, Any]:
    """The machine and the versions that collecting depends on."""
    return {
        **machine("livedata", "asyncssh", "cryptography", "pyarrow", "msgspec"),
        "openssh": first_line("ssh", "-V"),
        "node_exporter": first_line("prometheus-node-exporter", "--version"),
    }


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
    whole, full, system = (result["contenders"][name] for name in (WHOLE, FULL, SYSTEM))

    def all_three(measure: str) -> str:
        return ", ".join(f"{m[measure]['median']:.1f}" for m in (whole, full, system))

    shipped = [
        (c[0] + 2 * c[1]) / 3
        for m in ("central_ms", "host_ms")
        for c in [(full[m]["median"], system[m]["median"])]
    ]
    lines += [
        "",
        "livedata fetches, parses and stores durably; the peers fetch the same files and drop them; node_exporter",
        "runs more collectors.",
        "",
        f"livedata as it comes, processes at every third tick: central {shipped[0]:.2f}, host {shipped[1]:.2f}",
        f"all processes, changed ones, system files only: {all_three('rows')} rows a tick; "
        f"{all_three('wire_kb')} kB on the wire with SSH's own; {all_three('sent_kb')} kB sent",
        f"set-up of a connection (its first tick taken off): central {once['setup_central_ms']:.1f} ms, "
        f"host {once['setup_host_ms']:.1f} ms; {once['setup_seconds']:.1f} s for all, on the same cores",
        f"sealing what the rounds left into Parquet: {once['seal_central_ms']:.1f} ms a host, once in {SEAL_SECONDS:.0f} s",
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

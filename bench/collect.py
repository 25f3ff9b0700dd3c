#!/usr/bin/env python3
"""What collecting costs, in the collector and on the host, beside what a user would pick instead, in one run.

    python bench/collect.py [--sessions 100] [--rounds 5] [--json FILE]

Run it as root on Linux with OpenSSH's server. All is on loopback, in namespaces, a temporary folder and cgroups of its own;
nothing is left behind. See bench/README.md for what is measured and how.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from collecting.contenders import (
    SCRAPES,
    Driven,
    Peer,
    start_exporters,
    start_livedata,
    start_peers,
)
from collecting.group import Group, NoAccounting, sweep
from collecting.machines import PROCESSES, Machine, prepare, start_machines
from collecting.report import FULL, SYSTEM, environment, summary, table, targets

Measured = dict[str, dict[str, list[float]]]


def options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sessions", type=int, default=100, help="hosts to collect (default 100)")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds (default 5)")
    parser.add_argument(
        "--every", type=float, default=10.0, metavar="SECONDS", help="livedata's cadence (default 10)"
    )
    parser.add_argument(
        "--peers", type=Path, metavar="VENV", help="environment with bench/peers.txt installed"
    )
    parser.add_argument("--all", action="store_true", help="Ansible too: it takes long")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the numbers go")
    return parser.parse_args(argv)


class Bench:
    """One run: what was started, so that it can be ended, and what was measured."""

    def __init__(self, folder: Path, asked: argparse.Namespace) -> None:
        self.folder = folder
        self.asked = asked
        self.groups: list[Group] = []
        self.machines: list[Machine] = []
        self.driven: list[Driven] = []
        self.peers: list[Peer] = []
        self.measured: Measured = defaultdict(lambda: defaultdict(list))
        self.once: dict[str, Any] = {"sessions": asked.sessions}

    def run(self) -> dict[str, Any]:
        asked, once = self.asked, self.once
        prepare(self.folder)
        self.groups.append(Group("hosts"))
        hosts_group = self.groups[0]
        hosts = start_machines(self.folder, hosts_group, asked.sessions, self.machines)
        once["machines"] = len(self.machines)

        one = start_livedata(self.folder, "one", hosts[:1], 1.0, self.groups)
        self.driven.append(one)
        self.connect(one, 1)
        one.tell("run 2")
        once["rss_one_host_mb"] = one.rss_mb()
        one.close()

        livedata = start_livedata(self.folder, "livedata", hosts, asked.every, self.groups)
        self.driven.append(livedata)
        livedata.tell("run 0")  # all is imported when it answers
        central, host = livedata.group.cpu_ms(), hosts_group.cpu_ms()
        ready = self.connect(livedata, len(hosts))
        once |= {
            "setup_central_ms": (livedata.group.cpu_ms() - central) / len(hosts),
            "setup_host_ms": (hosts_group.cpu_ms() - host) / len(hosts),
            "setup_seconds": ready["seconds"], "probes": ready["probes"], "files": ready["files"],
        }  # fmt: skip
        self.peers = start_peers(self.folder, hosts, ready["files"], asked.peers, asked.all, self.groups)
        once["processes"] = max([machine.fill(PROCESSES) for machine in self.machines])
        exporters = start_exporters(self.folder, self.groups, self.machines)
        for machine in self.machines[once["machines"] :]:
            machine.fill(PROCESSES)

        for _ in range(asked.rounds):
            self.livedata_window(FULL, livedata, hosts_group)
            for peer in self.peers:
                self.round_of(peer, peer.group, "central_ms", len(hosts), hosts_group)
            self.livedata_window(SYSTEM, livedata, hosts_group)
            for exporter in exporters:
                self.round_of(exporter, exporter.group, "host_ms", SCRAPES)
        once["rss_all_hosts_mb"] = livedata.rss_mb()
        before = livedata.group.cpu_ms()
        once["problems"] = livedata.tell("seal")["problems"]
        once["seal_central_ms"] = (livedata.group.cpu_ms() - before) / len(hosts)
        return self.result()

    def connect(self, livedata: Driven, hosts: int) -> dict[str, Any]:
        """Connect every host and take its first answers."""
        ready = livedata.tell("setup")
        if ready["reached"] < hosts:
            raise RuntimeError(f"{ready['reached']} of {hosts} hosts were reached: {ready['complaints']}")
        return ready

    def livedata_window(self, name: str, livedata: Driven, hosts: Group) -> None:
        """One period of livedata's: a tick of every host, the flushes and all that goes on beside."""
        sessions = self.asked.sessions
        before = livedata.tell("run 0")
        central, host = livedata.group.cpu_ms(), hosts.cpu_ms()
        after = livedata.tell(f"run {self.asked.every}")
        found = {
            "central_ms": (livedata.group.cpu_ms() - central) / sessions,
            "host_ms": (hosts.cpu_ms() - host) / sessions,
            "rows": (after["rows"] - before["rows"]) / sessions,
            "answer_kb": (after["answer_bytes"] - before["answer_bytes"]) / sessions / 1000,
            "wire_kb": (after["received"] - before["received"]) / sessions / 1000,
            "sent_kb": (after["sent"] - before["sent"]) / sessions / 1000,
        }
        for measure, value in found.items():
            self.measured[name][measure].append(value)

    def round_of(
        self, peer: Peer, group: Group, measure: str, count: int, hosts: Group | None = None
    ) -> None:
        own, host = group.cpu_ms(), hosts.cpu_ms() if hosts else 0.0
        peer.tick()
        self.measured[peer.name][measure].append((group.cpu_ms() - own) / count)
        if hosts:
            self.measured[peer.name]["host_ms"].append((hosts.cpu_ms() - host) / count)

    def result(self) -> dict[str, Any]:
        found = summary(self.measured)
        for side in ("central", "host"):
            self.once[f"setup_{side}_ms"] -= found[FULL][f"{side}_ms"]["median"]
        return {
            "bench": "collect", "rounds": self.asked.rounds, "every": self.asked.every, "environment": environment(),
            "contenders": found, "once": self.once, "targets": targets(found, self.once),
        }  # fmt: skip

    def close(self) -> None:
        for peer in self.peers:
            peer.close()
        for driven in self.driven:
            driven.close()
        for machine in self.machines:
            machine.close()
        for group in self.groups:
            group.end()


def main(argv: Sequence[str]) -> int:
    asked = options(argv)
    if os.geteuid():
        print(
            "bench/collect.py needs root: it makes namespaces, cgroups and an OpenSSH server", file=sys.stderr
        )
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = Path(tempfile.mkdtemp(prefix="livedata-bench-"))
    bench = Bench(folder, asked)
    try:
        sweep()
        result = bench.run()
    except NoAccounting as error:
        print(error, file=sys.stderr)
        return 2
    finally:
        bench.close()
        shutil.rmtree(folder, ignore_errors=True)
    print(table(result))
    if asked.json:
        asked.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

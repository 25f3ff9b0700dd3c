#!/usr/bin/env python3
"""What collecting costs, in the collector and on the host, beside what a user would pick instead, in one run.

    python bench/collect.py [--sessions 100] [--rounds 5] [--json FILE]
    python bench/collect.py --central [--sessions 100]

Run it as root on Linux with OpenSSH's server. All is on loopback, in namespaces, a temporary folder and cgroups of its own;
nothing is left behind. bench/README.md says what is measured and how.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from collecting.central import all_kinds
from collecting.contenders import Driven, Peer, start_livedata
from collecting.exporter import SCRAPES, start_exporters
from collecting.group import Group, NoAccounting, sweep
from collecting.machines import Ground, start_hosts
from collecting.peers import start_peers
from collecting.report import FULL, SYSTEM, WHOLE, environment, summary, table, targets

AWKS = ("mawk", "gawk", "awk", "original-awk", "busybox")
"""What a host's reader may be called."""


def options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    add = parser.add_argument
    add("--sessions", type=int, default=100, help="hosts to collect (default 100)")
    add("--rounds", type=int, default=5, help="interleaved rounds (default 5)")
    add("--every", type=float, default=10.0, metavar="SECONDS", help="livedata's cadence (default 10)")
    add("--peers", type=Path, metavar="VENV", help="an environment with bench/peers.txt installed")
    add("--all", action="store_true", help="Ansible too: it takes long")
    add("--alone", action="store_true", help="no peers, only livedata and node_exporter")
    add(
        "--central",
        action="store_true",
        help="only the collector's own code, by stages: no SSH, no hosts, no root",
    )
    add("--json", type=Path, metavar="FILE", help="where the numbers go")
    return parser.parse_args(argv)


def connect(livedata: Driven, hosts: int) -> dict[str, Any]:
    """Connect every host and take its first tick."""
    ready = livedata.tell("setup")
    if ready["reached"] < hosts:
        raise RuntimeError(f"{ready['reached']} of {hosts} hosts were reached: {ready['complaints']}")
    return ready


class Bench:
    """One run on its ground; `measured` has contender → measure → a value a round, `once` what is measured once."""

    def __init__(self, ground: Ground, asked: argparse.Namespace) -> None:
        self.ground = ground
        self.asked = asked
        self.started: list[Driven | Peer] = []
        self.measured: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        self.once: dict[str, Any] = {"sessions": asked.sessions}

    def run(self) -> dict[str, Any]:
        asked, ground, once = self.asked, self.ground, self.once
        hosts = start_hosts(ground, asked.sessions)
        once["machines"] = len(ground.machines)
        self.one_host()
        livedata = start_livedata(ground, "livedata", ground.hosts, asked.every)
        self.started.append(livedata)
        files = self.set_up(livedata, hosts)
        whole = start_livedata(ground, "whole", ground.hosts, asked.every, whole=True)
        self.started.append(whole)
        connect(whole, asked.sessions)
        peers = [] if asked.alone else start_peers(ground, files, asked.peers, asked.all)
        self.started += peers
        exporters = start_exporters(ground)
        once["processes"] = ground.fill()
        livedata.tell(f"run {2 * asked.every}")  # the processes that were added are news once
        for _ in range(asked.rounds):
            self.window(FULL, livedata, hosts)
            for peer in peers:
                self.round_of(peer, "central_ms", asked.sessions, hosts)
            self.window(SYSTEM, livedata, hosts)
            self.window(WHOLE, whole, hosts)
            for exporter in exporters:
                self.round_of(exporter, "host_ms", SCRAPES)
        once["rss_all_hosts_mb"] = livedata.rss_mb()
        before = livedata.group.cpu_ms()
        once["problems"] = livedata.tell("seal")["problems"] | whole.tell("run 0")["problems"]
        once["seal_central_ms"] = (livedata.group.cpu_ms() - before) / asked.sessions
        found = summary(self.measured)
        for side in ("central", "host"):
            once[f"setup_{side}_ms"] -= found[FULL][f"{side}_ms"]["median"]
        return {
            "bench": "collect", "rounds": asked.rounds, "every": asked.every, "environment": environment(),
            "contenders": found, "once": once, "targets": targets(found, once, asked.every),
        }  # fmt: skip

    def one_host(self) -> None:
        """The memory of a collector of one host."""
        livedata = start_livedata(self.ground, "one", self.ground.hosts[:1], 1.0)
        self.started.append(livedata)
        connect(livedata, 1)
        livedata.tell("run 2")
        self.once["rss_one_host_mb"] = livedata.rss_mb()
        livedata.close()

    def set_up(self, livedata: Driven, hosts: Group) -> list[str]:
        """Connect every host and take its first tick; the files that are read."""
        count = self.asked.sessions
        central, host = livedata.group.cpu_ms(), hosts.cpu_ms()
        memory = hosts.private_mb({"sshd"})
        ready = connect(livedata, count)
        self.once |= {
            "setup_central_ms": (livedata.group.cpu_ms() - central) / count,
            "setup_host_ms": (hosts.cpu_ms() - host) / count,
            "setup_seconds": ready["seconds"],
            "host_private_mb": (hosts.private_mb({"sshd", "sh", "dash", "sleep", *AWKS}) - memory) / count,
            "probes": ready["probes"],
            "files": ready["files"],
        }
        return list(ready["files"])

    def window(self, name: str, livedata: Driven, hosts: Group) -> None:
        """One period of livedata's: a tick of every host, the flushes, and all that goes on beside."""
        before = livedata.tell("run 0")
        central, host = livedata.group.cpu_ms(), hosts.cpu_ms()
        after = livedata.tell(f"run {self.asked.every}")
        sums = {"central_ms": livedata.group.cpu_ms() - central, "host_ms": hosts.cpu_ms() - host}
        sums["rows"] = after["rows"] - before["rows"]
        for measure, key in (("answer_kb", "answer_bytes"), ("wire_kb", "received"), ("sent_kb", "sent")):
            sums[measure] = (after[key] - before[key]) / 1000
        for measure, value in sums.items():
            self.measured[name][measure].append(value / self.asked.sessions)

    def round_of(self, peer: Peer, measure: str, count: int, hosts: Group | None = None) -> None:
        own, host = peer.group.cpu_ms(), hosts.cpu_ms() if hosts else 0.0
        peer.tick()
        self.measured[peer.name][measure].append((peer.group.cpu_ms() - own) / count)
        if hosts:
            self.measured[peer.name]["host_ms"].append((hosts.cpu_ms() - host) / count)

    def close(self) -> None:
        for contender in self.started:
            contender.close()
        self.ground.close()


def main(argv: Sequence[str]) -> int:
    asked = options(argv)
    if asked.central:
        found = {
            "bench": "central",
            "environment": environment(),
            **all_kinds(asked.sessions, 2 * asked.rounds),
        }
        print(text := json.dumps(found, indent=2))
        if asked.json:
            asked.json.write_text(text + "\n", encoding="utf-8")
        return 0
    if os.geteuid():
        print("bench/collect.py needs root: namespaces, cgroups and an OpenSSH server", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    bench = Bench(Ground(Path(tempfile.mkdtemp(prefix="livedata-bench-"))), asked)
    try:
        sweep()
        result = bench.run()
    except NoAccounting as error:
        print(error, file=sys.stderr)
        return 2
    finally:
        bench.close()
    print(table(result))
    if asked.json:
        asked.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""node_exporter, for what a host pays: as it comes and with its processes collector, scraped as Prometheus does."""

from __future__ import annotations

import gzip
import urllib.request

from .contenders import Peer, find
from .machines import UID, Ground, free_port

SCRAPES = 10
"""Scrapes in one round: one alone is too short to be told."""
VARIANTS = {"node_exporter": (), "node_exporter --collector.processes": ("--collector.processes",)}


def start_exporters(ground: Ground) -> list[Peer]:
    """Each on a machine of its own; none where node_exporter is not installed."""
    program = find("prometheus-node-exporter") or find("node_exporter")
    if not program:
        return []
    found: list[Peer] = []
    for name, options in VARIANTS.items():
        group, port = ground.group(f"exporter{len(found)}"), free_port()
        account = ["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups"]
        ground.machine(group, [*account, program, f"--web.listen-address=127.0.0.1:{port}", *options], port)

        def tick(port: int = port) -> None:
            for _ in range(SCRAPES):
                _scrape(port)

        tick()
        found.append(Peer(name, group, tick))
    return found


def _scrape(port: int) -> None:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/metrics", headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        if b"node_cpu_seconds_total" not in gzip.decompress(answer.read()):
            raise RuntimeError("node_exporter gave no metrics")

"""The journal of real hosts: every entry once, whatever ends in the middle; what can't be had any more is told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections import Counter

import pytest

from tests.fleet.host import TestHost, wait_for
from tests.fleet.hosts import Fleet
from tests.fleet.product import Product, next_tick

WORKS = "SELECT count(*) > 0 AS told FROM scrape WHERE probe = 'log' AND outcome = 'ok'"


def told(host: TestHost) -> Counter[tuple[int, str]]:
    """Every entry as the host's own journalctl has it: when, and the message."""
    lines = host.journal("-o", "json", "--all", "--output-fields=MESSAGE").splitlines()
    return Counter((int(e["__REALTIME_TIMESTAMP"]), str(e["MESSAGE"])) for e in map(json.loads, lines))


def kept(product: Product, host: TestHost) -> Counter[tuple[int, str]]:
    rows = product.ask(f"SELECT epoch_us(ts) us, message FROM log WHERE host = '{host.name}'")
    return Counter((r["us"], r["message"]) for r in rows)


def all_there(product: Product, host: TestHost, seconds: float = 30.0) -> None:
    """Wait until as many entries are kept as there are, then compare them one by one."""
    wanted = told(host)
    wait_for(lambda: kept(product, host).total() >= wanted.total(), seconds, 0.5)
    assert kept(product, host) == wanted


def missed(product: Product) -> list[str]:
    rows = product.ask("SELECT detail FROM scrape WHERE probe = 'log' AND outcome = 'missed'")
    return [r["detail"] for r in rows if "journal" in r["detail"]]


def followers(host: TestHost) -> list[str]:
    return [p.command for p in host.processes() if "journalctl" in p.command and "--follow" in p.command]


def test_what_is_logged_while_connected_is_there_at_once(fleet: Fleet, product: Product) -> None:
    host = fleet.make("log-01", "journal")
    product.hosts(fleet.hosts)
    host.log("before")
    with product.watching():
        product.soon(WORKS)
        wait_for(lambda: followers(host))
        for i in range(3):
            at = time.time()
            host.log(f"live {i}")
            seen = f"SELECT count(*) n FROM log WHERE message = 'live {i}'"
            wait_for(lambda seen=seen: product.ask(seen)[0]["n"], 10, 0.1)
            assert time.time() - at < 8  # a poll would take ten
        host.log_all([f"flood {i}" for i in range(5000)])
        host.exec("journalctl --rotate")
        host.log_all([f"after {i}" for i in range(500)])
        all_there(product, host)
        # Journald is started anew, and files go.
        host.exec("kill -9 $(pidof systemd-journald)")
        host.start_journal()
        host.log("a new journald")
        host.exec("journalctl --rotate --vacuum-size=1")
        host.log("after vacuuming")
        for message in ("a new journald", "after vacuuming"):
            wait_for(lambda m=message: m in {m for _, m in kept(product, host)}, 20, 0.5)
    assert max(kept(product, host).values()) == 1
    assert missed(product) == []
    # Nothing of it outlives the connection.
    wait_for(lambda: not followers(host), 30)

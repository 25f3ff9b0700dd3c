"""The reader of a real host: it comes and goes with the session, what it says agrees with ps, and without it all goes on."""

from __future__ import annotations

import signal
import time

import pytest

from tests.fleet.host import TestHost, wait_for
from tests.fleet.hosts import Fleet
from tests.fleet.product import Product

EVERY_SECOND = "[defaults.probes.process]\nevery = 1\n"
SAMPLES = (
    "SELECT count(*) FILTER (NOT whole AND outcome = 'ok') > 2 AS enough FROM scrape WHERE probe = 'process'"
)


def readers(host: TestHost) -> list[int]:
    return [
        p.pid for p in host.processes() if "livedata" in p.command.lower() and "awk" in p.command.split()[0]
    ]


def sleeper(host: TestHost) -> int:
    """Start a process there; its pid."""
    host.exec("sleep 987 >/dev/null 2>&1 &")
    pid: int = wait_for(lambda: next((p.pid for p in host.processes() if p.command == "sleep 987"), 0))
    return pid


@pytest.mark.parametrize(("kind", "number"), [("dash", signal.SIGTERM), ("busybox", signal.SIGKILL)])
def test_it_says_what_ps_says_and_ends_with_the_session(
    fleet: Fleet, product: Product, kind: str, number: signal.Signals
) -> None:
    host = fleet.make("web-01", kind)
    product.hosts(fleet.hosts, EVERY_SECOND)
    before = {process.pid for process in host.processes()}
    with product.watching() as watch:
        product.soon(SAMPLES, 60)
        assert len(readers(host)) == 1
        slept = sleeper(host)
        product.soon(f"SELECT count(*) > 0 AS seen FROM process WHERE pid = {slept}", 60)
        row = product.ask(
            f"SELECT DISTINCT ppid, threads, start_seconds::DOUBLE AS start FROM process WHERE pid = {slept}"
        )
        stat = host.exec(f"cat /proc/{slept}/stat").rpartition(") ")[2].split()
        assert row == [{"ppid": int(stat[1]), "threads": int(stat[17]), "start": int(stat[19]) / 100}]
        sizes = product.ask(
            "SELECT whole, avg(bytes)::BIGINT AS bytes FROM scrape WHERE probe = 'process' GROUP BY whole ORDER BY whole"
        )
        assert sizes[0]["bytes"] < sizes[1]["bytes"]
        cost = product.ask("SELECT min(remote_cpu_ms) >= 0 AS sane FROM scrape WHERE probe = 'process'")
        assert cost == [{"sane": True}]
        host.exec(f"kill {slept}")
        product.soon(
            f"SELECT count(*) > 0 AS gone FROM process_info WHERE pid = {slept} AND ended IS NOT NULL", 60
        )
        watch.send_signal(number)
        watch.wait(10)
    wait_for(lambda: {process.pid for process in host.processes()} <= before)


def test_where_it_is_killed_the_shell_reads_by_itself(fleet: Fleet, product: Product) -> None:
    host = fleet.make("web-01")
    product.hosts(fleet.hosts, EVERY_SECOND)
    with product.watching():
        product.soon(SAMPLES, 60)
        (reader,) = readers(host)
        killed = time.time()
        host.exec(f"kill -9 {reader}")
        product.soon(
            "SELECT count(*) FILTER (NOT whole AND outcome = 'ok') > 2 AS enough FROM scrape"
            f" WHERE probe = 'process' AND epoch(ts) > {killed + 2}",
            60,
        )
        assert readers(host) == []
        failed = product.ask(
            f"SELECT count(*) AS n FROM scrape WHERE probe = 'process' AND outcome <> 'ok' AND epoch(ts) > {killed - 2}"
        )
        assert failed[0]["n"] <= 2
        product.soon(f"SELECT count(*) > 0 AS seen FROM process WHERE pid = {sleeper(host)}", 60)

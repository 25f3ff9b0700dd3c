"""The journal of real hosts: every entry once, whatever ends in the middle; what can't be had any more is told."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections import Counter

import pytest

from livedata.probe.load import load_probes
from tests.fleet import journal
from tests.fleet.host import TestHost, wait_for
from tests.fleet.hosts import Fleet
from tests.fleet.link import link_to
from tests.fleet.product import Product

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
    return [
        p.command for p in host.processes() if p.command.startswith("journalctl") and "--follow" in p.command
    ]


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


def often(product: Product, host: TestHost) -> None:
    """Have the journal asked for by each pull, and nothing else."""
    others = "".join(
        f"[hosts.{host.name}.probes.{name}]\nenabled = false\n" for name in load_probes() if name != "log"
    )
    product.hosts([], f'{others}[hosts.{host.name}.probes.log]\nevery = "1s"\n')


def pull(product: Product, backfill: str) -> None:
    time.sleep(1.1)
    product.run("fleet", "snapshot", "--backfill", backfill)


def killed(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


def seen_reading_back(host: TestHost, answers: int, seconds: float = 8) -> bool:
    """Wait until the host is at so many answers that go backwards; False where it has no more to give."""
    seen: set[int] = set()
    end = time.monotonic() + seconds
    while len(seen) < answers and time.monotonic() < end:
        seen |= {
            p.pid for p in host.processes() if p.command.startswith("journalctl") and "--reverse" in p.command
        }
        time.sleep(0.02)
    return len(seen) == answers


def read_back_in_spite_of_all(product: Product, host: TestHost, entries: int, kills: tuple[int, ...]) -> None:
    """Read a journal back, from one kill -9 of livedata, or of the server's sessions, to the next: in the middle of such an answer."""
    batches = [[f"old {i} of {n}" for i in range(1000)] for n in range(entries // 1000)]
    for n, batch in enumerate(batches):
        host.log_all(batch)
        if n == len(batches) // 2:
            host.exec("journalctl --sync --rotate")
    lives = 0
    for answers in kills:
        with product.watching() as watching:
            if not seen_reading_back(host, answers):
                break
            if lives % 2:
                host.kick()
                seen_reading_back(host, 1)
            host.log(f"meanwhile {lives}")
            killed(watching)
        lives += 1
    assert lives > 1
    with product.watching():
        all_there(product, host)
    assert missed(product) == []


def test_reading_back_goes_on_where_it_was_killed(fleet: Fleet, product: Product) -> None:
    host = fleet.make("log-02", "journal")
    product.hosts(fleet.hosts)
    read_back_in_spite_of_all(product, host, 20_000, (1, 2, 2))
    # And what was kept before a boot is not asked for again after it.
    host.reboot()
    host.log("after the boot")
    with product.watching():
        all_there(product, host)


@pytest.mark.slow
def test_reading_back_a_large_journal_in_spite_of_all(fleet: Fleet, product: Product) -> None:
    host = fleet.make("log-03", "journal")
    product.hosts(fleet.hosts)
    read_back_in_spite_of_all(product, host, 120_000, (1, 2, 1, 3, 2, 4, 5))


LOST = "SELECT count(*) n FROM scrape WHERE probe = 'connect' AND outcome <> 'ok'"


@pytest.mark.parametrize("how", ["cut", pytest.param("frozen", marks=pytest.mark.slow)])
def test_a_link_that_is_cut_and_a_host_that_stands_still_lose_nothing(
    fleet: Fleet, product: Product, how: str
) -> None:
    """While it is read back, and while it is followed: long enough that the session is given up."""
    host = fleet.make("log-08", "journal")
    product.hosts(fleet.hosts)
    host.log_all([f"old {i}" for i in range(15_000)])
    with link_to(fleet, host) as link, product.watching():
        begin, end = (link.cut, link.mend) if how == "cut" else (host.freeze, host.thaw)
        assert seen_reading_back(host, 1, 30)
        for lost in (1, 2):
            begin()
            if how == "cut":
                host.log_all([f"without a link {lost}.{i}" for i in range(100)])
            wait_for(lambda n=lost: product.ask(LOST)[0]["n"] >= n, 40, 0.5)
            end()
            host.log(f"again {lost}")
            all_there(product, host, 60)
            # The follower that nobody heard any more is gone, another one is there.
            wait_for(lambda: len(followers(host)) == 1, 60, 0.5)
    assert missed(product) == []


def test_a_pull_reads_back_and_the_next_goes_on(fleet: Fleet, product: Product) -> None:
    host = fleet.make("log-04", "journal")
    often(product, host)
    host.log_all([f"old {i}" for i in range(9_000)])
    host.journal("-n1")
    pull(product, "none")
    assert 1_000 < kept(product, host).total() < 3_000
    pull(product, "all")
    assert kept(product, host) == told(host)
    (row,) = product.ask("SELECT strftime(min(ts), '%Y-%m-%dT%H:%M:%SZ') AS first FROM log")
    assert row["first"] in product.run("fleet", "status", "--format", "csv").stdout
    said = product.run("fleet", "snapshot", "--backfill", "3 days", code=2).stderr
    assert "for example: 24h, 30d" in said


def test_what_was_vacuumed_before_it_was_read_is_told(fleet: Fleet, product: Product) -> None:
    host = fleet.make("log-05", "journal")
    often(product, host)
    host.log_all([f"first {i}" for i in range(3_000)])
    host.journal("-n1")
    pull(product, "none")
    first = kept(product, host)
    host.log_all([f"lost {i}" for i in range(500)])
    everything = told(host)
    host.exec("journalctl --rotate --vacuum-size=1")
    host.log("left")
    left = told(host)
    lost = everything - first - left
    older = min(us for us, _ in first)
    pull(product, "all")
    assert kept(product, host) == first + left
    between = sum(count for (us, _), count in lost.items() if us > older)
    told_of = missed(product)
    assert len(told_of) == 2
    assert any(f"up to {between:,}" in detail for detail in told_of), (between, told_of)
    # It is told once.
    pull(product, "all")
    assert missed(product) == told_of


def test_a_host_that_grants_one_channel_is_polled(fleet: Fleet, product: Product) -> None:
    host = fleet.make("log-06", "maxsessions", journal="ok")
    product.hosts(fleet.hosts, '[hosts.log-06.probes.log]\nevery = "2s"\n')
    host.log("before")
    with product.watching():
        product.soon(WORKS)
        product.soon("SELECT count(DISTINCT ts) > 1 AS goes_on FROM cpu")
        host.log("meanwhile")
        all_there(product, host)
        assert followers(host) == []


DAY_US = 86_400_000_000


def of_long_ago(boots: int, entries: int, days: int, name: str) -> list[dict[str, str]]:
    """Entries of some days before now, of several boots; in each the uptime begins anew, and some have the same time."""
    start = int(time.time() * 1e6) - days * DAY_US
    return [
        {
            "__REALTIME_TIMESTAMP": str(start + i // 3 * 50_000),
            "__MONOTONIC_TIMESTAMP": str(5_000_000 + i % (entries // boots) * 1_000),
            "_BOOT_ID": f"{name}{i * boots // entries:031x}",
            "PRIORITY": "6",
            "MESSAGE": f"{name} {i}",
        }
        for i in range(entries)
    ]


@pytest.mark.slow
def test_how_far_back_is_as_far_as_was_asked(fleet: Fleet, product: Product) -> None:
    """Two files of other boots, in sequences and over days that overlap, beside what journald writes."""
    host = fleet.make("log-07", "journal")
    often(product, host)
    for name, boots, days in (("a", 3, 6), ("b", 2, 6)):
        journal.write(host.root, f"{name}.journal", of_long_ago(boots, 30_000, days, name))
    host.log_all([f"new {i}" for i in range(3_000)])
    host.journal("-n1")
    pull(product, "24h")
    known = kept(product, host).total()
    assert 3_000 < known < 15_000
    with product.watching("fleet", "watch", "--backfill", "30d") as watching:
        wait_for(lambda: kept(product, host).total() > known, 30, 0.2)
        killed(watching)
    assert kept(product, host).total() < 63_000
    pull(product, "30d")
    assert kept(product, host) == told(host)
    assert missed(product) == []

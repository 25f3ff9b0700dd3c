"""A bad network and bad hosts: what is said of each, and that no other host loses a tick by it."""

from __future__ import annotations

import signal
import time
from itertools import pairwise

import pytest

from tests.fleet.hosts import Fleet, wait_for
from tests.fleet.product import Product


def ticks(product: Product, host: str, since: float, until: float) -> list[int]:
    """The seconds between a host's samples of `cpu`."""
    rows = product.ask(
        f"SELECT DISTINCT epoch(ts)::BIGINT AS s FROM cpu WHERE host = '{host}' AND epoch(ts) BETWEEN {since} AND {until} ORDER BY s"
    )
    stamps = [row["s"] for row in rows]
    return [later - earlier for earlier, later in pairwise(stamps)]


def state(product: Product, host: str) -> str:
    """The line of `fleet status` about a host, as JSON."""
    rows = product.run("fleet", "status", "--format", "jsonl").stdout.splitlines()
    found = [line for line in rows if f'"{host}"' in line]
    assert found, rows
    return found[0]


def test_ipv6_and_few_at_a_time(fleet: Fleet, product: Product) -> None:
    """IPv6 is a way like any other, and a server that lets in three at a time lets in all in the end."""
    six = fleet.make("six-01", sshd=("ListenAddress [::1]:2299",))
    with fleet.known_hosts.open("a") as file:
        file.write(f"[::1]:2299 {six.public_key}")
    narrow = fleet.make("narrow-01", sshd=("MaxStartups 3",))
    names = [f"behind-{n}" for n in range(12)]
    behind = "".join(
        f"Host {name}\n  HostName {narrow.address}\n  Port {narrow.port}\n  User mon\n  IdentityFile {fleet.key}\n"
        f"  UserKnownHostsFile {fleet.known_hosts}\n"
        for name in names
    )
    text = f"Host six-02\n  HostName ::1\n  Port 2299\n  User mon\n  IdentityFile {fleet.key}\n  UserKnownHostsFile {fleet.known_hosts}\n"
    fleet.config.write_text(behind + text + fleet.config.read_text())
    product.hosts(["six-02", *names])
    with product.watching():
        product.soon("SELECT count(DISTINCT host) = 13 AS every_one FROM cpu", 60)
    assert product.ask("SELECT DISTINCT outcome FROM scrape WHERE host = 'six-02' AND probe = 'connect'") == [
        {"outcome": "ok"}
    ]


def test_a_full_disk_on_the_host_is_no_trouble(fleet: Fleet, product: Product) -> None:
    host = fleet.make("full-01")
    host.exec("mount -t tmpfs -o size=64k tmpfs /tmp && cat /dev/zero >/tmp/ballast 2>/dev/null; true")
    product.hosts(fleet.hosts)
    product.run("fleet", "snapshot")
    outcomes = {found[0] for found in product.outcomes().values()}
    assert "ok" in outcomes
    assert not outcomes & {"failed", "timeout", "malformed", "truncated"}


@pytest.mark.slow
def test_a_process_that_was_stopped_goes_on_without_a_burst(fleet: Fleet, product: Product) -> None:
    """A minute without us, as of a lid that closes: one gap, and each host is asked again within 30 seconds."""
    for name in ("web-01", "db-01"):
        fleet.make(name)
    product.hosts(fleet.hosts)
    with product.watching() as watch:
        product.soon("SELECT count(DISTINCT host) = 2 AS both FROM cpu")
        began = time.time()
        watch.send_signal(signal.SIGSTOP)
        time.sleep(60)
        watch.send_signal(signal.SIGCONT)
        woke = time.time()
        for name in fleet.hosts:
            product.soon(
                f"SELECT count(*) > 1 AS again FROM cpu WHERE host = '{name}' AND epoch(ts) >= {woke - 10}",
                30,
            )
    for name in fleet.hosts:
        gaps = ticks(product, name, began - 20, woke + 30)
        assert [gap for gap in gaps if gap > 10] == [max(gaps)]
        assert all(gap >= 10 for gap in gaps)
    missed = product.ask(
        "SELECT count(*) AS n FROM scrape WHERE probe = 'cpu' AND outcome = 'missed' GROUP BY host"
    )
    assert missed == [{"n": 1}, {"n": 1}]


@pytest.mark.slow
def test_servers_that_die_and_change_cost_the_others_nothing(fleet: Fleet, product: Product) -> None:
    killed, changed, good = fleet.make("killed-01"), fleet.make("changed-01"), fleet.make("good-01")
    product.hosts(fleet.hosts)
    with product.watching():
        product.soon("SELECT count(DISTINCT host) = 3 AS all_three FROM cpu")
        began = time.time()
        killed.stop()
        changed.rekey()
        wait_for(lambda: "refused" in state(product, "killed-01"), 60, 1)
        wait_for(lambda: '"hostkey_changed"' in state(product, "changed-01"), 60, 1)
        killed.start()
        product.soon(
            f"SELECT count(*) > 0 AS back FROM cpu WHERE host = 'killed-01' AND epoch(ts) > {time.time()}", 75
        )
        ended = time.time()
    assert set(ticks(product, "good-01", began, ended)) == {10}
    logins = good.exec("cat /var/log/sshd.log").count("Accepted publickey")
    assert logins == 1


@pytest.mark.slow
def test_a_shell_ends_within_a_minute_of_its_link(fleet: Fleet, product: Product) -> None:
    """The client is stopped, and so as silent as one behind a link that was cut."""
    host = fleet.make("web-01", "journal")
    product.hosts(fleet.hosts)

    def shells() -> list[str]:
        return [
            p.command
            for p in host.processes()
            if "livedata-" in p.command or p.command.startswith(("sleep 25", "journalctl"))
        ]

    with product.watching() as watch:
        product.soon("SELECT count(*) > 0 AS there FROM cpu")
        wait_for(shells)
        watch.send_signal(signal.SIGSTOP)
        try:
            wait_for(lambda: not shells(), 60, 1)
        finally:
            watch.send_signal(signal.SIGCONT)


def test_the_ways_to_fail_have_a_word_each(fleet: Fleet, product: Product) -> None:
    """What `fleet status` says where nothing is watched any more."""
    fleet.make("refused-01", "refused")
    fleet.make("noauth-01", "noauth")
    fleet.make("changed-01").rekey()
    with fleet.config.open("a") as config:
        config.write("Host nowhere-01\n  HostName no-such-host.invalid\n")
    product.hosts([*fleet.hosts, "nowhere-01"])
    product.run("fleet", "snapshot", code=3)
    for name, word in {
        "refused-01": "unreachable", "noauth-01": "auth_failed", "changed-01": "hostkey_changed", "nowhere-01": "unresolved",
    }.items():  # fmt: skip
        assert f'"{word}"' in state(product, name), name

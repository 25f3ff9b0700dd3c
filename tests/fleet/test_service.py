"""A watch as a service: hosts come and go without touching the others' sessions, its manager hears, its words are JSON."""

from __future__ import annotations

import json
import signal
import socket
import threading
from pathlib import Path

from livedata.inventory.shard import shard_of
from tests.fleet.hosts import Fleet, TestHost, wait_for
from tests.fleet.product import Product


def sessions(host: TestHost) -> int:
    return host.exec("cat /var/log/sshd.log").count("Accepted publickey")


def test_hosts_come_and_go_live(fleet: Fleet, product: Product, tmp_path: Path) -> None:
    stays, goes, comes = fleet.make("stays-01"), fleet.make("goes-01"), fleet.make("comes-01")
    product.hosts(["stays-01", "goes-01"])
    address = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(address))
        product.env |= {"NOTIFY_SOCKET": str(address), "WATCHDOG_USEC": "1000000"}
        heard: list[str] = []

        def listen() -> None:
            while text := manager.recv(1000).decode():
                heard.extend(text.splitlines())

        def hear(wanted: str) -> None:
            wait_for(lambda: wanted in heard)

        listening = threading.Thread(target=listen)
        listening.start()

        with product.watching("fleet", "watch", "--log", "json") as watch:
            hear("READY=1")
            hear("WATCHDOG=1")
            product.soon("SELECT count(DISTINCT host) = 2 AS both FROM cpu")
            # A changed file is noticed; one that can't be read changes nothing.
            product.inventory.write_text("[hosts.stays-01]\nnonsense = 1\n")
            hear("RELOADING=1")
            wait_for(lambda: heard.count("READY=1") == 2)
            product.hosts(["stays-01", "comes-01"])
            product.soon("SELECT count(*) > 0 AS came FROM cpu WHERE host = 'comes-01'")
            wait_for(lambda: not [p for p in goes.processes() if "sshd: mon" in p.command])
            heard.clear()
            watch.send_signal(signal.SIGHUP)
            hear("RELOADING=1")
            hear("READY=1")
            watch.send_signal(signal.SIGTERM)
            _, said = watch.communicate(timeout=20)
            hear("STOPPING=1")
        manager.shutdown(socket.SHUT_RD)
        listening.join()
    assert watch.returncode == 0
    assert [sessions(host) for host in (stays, goes, comes)] == [1, 1, 1]
    lines = [json.loads(line) for line in said.splitlines()]
    assert all({"time", "level", "message"} <= line.keys() for line in lines)
    assert {line["host"] for line in lines if line.get("outcome") == "ok"} == {
        "stays-01",
        "goes-01",
        "comes-01",
    }
    told = [line["message"] for line in lines]
    assert [text for text in told if "watched as before" in text and "nonsense" in text]
    assert [text for text in told if "2 hosts, 1 new or changed, 1 gone" in text]
    assert [text for text in told if "2 hosts, 0 new or changed, 0 gone" in text]


def test_shards_share_the_hosts_out(fleet: Fleet, product: Product) -> None:
    for name in ("web-01", "web-02", "edge-01"):
        fleet.make(name)
    assert {shard_of(name, 2) for name in fleet.hosts} == {1, 2}
    product.hosts(fleet.hosts)
    stores = [str(product.home / f"store-{n}") for n in (1, 2)]
    for n, store in enumerate(stores, 1):
        product.run("fleet", "snapshot", "--shard", f"{n}/2", "--store", store)
    both = [word for store in stores for word in ("--store", store)]
    asked = product.run(
        "fleet",
        "query",
        "SELECT host, count(*) AS n FROM cpu GROUP BY host ORDER BY host",
        "--format",
        "json",
        *both,
    )
    assert json.loads(asked.stdout) == [{"host": name, "n": 1} for name in ("edge-01", "web-01", "web-02")]
    for store in stores:
        alone = product.run(
            "fleet",
            "query",
            "SELECT count(DISTINCT host) AS n FROM cpu",
            "--format",
            "json",
            "--store",
            store,
        )
        assert 0 < json.loads(alone.stdout)[0]["n"] < 3
    assert "--shard can't be" in product.run("fleet", "snapshot", "--shard", "3/2", code=2).stderr

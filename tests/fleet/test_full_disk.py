"""A disk that fills up under a collector: said, survived, caught up; no log entry is lost and no sample's loss is hidden."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.fleet.hosts import Fleet, wait_for
from tests.fleet.product import Product

MOUNT = 'mount -t tmpfs -o size=3m tmpfs "$1" && echo mounted && exec sleep 1000'


@contextmanager
def small_disk(product: Product) -> Iterator[None]:
    """The product's store on a file system of 3 MB, in a mount namespace of its own."""
    product.store.mkdir()
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", MOUNT, "sh", str(product.store)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "mounted\n"
            product.within = [
                "nsenter",
                "--preserve-credentials",
                "--user",
                "--mount",
                "--target",
                str(holder.pid),
            ]
            yield
        finally:
            holder.kill()


def within(product: Product, *command: str) -> None:
    subprocess.run([*product.within, *command], check=True)


def test_a_full_disk_stops_nothing_for_good(fleet: Fleet, product: Product) -> None:
    host = fleet.make("web-01", "journal")
    product.hosts(fleet.hosts, "[defaults.probes]\ncpu.every = 1\nlog.every = 1\n")
    said: list[str] = []
    with small_disk(product), product.watching() as watch:
        assert watch.stderr is not None
        reader = threading.Thread(target=lambda: said.extend(watch.stderr or ()), daemon=True)
        reader.start()
        product.soon("SELECT count(*) > 3 AS some FROM cpu")
        ballast = str(product.store / "lost+found")
        within(product, "sh", "-c", f'cat /dev/zero > "{ballast}" 2>/dev/null || true')
        wait_for(lambda: any("rows wait in memory" in line for line in said), 20)
        begun = time.time()
        for n in range(20):
            host.log(f"while full {n}")
        time.sleep(5)
        freed = time.time()
        seen = product.ask("SELECT count(*) n, max(ts) last FROM cpu")[0]
        within(product, "rm", ballast)
        wait_for(lambda: any("takes rows again" in line for line in said), 20)
        product.soon("SELECT count(*) = 20 AS \"all\" FROM log WHERE message LIKE 'while full %'")
        watch.terminate()
        watch.wait()
        after = product.ask(
            f"SELECT count(*) n, count(DISTINCT ts) ticks FROM cpu WHERE epoch(ts) BETWEEN {begun} AND {freed}"
        )[0]
        logged = product.ask(
            "SELECT count(*) n, count(DISTINCT message) d FROM log WHERE message LIKE 'while full %'"
        )
    assert seen["n"] > 0, "what was in the store can be asked while the disk is full"
    assert logged == [{"n": 20, "d": 20}]
    assert after["n"] == after["ticks"] >= 2, "the samples of the time between waited in memory"

"""`fleet tail` over real hosts: what they log is shown as it comes, in order of time, with a collector and without one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest

from tests.fleet.host import TestHost, wait_for
from tests.fleet.hosts import Fleet
from tests.fleet.product import LIVEDATA, Product

WORKS = "SELECT count(*) > 0 AS told FROM scrape WHERE probe = 'log' AND outcome = 'ok'"


class Tail:
    """What a running `fleet tail` has shown."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.entries: list[dict[str, Any]] = []
        self.errors = ""
        self._threads = [threading.Thread(target=self._read), threading.Thread(target=self._complaints)]
        for thread in self._threads:
            thread.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.entries.append(json.loads(line))

    def _complaints(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            self.errors += line

    def end(self) -> None:
        self.process.kill()
        for thread in self._threads:
            thread.join()
        for pipe in (self.process.stdout, self.process.stderr):
            assert pipe
            pipe.close()
        self.process.wait()

    def messages(self) -> list[str]:
        return [e["message"] for e in list(self.entries)]

    def shows(self, *messages: str) -> None:
        wait_for(lambda: set(messages) <= set(self.messages()), 20, 0.1)


@contextmanager
def tailing(product: Product, *arguments: str) -> Iterator[Tail]:
    command = [*LIVEDATA, "fleet", "tail", "--format", "jsonl", *arguments]
    process = subprocess.Popen(
        command, env=product.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=product.home
    )
    tail = Tail(process)
    try:
        yield tail
    finally:
        tail.end()


def two(fleet: Fleet, product: Product) -> tuple[TestHost, TestHost]:
    hosts = fleet.make("web-01", "journal"), fleet.make("db-01", "journal")
    product.hosts(fleet.hosts)
    return hosts


def test_what_a_collector_stores_is_shown_once_and_in_order(fleet: Fleet, product: Product) -> None:
    web, db = two(fleet, product)
    web.log("long before the burst")
    with product.watching() as watching:
        product.soon("SELECT count(*) > 0 AS there FROM log WHERE message LIKE 'long before%'")
        with tailing(product) as tail, tailing(product, "burst", "--host", "web-*") as one:
            for each in (tail, one):
                each.shows("long before the burst")  # one of the last ten
            for i in range(5):
                (web, db)[i % 2].log(f"live {i}")
            web.log_all([f"burst {i}" for i in range(200)])
            tail.shows("live 4", "burst 199")
            one.shows("burst 199")
            assert one.messages() == ["long before the burst", *(f"burst {i}" for i in range(200))]
            assert {e["host"] for e in one.entries} == {"web-01"}
            seen = tail.messages()
            assert len({m for m in seen if m.startswith(("live", "burst"))}) == 205
            assert len([m for m in seen if m.startswith(("live", "burst"))]) == 205
            assert [m for m in seen if m.startswith("burst")] == [f"burst {i}" for i in range(200)]
            # The collector goes, and comes back: what it stores then is shown as well.
            watching.kill()
            watching.wait()
            wait_for(lambda: "no collector runs" in tail.errors, 20)
            web.log("while nobody collected")
            with product.watching():
                tail.shows("while nobody collected")
    known = product.ask("SELECT count(*) n FROM log WHERE message LIKE 'burst%'")[0]["n"]
    assert known == 200


def test_without_a_collector_the_hosts_are_asked_and_nothing_is_kept(fleet: Fleet, product: Product) -> None:
    web, db = two(fleet, product)
    web.log("before it began")
    many = [f"old {i}" for i in range(6_000)]  # more than one answer, so they are read back
    web.log_all(many)
    with tailing(product, "--since", "1h") as tail:
        tail.shows("before it began", many[-1])
        assert [m for m in tail.messages() if m.startswith("old")] == many
        assert "keeping nothing" in tail.errors
        web.log("from web")
        db.log("from db")
        tail.shows("from web", "from db")
        stamps = [e["ts"] for e in tail.entries if e["message"].startswith("from")]
        assert stamps == sorted(stamps)
        assert tail.messages().count("before it began") == 1
    assert not product.store.exists()


def test_what_a_host_does_not_show_is_told(fleet: Fleet, product: Product) -> None:
    fleet.make("web-01", "journal_denied")
    product.hosts(fleet.hosts)
    with tailing(product) as tail:
        wait_for(lambda: "usermod -aG systemd-journal mon" in tail.errors, 20)


@pytest.mark.parametrize("collected", [False, True])
def test_an_interrupt_ends_it_quietly(fleet: Fleet, product: Product, collected: bool) -> None:
    web, _ = two(fleet, product)
    with product.watching() if collected else nullcontext():
        if collected:
            product.soon(WORKS)
        with tailing(product) as tail:
            web.log("seen")
            tail.shows("seen")
            os.kill(tail.process.pid, signal.SIGINT)
            assert tail.process.wait(20) == 130
        assert "Traceback" not in tail.errors


def test_a_wrong_host_or_format_is_told(fleet: Fleet, product: Product) -> None:
    two(fleet, product)
    assert "nowhere" in product.run("fleet", "tail", "--host", "nowhere", code=2).stderr
    with product.watching():
        product.soon(WORKS)
        assert (
            "has no rows of a host 'nowhere'"
            in product.run("fleet", "tail", "--host", "nowhere", code=2).stderr
        )
    assert "formats: lines, jsonl" in product.run("fleet", "tail", "--format", "xml", code=2).stderr

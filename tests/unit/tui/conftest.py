"""A store of a quarter of an hour: five hosts that are as hosts are, one that goes, and one that says what it should not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from livedata.model.batch import Batch

from .made import MINUTE, START, TICK, batch, fill, gone, log, processes, sample

END = START + 15 * MINUTE
EVIL = "\x1b[2J\x1b[1;1H[bold red]web-02[/] \x9b31m\nforged ● ok \u202etxt"


def _units(host: str, ts: int) -> Batch:
    return batch("unit", host, ts, [
        {"unit": "nginx.service", "state": "active", "sub_state": "running", "result": "success"},
        {"unit": "backup.service", "state": "failed", "sub_state": "failed", "result": "exit-code"},
    ])  # fmt: skip


def ticks() -> list[list[Batch]]:
    made = []
    for number in range(90):
        ts = START + number * TICK
        tick: list[Batch] = []
        tick += sample("web-01", ts, busy=20.0, full=50.0)
        tick += sample("web-02", ts, busy=95.0 if number >= 48 else 30.0, memory=91.0)
        tick += sample("db-01", ts, busy=5.0, pressure=60.0, full=95.0, mount="/var/lib")
        tick += sample("evil-01", ts, busy=1.0, full=10.0, mount=EVIL)
        tick += (
            sample("edge-01", ts, busy=50.0)
            if number < 60
            else gone("edge-01", ts)
            if number % 3 == 0
            else []
        )
        if number % 3 == 0:
            tick += processes("web-01", ts, [(1, "/sbin/init", 0.1), (812, "nginx: worker process", 44.0)])
            tick += processes("evil-01", ts, [(66, EVIL, 3.0)])
        if number % 12 == 0:
            tick.append(_units("web-01", ts))
        if number == 80:
            tick += [
                log("web-01", ts, "upstream timed out", 3),
                log("web-01", ts, "GET / 200"),
                log("evil-01", ts, EVIL, 3),
            ]
        made.append(tick)
    return made


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The clock on the wall, wherever this runs."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tui") / "store"
    fill(root, ticks())
    return root


@pytest.fixture
def now() -> int:
    """The time of the last tick, and a moment more."""
    return END - TICK + 1_000_000

"""A small real store: two days, two hosts, counters, texts, events; and how to ask it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from livedata.model.batch import Batch
from livedata.model.probe import Column, Probe
from livedata.query.engine import Pool, store_source, stream
from livedata.store.writer import Writer
from livedata.transfer.pieces import Ask

from .samples import START

STEP = 1_800_000_000
TICKS = 60
"""Half-hours: 2026-11-20T03:00 to 2026-11-21T08:30."""
DISK = Probe(
    "disk",
    "What disks did.",
    (
        Column("device", 1, "str", "label", 'Its "name"'),
        Column("reads_total", 2, "u64", "counter", "Reads"),
        Column("busy_seconds_total", 3, "d2", "counter", "Busy"),
        Column("queue", 4, "f64", "gauge", "Waiting"),
        Column("removable", 5, "bool", "gauge"),
        Column("attached", 6, "ts", "time", "Since when"),
        Column("model", 7, "str", "text", "Its model"),
    ),
)
LOG = Probe(
    "log",
    "Log entries.",
    (
        Column("ts", 1, "ts", "time"),
        Column("message", 2, "str", "text"),
        Column("fields", 3, "map", "text"),
    ),
)
DEVICES = ('s"d\\a', "sdb\n")


def disk_batch(host: str, tick: int) -> Batch:
    grown = (100, 25) if tick else (None, None)
    rows = [
        (device, 2**53 + 100 * tick, 25 * tick, 0.5 if tick else None, n == 0, START, "WDC", *grown)
        for n, device in enumerate(DEVICES)
    ]
    return Batch(DISK, host, START + tick * STEP, rows, "boot", 3, 10_000 if tick else None)


def log_batch(host: str, tick: int) -> Batch:
    row = (START + tick * STEP + 7, f'tick {tick}, "quoted"\n', [("unit", "ssh")])
    return Batch(LOG, host, START + tick * STEP, [row], "boot")


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Most rows are in Parquet, the last of them fresh."""
    root = tmp_path_factory.mktemp("transfer") / "store"
    with Writer.open(root, purpose="test", now_us=START) as writer:
        for tick in range(TICKS):
            batches = [make(host, tick) for host in ("web-01", "db-01") for make in (disk_batch, log_batch)]
            writer.append(batches, START + tick * STEP)
            if tick == TICKS - 5:
                writer.seal(START + tick * STEP)
    return root


@pytest.fixture
def ask(store: Path) -> Iterator[Ask]:
    source = store_source(store)
    with Pool() as pool:
        yield lambda sql, scope: stream(source, sql, scope=scope, pool=pool)

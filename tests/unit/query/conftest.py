"""A small real store: three hosts, `cpu` in two versions of its header, files and fresh rows, a log, an empty table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from livedata.model.batch import Batch
from livedata.model.probe import Column, Derived, Probe
from livedata.query import rewrite
from livedata.query.engine import Limits, stream
from livedata.query.source import store_source
from livedata.query.views import EVERYTHING, Scope
from livedata.store.writer import Writer

START = 1_795_143_600_000_000
"""2026-11-20T03:00:00Z"""
TICK = 10_000_000

OLD_CPU = Probe(
    "cpu",
    "CPU time.",
    (
        Column("user_seconds_total", 1, "d2", "counter", "In user space"),
        Column("idle_seconds_total", 2, "d2", "counter", "Idle"),
        Column("model", 3, "str", "text", "Dropped later"),
    ),
)
CPU = Probe(
    "cpu",
    "CPU time.",
    (
        Column("busy_seconds_total", 1, "d2", "counter", "Not idle", was=("user_seconds_total",)),
        Column("idle_seconds_total", 2, "f64", "counter", "Idle"),
        Column("cores", 4, "i64", "gauge", "How many"),
    ),
    derived=(
        Derived(
            "busy_pct",
            "100.0 * busy_seconds_increase / nullif(busy_seconds_increase + idle_seconds_increase, 0)",
            "Share of the time",
        ),
    ),
)
LOG = Probe(
    "log",
    "Log entries.",
    (
        Column("ts", 1, "ts", "time", "When it was written"),
        Column("message", 2, "str", "text", "What it says"),
        Column("fields", 3, "map", "text", "The rest"),
    ),
)
GPU = Probe("gpu", "Nothing yet.", (Column("load_pct", 1, "f64", "gauge", "Load"),))


def _old(host: str, tick: int) -> Batch:
    row = (tick * 100, tick * 900, "x86", 100 if tick else None, 900 if tick else None)
    return Batch(OLD_CPU, host, START + tick * TICK, [row], "boot", 5, 10_000 if tick else None)


def _new(host: str, tick: int) -> Batch:
    return Batch(CPU, host, START + tick * TICK, [(tick * 100, tick * 9.0, 8, 100, 9.0)], "boot", 5, 10_000)


@pytest.fixture(scope="session", autouse=True)
def _rollups_are_worth_it() -> Iterator[None]:
    """Stores of tests are small: their rows would always be read sooner."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rewrite, "WORTH_ROWS", 0)
        yield


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ticks 0 to 9 of three hosts are in files, under the old header; 10 and 11 of web-01, the new one, and logs are fresh."""
    root = tmp_path_factory.mktemp("query") / "store"
    with Writer.open(root, purpose="test", now_us=START) as writer:
        for tick in range(10):
            writer.append([_old(h, tick) for h in ("web-01", "web-02", "db-01")], START + tick * TICK)
        writer.seal(START)
        writer.register(GPU)
        writer.append([_new("web-01", tick) for tick in (10, 11)], START + 11 * TICK)
        rows = [(START + 5, "it\x1b[31m broke", [("unit", "sshd")]), (START + 7, None, None)]
        writer.append([Batch(LOG, "db-01", START, rows, "boot")], START + 11 * TICK)
    return root


Ask = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def ask(store: Path) -> Ask:
    """The answer to a question as a list of rows."""

    def asked(sql: str, scope: Scope = EVERYTHING, limits: Limits = Limits(20.0)) -> list[dict[str, Any]]:  # noqa: B008
        with stream(store_source(store), sql, scope=scope, limits=limits) as (_, batches):
            return [row for batch in batches for row in batch.to_pylist()]

    return asked

"""The collector's boundaries: what livedata itself does wrong on one host is that host's row, and nothing of the others'."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from livedata.clock import SystemClock
from livedata.collect.collector import Collector
from livedata.config import load_config
from livedata.model.host import Host
from livedata.model.scrape import Failure, Outcome
from livedata.probe.load import load_probes
from livedata.query.engine import ask
from livedata.store.writer import Writer
from livedata.transport.local import LocalTransport


class Broken:
    """A way that raises what no way should."""

    async def connect(self, host: Host) -> Any:
        raise RuntimeError("no one foresaw this")

    async def close(self) -> None:
        pass


def collect(store: Path, watch_seconds: float = 0.0) -> tuple[dict[str, Failure | None], list[str]]:
    said: dict[str, Failure | None] = {}
    config = load_config({"HOME": str(store.parent)}, flush_seconds=0.1)
    hosts = [Host("bad", transport="broken"), Host("good", transport="local")]
    probes = {name: probe for name, probe in load_probes().items() if name in ("cpu", "load")}
    complaints: list[str] = []
    with Writer.open(store, purpose="test", now_us=1) as writer:

        async def run() -> dict[str, Failure | None]:
            ways: dict[str, Any] = {"broken": Broken(), "local": LocalTransport(1_000_000)}
            collector = Collector(
                writer, hosts, probes, ways, SystemClock(), config, said.__setitem__, complaints.append
            )
            if not watch_seconds:
                return await collector.snapshot(lambda done, total: None)
            stop = asyncio.Event()
            asyncio.get_running_loop().call_later(watch_seconds, stop.set)
            await collector.watch(stop)
            return said

        return asyncio.run(run()), complaints


def rows(store: Path, sql: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ask(store, sql).table.to_pylist()
    return found


def check(store: Path, outcomes: dict[str, Failure | None], complaints: list[str]) -> None:
    assert outcomes["good"] is None
    bad = outcomes["bad"]
    assert bad is not None
    assert bad.outcome is Outcome.FAILED
    assert "no one foresaw this" in bad.detail
    assert complaints == []
    assert [r["host"] for r in rows(store, "SELECT DISTINCT host FROM cpu")] == ["good"]
    (row,) = rows(store, "SELECT outcome, detail FROM scrape WHERE host = 'bad'")
    assert (row["outcome"], row["detail"]) == ("failed", bad.detail)


def test_a_fault_of_our_own_in_a_snapshot(tmp_path: Path) -> None:
    store = tmp_path / "store"
    check(store, *collect(store))


def test_a_fault_of_our_own_in_a_watch(tmp_path: Path) -> None:
    store = tmp_path / "store"
    check(store, *collect(store, watch_seconds=2.0))

"""What is out of the ordinary: each kind once, when it begins, and nothing else."""

from __future__ import annotations

import asyncio
from pathlib import Path

from livedata.model.batch import Batch
from livedata.query.engine import Limits
from livedata.tui.anomaly import KINDS, Anomaly
from livedata.tui.asker import Asker

from .made import BOOT, MINUTE, START, TICK, fill, gone, log, sample, scraped


def found(root: Path, since: int, until: int, *, last: bool = False) -> list[Anomaly]:
    async def ask() -> list[Anomaly]:
        asker = Asker(root, Limits())
        try:
            return await asker.anomalies(since, until, last=last)
        finally:
            await asker.close()

    return asyncio.run(ask())


def test_each_kind_is_found_once_where_it_begins(tmp_path: Path) -> None:
    ticks: list[list[Batch]] = []
    for number in range(180):
        ts, minute = START + number * TICK, number // 6
        over = 14 <= minute < 18 or minute >= 22
        tick = sample("web-01", ts, oom=2 if number == 130 else 0, boot="c" * 36 if number >= 140 else BOOT)
        tick += sample("busy-01", ts, busy=97.0 if over else 50.0, memory=95.0 if over else 20.0)
        tick += sample(
            "full-01", ts, full=91.0 if minute >= 20 else 89.0, pressure=50.0 if minute == 16 else 2.0
        )
        tick += (
            gone("gone-01", ts)
            if number % 6 == 0 and number >= 100
            else [scraped("gone-01", ts, ["connect"])]
            if number == 0
            else []
        )
        tick += (
            [log("loud-01", ts + i, "failed", 3) for i in range(10)]
            if 25 <= minute <= 27
            else [log("loud-01", ts, "failed", 3)]
        )
        ticks.append(tick)
    fill(tmp_path / "store", ticks)
    since, until = START + 12 * MINUTE, START + 30 * MINUTE
    told = found(tmp_path / "store", since, until)
    assert [(a.host, a.what, (a.ts - START) / MINUTE) for a in told] == [
        ("busy-01", "cpu", 15), ("busy-01", "memory", 15), ("full-01", "pressure", 17), ("gone-01", "gone", 17),
        ("full-01", "full", 21), ("web-01", "oom", 130 / 6), ("busy-01", "cpu", 23), ("busy-01", "memory", 23),
        ("web-01", "reboot", 140 / 6), ("loud-01", "errors", 26),
    ]  # fmt: skip
    assert {a.what for a in told} == KINDS.keys()
    assert {a.what: a.detail for a in told}["full"] == "91 % /"
    assert found(tmp_path / "store", since, until, last=True)[0] == told[-1]
    assert found(tmp_path / "store", told[-1].ts + 1, until) == [], "what goes on is not told again"


def test_a_store_without_the_tables_has_none(tmp_path: Path) -> None:
    fill(tmp_path / "store", [])
    assert found(tmp_path / "store", START, START + MINUTE) == []
    assert found(tmp_path / "none", START, START + MINUTE) == []

"""What the fleet view knows: the same whether it was asked for at once or came bit by bit; blank where nothing is known."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from livedata.model.batch import Batch
from livedata.model.scrape import SCRAPE
from livedata.query.engine import Limits
from livedata.store.writer import Writer
from livedata.tui.asker import Asker
from livedata.tui.fleet import FleetView
from livedata.tui.pulse import HostPulse, Pulse

from .conftest import END, ticks
from .driving import Driven, drive
from .made import MINUTE, START, TICK, fill, probes, sample, scraped

T = TypeVar("T")


def asked(root: Path, ask: Callable[[Asker], Awaitable[T]]) -> T:
    async def run() -> T:
        asker = Asker(root, Limits())
        try:
            return await ask(asker)
        finally:
            await asker.close()

    return asyncio.run(run())


def whole(root: Path, at_us: int) -> dict[str, HostPulse]:
    async def ask(asker: Asker) -> Pulse:
        return (await asker.pulse([], at_us))[0]

    return {host.host: host for host in asked(root, ask).at(at_us)}


@pytest.mark.parametrize("sealed", [False, True])
def test_what_came_bit_by_bit_is_what_there_is_at_once(tmp_path: Path, sealed: bool) -> None:
    root, made = tmp_path / "store", ticks()

    async def ask(asker: Asker) -> Pulse:
        with Writer.open(root, purpose="test", now_us=START) as writer:
            for probe in (*probes().values(), SCRAPE):
                writer.register(probe)
            for tick in made[:40]:
                writer.append(tick, START)
            pulse, place = await asker.pulse([], START + 40 * TICK)
            for number in range(40, 90, 7):
                if sealed and number == 61:
                    writer.seal(START)
                for tick in made[number : number + 7]:
                    writer.append(tick, START)
                following = await asker.pulse_since(pulse, place)
                assert following is not None
                place = following
            return pulse

    pulse = asked(root, ask)
    pulse.forget(END - 16 * MINUTE)
    found = {host.host: host for host in pulse.at(END)}
    assert found == whole(root, END)
    assert len(found) == 5


def test_who_sleeps_too_long_begins_anew(tmp_path: Path) -> None:
    root = tmp_path / "store"

    async def ask(asker: Asker) -> None:
        with Writer.open(root, purpose="test", now_us=START) as writer:
            writer.register(SCRAPE)
            writer.append([scraped("web-01", START, ["cpu"])], START)
            pulse, place = await asker.pulse([], START)
            for number in range(1, 4):
                writer.append([scraped("web-01", START + number, ["cpu"])], START)
                writer.seal(START)
            assert await asker.pulse_since(pulse, place) is None

    asked(root, ask)


def test_values_are_those_of_the_newest_sample(store: Path) -> None:
    found = whole(store, END)
    db = found["db-01"]
    assert (db.state, db.cpu, db.pressure, db.pressure_of, db.full, db.full_of) == (
        "ok",
        5.0,
        60.0,
        "io",
        95.0,
        "/var/lib",
    )
    assert (db.busy, db.busy_of, db.interface) == (10.0, "sda", "eth0")
    assert (db.received, db.sent) == (2**20, 2**19), "not those of lo, which are more"
    assert db.errors == 0
    assert found["web-01"].errors == 1
    assert found["web-02"].spark[:7] == (30.0,) * 7
    assert found["web-02"].spark[7:14] == (95.0,) * 7


def test_what_is_old_is_none(store: Path, tmp_path: Path) -> None:
    gone = whole(store, START + 63 * TICK)["edge-01"]
    assert (gone.state, gone.cpu, gone.memory, gone.age_us) == ("unreachable", None, None, 4 * TICK)
    assert gone.spark[-2] == 50.0, "what it was is shown as what was"
    ticks = [
        sample("web-01", START),
        *([scraped("web-01", START + n * TICK, ["load"])] for n in range(1, 14)),
    ]
    fill(tmp_path / "store", ticks)
    found = whole(tmp_path / "store", START + 13 * TICK)["web-01"]
    assert (found.state, found.cpu, found.full, found.received) == ("ok", None, None, None)
    found = whole(tmp_path / "store", START + 12 * TICK - 1)["web-01"]
    assert (found.cpu, found.full) == (10.0, 50.0)


def test_what_is_not_known_is_none(tmp_path: Path) -> None:
    fill(tmp_path / "store", [[scraped("web-01", START, ["cpu"])]])
    (host,) = whole(tmp_path / "store", START + MINUTE).values()
    assert host == HostPulse("web-01", "ok", "", MINUTE)
    assert whole(tmp_path / "none", START) == {}


def test_a_thousand_hosts_are_shown_sorted_and_followed(tmp_path: Path) -> None:
    root, now = tmp_path / "store", [START + 2 * TICK]
    names = [f"web-{number:04}" for number in range(1_000)]

    def tick(ts: int, plus: float) -> list[Batch]:
        busy = {name: number % 90 + plus for number, name in enumerate(names)}
        return [
            b
            for name in names
            for b in sample(name, ts, busy=busy[name])
            if b.probe.name in ("cpu", "memory", "scrape")
        ]

    fill(root, [tick(START, 0.0), tick(START + TICK, 0.0)])

    async def act(driven: Driven) -> None:
        await driven.shows("1,000 hosts", "● 1,000 ok", "web-0000")
        await driven.press("s", "s")
        await driven.until(lambda: driven.lines[2].split()[3] == "89")
        view = driven.app.view
        assert isinstance(view, FleetView)
        await driven.press("end")
        assert view.table.cursor == 999
        await driven.press("home")
        with Writer.open(root, purpose="test", now_us=START) as writer:
            now[0] += TICK
            writer.append(tick(now[0], 3.0), START)
            await driven.until(lambda: driven.lines[2].split()[3] == "92▲")
        assert len(view.table.rows) == 1_000

    drive(root, act, size=(80, 24), now_us=lambda: now[0])

"""A host opens to all that is kept of it, and its log comes as it is written."""

from __future__ import annotations

import shutil
from pathlib import Path

from livedata.store.writer import Writer
from livedata.tui.host import NAMES, HostView, PanelBar

from .driving import Driven, drive
from .made import START, TICK, log, sample

SHOWN = {
    "now": ("last 15 minutes", "busiest disk %", "▂"),
    "cores": ("core", "iowait %", "20"),
    "memory": ("available", "4.8G", "60"),
    "disks": ("sda", "2.0M", "10"),
    "filesystems": ("/", "50G", "● ok"),
    "network": ("eth0", "lo", "1.0M", "● up"),
    "processes": ("nginx: worker process", "app.service", "812"),
    "units": ("✕ failed", "backup.service", "exit-code"),
    "log": ("upstream timed out", "error", "app"),
}
"""What each panel says of web-01."""


def test_every_panel_shows_its_table(store: Path, now: int) -> None:
    async def act(driven: Driven) -> None:
        await driven.shows("web-01")
        await driven.press("down", "down", "down", "enter")
        for name in NAMES:
            await driven.shows(f"[{name}]", *SHOWN[name])
            await driven.press("tab")
        await driven.shows("[now]")
        await driven.press("shift+tab")
        await driven.shows("[log]")
        await driven.press("escape")
        await driven.shows("5 hosts")

    drive(store, act, size=(140, 30), now_us=lambda: now)


def test_a_panel_is_chosen_by_a_click_and_a_host_by_two(store: Path, now: int) -> None:
    async def act(driven: Driven) -> None:
        await driven.shows("web-01")
        at = driven.lines.index(driven.line("web-01"))
        await driven.pilot.click(offset=(4, at), times=2)
        await driven.shows("[now]")
        bar = driven.app.query_one(PanelBar)
        await driven.pilot.click(bar, offset=(driven.lines[1].index("disks"), 0))
        await driven.shows("[disks]", "sda")

    drive(store, act, size=(80, 24), now_us=lambda: now)


def test_what_a_stale_host_had_is_not_shown_as_if_it_were_now(store: Path, now: int) -> None:
    async def act(driven: Driven) -> None:
        await driven.shows("edge-01")
        await driven.press("down", "enter")
        await driven.shows("edge-01 · unreachable 5m no route to host", "cpu %")
        assert driven.line("cpu %").split()[2] == "–", "its course is shown, its value is not"
        await driven.press("tab")
        await driven.shows("no rows of the last minutes")

    drive(store, act, now_us=lambda: now)


def test_rows_are_seen_as_they_come(store: Path, now: int, tmp_path: Path) -> None:
    root = Path(shutil.copytree(store, tmp_path / "store"))
    time = [now]

    async def act(driven: Driven) -> None:
        await driven.shows("5 hosts")
        with Writer.open(root, purpose="test", now_us=now) as writer:
            time[0] = ts = START + 90 * TICK
            writer.append(
                [
                    *sample("web-01", ts, busy=77.0),
                    *sample("new-01", ts),
                    log("web-01", ts, "disk failed", 3),
                ],
                ts,
            )
            await driven.shows("77", "new-01", "6 hosts")
            assert driven.line("web-01").split()[-2:] == ["2", "0s"], "errors, and age"
            await driven.press("3")
            await driven.shows("disk failed")
            time[0] += TICK
            writer.append(
                [
                    log("new-01", ts + TICK, "and again \x1b[31m"),
                    log("web-01", ts + TICK, "a second time", 3),
                ],
                ts,
            )
            await driven.shows("and again \\x1b[31m", "a second time")
            await driven.press("e")
            await driven.until(lambda: "and again" not in driven.text and "a second time" in driven.text)

    drive(root, act, size=(140, 30), now_us=lambda: time[0])


def test_a_host_is_pointed_at_in_its_view(store: Path, now: int) -> None:
    async def act(driven: Driven) -> None:
        await driven.shows("web-01")
        await driven.press("2")
        await driven.shows("nginx: worker process")
        await driven.press("enter")
        await driven.shows("[now]")
        view = driven.app.view
        assert isinstance(view, HostView)
        assert view.host == "web-01", "whose busiest process it was"
        await driven.press("escape")
        await driven.shows("nginx: worker process")

    drive(store, act, now_us=lambda: now)

"""Time travel: every view as it was, by keys, by the mouse, to a time, and from one anomaly to the next."""

from __future__ import annotations

from pathlib import Path

import pytest

from livedata.tui.timeline import SPANS, Moment, Timeline

from .conftest import END
from .driving import Driven, drive
from .made import MINUTE, START, TICK


def at(driven: Driven) -> int | None:
    return driven.app.moment.at_us


def test_the_fleet_as_it_was(store: Path, now: int) -> None:
    async def act(driven: Driven) -> None:
        await driven.shows("5 hosts", "95▲", "● live")
        assert "live" not in driven.lines[-1], "there is no way to where one is"
        await driven.press("shift+left")
        await driven.shows("◆ past", "● 5 ok")
        assert at(driven) == now - 10 * MINUTE
        assert "30" in driven.line("web-02")
        assert "95▲" not in driven.line("web-02")
        assert "50" in driven.line("edge-01"), "it was there then"
        await driven.press("right")
        assert at(driven) == now - 9 * MINUTE
        await driven.press("l")
        await driven.shows("● live", "95▲", "✕ 1 unreached")

    drive(store, act, now_us=lambda: now)


def test_every_view_is_of_that_moment(store: Path, now: int) -> None:
    async def act(driven: Driven) -> None:
        await driven.shows("5 hosts")
        await driven.press("g")
        await driven.type("@" + str((START + 5 * MINUTE) // 1_000_000))
        await driven.press("enter")
        await driven.shows("◆ past", "● 5 ok")
        await driven.press("3")
        await driven.shows("no entries")
        await driven.press("2")
        await driven.shows("nginx: worker process")
        await driven.press("4")
        await driven.type("SELECT count(*) AS n, max(ts) AS latest FROM cpu WHERE host = 'web-01'")
        await driven.press("enter")
        await driven.shows("31", "2026-11-20T03:05:00Z")
        await driven.press("escape")
        await driven.press("l", "3")
        await driven.shows("upstream timed out")

    drive(store, act, now_us=lambda: now)


def test_a_click_on_the_line_goes_there(store: Path, now: int) -> None:
    async def act(driven: Driven) -> None:
        await driven.shows("5 hosts")
        line = driven.app.query_one(Timeline)
        left, room = line._room()
        await driven.pilot.click(line, offset=(left + room - room // 6, 0))
        await driven.shows("◆ past")
        moment = at(driven)
        assert moment is not None
        assert abs(moment - (now - 10 * MINUTE)) < 2 * MINUTE

    drive(store, act, now_us=lambda: now)


def test_from_one_anomaly_to_the_next(store: Path, now: int) -> None:
    async def act(driven: Driven) -> None:
        await driven.shows("5 hosts")
        await driven.press("left_square_bracket")
        await driven.shows("▲ edge-01: gone unreachable: no route to host")
        assert at(driven) == START + 60 * TICK
        assert driven.line("edge-01").startswith("›"), "the cursor is on the host it is about"
        await driven.press("left_square_bracket")
        await driven.shows("▲ web-02: cpu 95 %")
        assert at(driven) == START + 9 * MINUTE, "the end of the first minute that was over"
        await driven.press("left_square_bracket")
        await driven.shows("nothing out of the ordinary before")
        await driven.press("right_square_bracket")
        await driven.shows("▲ edge-01: gone")

    drive(store, act, now_us=lambda: now)


def test_a_time_that_is_none_is_told(store: Path, now: int) -> None:
    async def act(driven: Driven) -> None:
        await driven.shows("5 hosts")
        await driven.press("g")
        await driven.type("teatime")
        await driven.press("enter")
        await driven.shows("'teatime' is no time")
        assert driven.app.moment.live

    drive(store, act, now_us=lambda: now)


@pytest.mark.parametrize("span", SPANS)
@pytest.mark.parametrize("back", [0, 1, MINUTE, 60 * MINUTE, 100 * 1440 * MINUTE])
def test_the_moment_is_on_its_line(span: str, back: int) -> None:
    moment = Moment(END - back if back else None, span)
    begin, end = moment.window(END)
    assert begin <= moment.at(END) <= end <= END
    assert end - begin == SPANS[span]


def test_no_step_leads_beyond_now_or_before_what_is_kept() -> None:
    assert Moment(END - MINUTE).stepped(2, END, START).live
    assert Moment(START + MINUTE).stepped(-5, END, START).at_us == START
    assert Moment().zoomed(1).span == "6h"
    assert Moment().zoomed(-9).span == "15m"
    assert Moment().zoomed(9).span == "30d"

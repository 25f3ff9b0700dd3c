"""The fleet on the screen: marked, sorted, filtered, and harmless whatever hosts say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from livedata.cli.top import _chooser
from livedata.model.host import Host
from livedata.query.text import HARMFUL
from livedata.tui.fleet import FleetView

from .conftest import EVIL
from .driving import Driven, drive
from .made import MINUTE

GOLDEN = Path(__file__).parent / "golden"


def hosts(driven: Driven) -> list[str]:
    """The hosts in their order on the screen."""
    view = driven.app.view
    assert isinstance(view, FleetView)
    return [row.host for row in view.table.rows]


@pytest.mark.parametrize("size", [(80, 24), (140, 20)])
def test_the_screen_is_as_it_was_looked_at(store: Path, now: int, size: tuple[int, int]) -> None:
    golden = GOLDEN / f"fleet-{size[0]}x{size[1]}.txt"

    async def act(driven: Driven) -> None:
        await driven.shows("5 hosts", "edge-01", "▴")
        assert driven.text + "\n" == golden.read_text(encoding="utf-8")

    drive(store, act, size=size, now_us=lambda: now)


def test_what_is_over_its_limit_is_marked_and_what_is_not_known_is_blank(store: Path, now: int) -> None:
    async def act(driven: Driven) -> None:
        await driven.shows("web-02", "edge-01")
        assert "95▲" in driven.line("web-02")
        assert "91▲" in driven.line("web-02")
        assert "95▲ /var/lib" in driven.line("db-01")
        assert "60▲ io" in driven.line("db-01")
        assert "▲" not in driven.line("web-01")
        assert "✕ unreached" in driven.line("edge-01")
        assert "50" not in driven.line("edge-01"), "its last values are five minutes old"
        assert driven.line("edge-01").split()[-1] == "5m"
        assert "✕ 1 unreached" in driven.lines[0]

    drive(store, act, now_us=lambda: now)


def test_a_stale_host_says_so_with_its_age(store: Path, now: int) -> None:
    async def act(driven: Driven) -> None:
        await driven.shows("◌ stale", "nobody collects")
        line = driven.line("web-01")
        assert line.split()[-1] == "5m"
        assert "20" not in line.replace("web-01", "")

    drive(store, act, now_us=lambda: now + 5 * MINUTE)


def test_rows_are_sorted_by_keys_and_by_a_click(store: Path, now: int) -> None:
    async def act(driven: Driven) -> None:
        await driven.shows("5 hosts")
        assert hosts(driven) == ["db-01", "edge-01", "evil-01", "web-01", "web-02"]
        await driven.press("s")
        assert hosts(driven)[0] == "edge-01", "by state: what can't be reached is first"
        await driven.press("s")
        assert hosts(driven) == ["web-02", "web-01", "db-01", "evil-01", "edge-01"], (
            "what is not known is last"
        )
        await driven.press("r")
        assert hosts(driven) == ["evil-01", "db-01", "web-01", "web-02", "edge-01"], "either way"
        view = driven.app.view
        assert isinstance(view, FleetView)
        await driven.pilot.click(view.table, offset=(driven.lines[1].index("mem %") + 1, 0))
        assert hosts(driven)[0] == "web-02"

    drive(store, act, now_us=lambda: now)


def test_the_cursor_stays_on_its_host(store: Path, now: int) -> None:
    async def act(driven: Driven) -> None:
        await driven.shows("5 hosts")
        await driven.press("down", "down", "down")
        view = driven.app.view
        assert isinstance(view, FleetView)
        assert view.table.current
        assert view.table.current.host == "web-01"
        await driven.press("s", "s")
        assert view.table.current.host == "web-01"
        assert driven.line("web-01").startswith("›")

    drive(store, act, now_us=lambda: now)


def test_hosts_are_filtered_by_the_selection_language_and_by_text(store: Path, now: int) -> None:
    known = [Host("web-01", labels={"env": "prod"}), Host("web-02", labels={"env": "dev"})]

    async def act(driven: Driven) -> None:
        await driven.shows("5 hosts")
        await driven.press("slash")
        await driven.type("web-* and not env=dev")
        await driven.until(lambda: hosts(driven) == ["web-01"])
        await driven.press("enter")
        await driven.shows("1 host", "/ web-* and not env=dev")
        await driven.press("slash", "escape")
        await driven.shows("5 hosts")
        await driven.press("slash")
        await driven.type("b-0")
        await driven.until(lambda: hosts(driven) == ["db-01", "web-01", "web-02"])

    drive(store, act, now_us=lambda: now, choose=_chooser(known))


@pytest.mark.parametrize("keys", [(), ("enter",), ("2",), ("3",)])
def test_hostile_text_is_shown_and_does_nothing(store: Path, now: int, keys: tuple[str, ...]) -> None:
    async def act(driven: Driven) -> None:
        await driven.shows("evil-01")
        view = driven.app.view
        assert isinstance(view, FleetView)
        view.table.select("evil-01")
        await driven.press(*keys)
        if keys == ("enter",):
            await driven.press("tab", "tab", "tab", "tab")
        await driven.shows("\\x1b[2J"[:6])
        assert not HARMFUL.search(driven.text.replace("\n", ""))
        assert EVIL.partition("\n")[2] not in driven.text
        assert not any(line.lstrip("› ").startswith("forged") for line in driven.lines)
        assert all(len(line) <= 160 for line in driven.lines)

    drive(store, act, size=(160, 30), now_us=lambda: now)


def test_without_colours_marks_and_words_say_the_same(store: Path, now: int, monkeypatch: Any) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def act(driven: Driven) -> None:
        await driven.shows("✕ unreached", "95▲", "● ok", "›db-01")
        colours = {
            segment.style.color.triplet
            for strip in driven.app.screen._compositor.render_strips()
            for segment in strip.apply_filter(driven.app._filters[0], driven.app.screen.styles.background)
            if segment.style and segment.style.color and segment.style.color.triplet
        }
        assert all(c.red == c.green == c.blue for c in colours)

    drive(store, act, now_us=lambda: now)


def test_an_empty_store_is_waited_for(tmp_path: Path, now: int) -> None:
    async def act(driven: Driven) -> None:
        await driven.shows("the first rows come")
        await driven.press("2", "3", "4", "escape")
        await driven.shows("no hosts")

    drive(tmp_path / "none", act, now_us=lambda: now, waiting="the first rows come")

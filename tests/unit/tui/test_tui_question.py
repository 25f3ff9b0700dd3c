"""A question of one's own: completed, asked, answered, and told what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from livedata.cli.top import _translator
from livedata.config import load_config
from livedata.tui.asked import at_moment, is_sql
from livedata.tui.completion import completed, completions

from .driving import Driven, drive

TABLES = {
    "cpu": ["ts", "host", "busy_pct", "cores"],
    "core": ["ts", "host", "core", "busy_pct"],
    "memory": ["ts", "total_bytes"],
}


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("SELECT * FROM c", "cpu"),
        ("SELECT * FROM ", "cpu"),
        ("SELECT * FROM cpu JOIN m", "memory"),
        ("SELECT busy FROM cpu", "busy_pct"),
        ("SELECT tot", "total_bytes"),
        ("SELECT * FROM cpu WHERE cor", "cores"),
        ("sel", "SELECT"),
    ],
)
def test_a_word_is_completed(text: str, first: str) -> None:
    cursor = text.find(" FROM") if text.startswith("SELECT busy") else len(text)
    assert completions(text, cursor, TABLES)[0] == first


@pytest.mark.parametrize("text", ["", "SELECT ", "SELECT xyzzy", "SELECT * FROM memory"])
def test_nothing_is_offered_where_there_is_nothing_to_say(text: str) -> None:
    assert completions(text, len(text), TABLES) == []


def test_a_choice_takes_the_place_of_the_word() -> None:
    assert completed("SELECT bus FROM cpu", 10, "busy_pct") == ("SELECT busy_pct FROM cpu", 15)


def test_now_is_the_moment_but_not_in_quotes() -> None:
    assert at_moment("SELECT 'now()', NOW(), \"now()\"") == "SELECT 'now()', {at}, \"now()\""


def test_sql_is_told_from_a_search() -> None:
    assert all(
        map(
            is_sql, ["SELECT 1", " with a AS (SELECT 1) FROM a", "FROM cpu", "(SELECT 1)", "explain SELECT 1"]
        )
    )
    assert not any(map(is_sql, ["error", "selected", "index=cpu | stats count", "from_host=web", ""]))


def test_a_search_is_asked_about_the_time_of_the_line(store: Path, now: int) -> None:
    translate = _translator(load_config({}, store=store))

    async def act(driven: Driven) -> None:
        await driven.shows("5 hosts")
        await driven.press("4")
        await driven.type("upstream | stats count by host")
        await driven.press("enter")
        await driven.shows("1 row in", "web-01", "count")
        await driven.press("tab", "shift+left")
        await driven.shows("0 rows in")
        await driven.press("escape", "escape")
        await driven.shows("◆ past", "5 hosts")

    drive(store, act, now_us=lambda: now, translate=translate)


def test_a_question_is_asked(store: Path, now: int) -> None:
    async def act(driven: Driven) -> None:
        await driven.shows("5 hosts")
        await driven.press("4")
        await driven.shows("Enter asks")
        await driven.type("SELECT host, max(busy_pct) AS most FROM cp")
        await driven.shows("cpu")
        await driven.press("tab")
        await driven.type(" GROUP BY host ORDER BY most DESC")
        await driven.press("enter")
        await driven.shows("5 rows in", "most")
        assert driven.lines[4].split() == ["web-02", "95.0"]
        await driven.press("tab", "s", "s")
        assert driven.lines[4].lstrip("›").split() == ["web-02", "95.0"]
        await driven.press("r")
        assert driven.lines[4].lstrip("›").split() == ["evil-01", "1.0"], (
            "the answer is sorted like every table"
        )

    drive(store, act, now_us=lambda: now)


def test_a_mistake_is_told_and_hostile_text_is_text(store: Path, now: int) -> None:
    async def act(driven: Driven) -> None:
        await driven.shows("5 hosts")
        await driven.press("4")
        await driven.type("SELECT * FROM cpus")
        await driven.press("enter")
        await driven.shows("there is no table cpus", "did you mean")
        await driven.press("ctrl+a", "ctrl+k")
        await driven.type("SELECT mount AS x FROM filesystem WHERE host = 'evil-01' LIMIT 1")
        await driven.press("enter")
        await driven.shows("\\x1b[2J\\x1b[1;1H[bold red]web-02[/] \\x9b31m\\nforged ● ok \\u202etxt"[:50])
        await driven.press("escape")
        await driven.shows("web-01")

    drive(store, act, size=(160, 30), now_us=lambda: now)

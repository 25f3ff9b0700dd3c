"""How far back journals are read."""

from __future__ import annotations

from math import inf

import pytest

from livedata.cli.filling import line
from livedata.collect.backfill import Backfill, Filled, parse_backfill
from livedata.collect.ways import words
from livedata.errors import ConfigError
from livedata.parse.marks import BEGIN, Gap, Place

NOW = 1_795_000_000_000_000


@pytest.mark.parametrize(
    ("text", "seconds"), [("24h", 86_400), ("30d", 2_592_000), ("2w", 1_209_600), ("all", inf), ("none", 0)]
)
def test_an_age_is_seconds(text: str, seconds: float) -> None:
    assert parse_backfill(text) == seconds


@pytest.mark.parametrize("text", ["3 days", "", "h", "-1h", "24", "1m"])
def test_what_is_no_age_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="no age"):
        parse_backfill(text)


def test_older_entries_are_wanted_until_it_is_far_enough() -> None:
    def wanted(seconds: float, hours_ago: int, back: str = "s=1;") -> bool:
        return Backfill(seconds).wanted(str(Place("s=2;", back, NOW - hours_ago * 3_600_000_000)), NOW)

    assert wanted(86_400, 23)
    assert not wanted(86_400, 25)
    assert wanted(inf, 100_000)
    assert not wanted(0, 0)
    assert not wanted(inf, 1, BEGIN)
    assert not Backfill(inf).wanted("s=2;", NOW)
    assert not Backfill(inf).wanted(None, NOW)


def test_a_gap_is_told_in_words() -> None:
    assert words(Gap(0, 1_795_000_000_000_000, None)) == (
        "journal entries, all to 2026-11-18 11:06:40 UTC were gone before they were read: it is not known how many"
    )
    assert words(Gap(1, 10**30, 1200)).endswith("up to 1,200")


def test_the_line_names_who_is_least_far() -> None:
    hosts = {"web": Filled("web", 5, NOW, False), "db": Filled("db", 7, NOW - 10**12, False)}
    assert line(hosts, 12) == "12 older log entries: web and 1 more, back to 2026-11-18 11:06 UTC"

"""What may come next at a place of a search, as the grammar says."""

from __future__ import annotations

import pytest

from livedata.search.commands import COMMANDS
from livedata.search.complete import complete, names_of

from .cases import read_cases
from .dataset import WORLD

NAMES = names_of(WORLD, {"unit": ["ssh.service", "nginx.service"]})


@pytest.mark.parametrize(
    ("text", "expected", "kind"),
    [
        ("", "host", "field"),
        ("ho", "host", "field"),
        ("host=w", "web-01", "value"),
        ("unit=n", "nginx.service", "value"),
        ("index=lo", "load", "table"),
        ("* | ", "stats", "command"),
        ("* | timec", "timechart", "command"),
        ("* | stats ", "count", "aggregate"),
        ("* | stats co", "count", "aggregate"),
        ("* | stats count ", "BY", "keyword"),
        ("* | stats count(", "pid", "field"),
        ("* | stats count BY ", "unit", "field"),
        ("* | stats count BY host, u", "unit", "field"),
        ("* | eval x = ", "coalesce", "function"),
        ("* | eval x = if(isn", "isnull", "function"),
        ("* | where priority < 3 ", "AND", "keyword"),
        ("* | timechart sp", "span=", "option"),
        ("* | timechart useother=", "false", "value"),
        ("* | sort -", "pid", "field"),
        ("* | dedup host sort", "sortby", "keyword"),
        ("* | join host [sea", "search", "command"),
        ("* | append [search * | he", "head", "command"),
        ("* | head 5 ", "|", "symbol"),
        ("* | replace a WI", "WITH", "keyword"),
    ],
)
def test_a_candidate_is_offered(text: str, expected: str, kind: str) -> None:
    found = complete(text, len(text), NAMES)
    hit = next(c for c in found if c.text == expected and c.kind == kind)
    assert text[hit.start :].lower() in expected.lower()


def test_only_what_begins_so_is_offered() -> None:
    assert [c.text for c in complete("* | stre", 8, NAMES)] == ["streamstats"]
    assert complete("* | xyz", 7, NAMES) == []


def test_what_stands_behind_the_cursor_does_not_count() -> None:
    text = "* | st | head 3"
    assert "stats" in {c.text for c in complete(text, 6, NAMES)}


def test_every_command_is_offered() -> None:
    assert {c.text for c in complete("* | ", 4, NAMES)} >= set(COMMANDS)


def test_any_place_of_any_search_has_an_answer() -> None:
    for case in read_cases()[::7]:
        for cursor in range(len(case.search) + 1):
            for candidate in complete(case.search, cursor, NAMES):
                assert candidate.text
                assert 0 <= candidate.start <= cursor

"""A mistake in SQL is answered with its place, in a few lines, and the nearest name."""

from __future__ import annotations

import pytest

from livedata.errors import QueryError
from livedata.query.engine import stream
from livedata.query.problems import nearest, problem_at
from livedata.query.source import Source

from .conftest import CPU, Ask


@pytest.mark.parametrize(
    ("sql", "place", "hint"),
    [
        ("SELECT bsuy FROM cpu", "line 1, column 8", "did you mean busy_pct"),
        ("SELECT host,\n  avg(bussy_pct)\nFROM cpu", "line 2, column 7", "did you mean busy_pct"),
        ("SELECT c.bsy_pct FROM cpu c", "line 1, column 8", "did you mean busy_pct"),
        ("SELECT 'é', hots FROM cpu", "line 1, column 13", "did you mean host"),
        ("EXPLAIN /* é */ SELECT hots FROM cpu", "line 1, column 24", "did you mean host"),
        ("SELECT * FROM cpu WHERE tts > now()", "line 1, column 25", "did you mean ts"),
        ("SELECT zzz FROM cpu", "line 1, column 8", "livedata fleet tables cpu lists its columns"),
        ("SELECT * FROM cpus", "line 1, column 15", "did you mean cpu"),
        ("SELECT * FROM cpu JOIN gpv USING (host)", "line 1, column 24", "did you mean gpu"),
        ("SELECT * FROM nothing_like_it", "line 1, column 15", "livedata fleet tables lists them"),
        ("SELECT coun(*) FROM cpu", "line 1, column 8", "did you mean count"),
        ("SELCT 1", "line 1, column 1", "did you mean SELECT"),
        ("SELECT host FORM cpu", "line 1, column 18", "did you mean FROM"),
        ("SELECT avg(host) FROM cpu", "line 1, column 8", "it takes: avg("),
        ("SELECT host, avg(busy_pct) FROM cpu", "line 1, column 8", "GROUP BY"),
        ("SELECT a.host FROM cpu a JOIN cpu b USING (hst)", "SQL", "did you mean host"),
        ("SELECT * FROM cpu WHERE ts > '2026-13-01'", "line 1, column 30", ""),
        ("SELECT 'x'::INT", "line 1, column 11", ""),
        ("PIVOT cpu ON host USING count(*)", "SQL", "ON host IN"),
        ("", "SQL", "for example: SELECT"),
        ("DROP VIEW cpu", "SQL", "one SELECT"),
    ],
)
def test_place_and_hint(ask: Ask, sql: str, place: str, hint: str) -> None:
    with pytest.raises(QueryError) as caught:
        ask(sql)
    assert place in caught.value.where
    assert hint in caught.value.hint
    assert len(str(caught.value).split("\n")) <= 4


def test_the_caret_stands_under_the_mistake() -> None:
    error = problem_at("SELECT 日本, bsuy FROM cpu", len("SELECT 日本, ".encode()), "there is no column bsuy")
    assert error.problem == "there is no column bsuy\n  SELECT 日本, bsuy FROM cpu\n               ^"


def test_a_long_line_is_quoted_around_the_mistake() -> None:
    sql = "SELECT " + "x, " * 200 + "bsuy"
    _, quoted, caret = problem_at(sql, sql.index("bsuy"), "p").problem.split("\n")
    assert len(quoted) <= 102
    assert quoted[caret.index("^") :].startswith("bsuy")


def test_the_quote_is_harmless() -> None:
    error = problem_at("SELECT '\x1b[2J' FROM x", None, "p")
    assert error.problem == "p"
    assert "\x1b" not in problem_at("SELECT '\x1b[2J' FROM x", 20, "p").problem


def test_nearest() -> None:
    names = ["busy_pct", "user_pct", "ts", "host", "read_bytes_total"]
    assert nearest("busy", names) == ["busy_pct"]
    assert nearest("BUSY_PCT", names)[0] == "busy_pct"
    assert nearest("read_byte_total", names)[0] == "read_bytes_total"
    assert nearest("zzz", names) == []


def test_an_empty_store_says_what_fills_it() -> None:
    nothing = Source(dict, name="the store at /x")
    with (
        pytest.raises(QueryError, match="the store at /x is empty: livedata up"),
        stream(nothing, "FROM cpu"),
    ):
        pass


def test_a_table_that_is_only_not_collected_yet_is_told_apart() -> None:
    source = Source(lambda: {"cpu": CPU}, probes=lambda: {"disk"})
    with pytest.raises(QueryError, match="has nothing of disk yet"), stream(source, "FROM disk"):
        pass

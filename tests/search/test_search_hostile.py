"""Whatever is typed: an answer or the language's own error, in bounded time and memory; and what becomes SQL is one SELECT of tables."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from livedata.errors import QueryError
from livedata.query.engine import Limits, Pool
from livedata.search.commands import COMMANDS
from livedata.search.compile import compile_search
from livedata.search.complete import complete
from livedata.search.errors import SearchError
from livedata.search.functions import FUNCTIONS
from livedata.search.grammar import parse
from livedata.search.macros import Macro, expanded
from livedata.search.regex import BadRegex, re2
from livedata.search.show import show

from .cases import read_cases
from .dataset import WORLD, answer

PIECES = st.sampled_from(
    [*COMMANDS, *(f"{f}(" for f in FUNCTIONS), *"|()[],=<>!.+-*/%\"'`\\\0\n ", "AND", "OR", "NOT", "IN", "BY", "AS", "count", "host", "pid",
     "message", "*", "a*", "1", "-1", "1e9", "5m", '"x"', "'y'", "<<FIELD>>", "$x$", "```", "eval(", "by", "=", "==", "span=1h", "limit=3", "é", "\U0001f600"]
)  # fmt: skip


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(Limits(20, "500MB")) as opened:
        yield opened


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


@settings(max_examples=400)
@given(st.lists(PIECES, max_size=25).map(" ".join) | st.text(max_size=80))
def test_no_text_brings_forth_anything_but_the_own_error(text: str) -> None:
    try:
        compile_search(text, WORLD)
    except SearchError as error:
        assert error.problem  # noqa: PT017
    complete(text, len(text) // 2)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_pieces_of_real_searches_put_together_run_or_are_refused(pool: Pool, data: st.DataObject) -> None:
    commands = [
        part
        for c in read_cases()
        if not c.error
        for part in c.search.split(" | ")[1:]
        if "[" not in part and "`" not in part
    ]
    chosen = data.draw(st.lists(st.sampled_from(commands), max_size=5))
    text = " | ".join(["*", *chosen])
    try:
        answer(text, pool)
    except SearchError:
        return
    tree = parse(text)
    assert parse(show(tree)) == tree


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000,
        "(" * 50 + "a" + ")" * 50,
        "* | eval x = " + "(" * 5_000,
        "* | eval x = " + "-" * 5_000 + "1",
        "* | eval x = " + "NOT " * 5_000 + "1",
        "* | eval x = " + "if(" * 5_000,
        "* | eval x = " + " + ".join("1" * 1 for _ in range(20_000)),
        "[" * 5_000,
        "NOT " * 5_000 + "a",
        " OR ".join(f"a{i}" for i in range(10_000)),
        " OR ".join(f"pid={i}" for i in range(1_500)),
        "* | eval x = " + " . ".join("host" for _ in range(100)),
        "a" * 1_000_000,
        '"' + "a" * 90_000,
        "* " + "| head " * 500,
        "* | rex \"" + "(?<a>" * 2_000 + '"',
        '* | rex "(?<a>(x+x+)+y)"',
        '* | rex "(?<a>x{1000}{1000})"',
        '* | rex "(?<a>[[:alpha:]"',
        "nul \0 within",
        "* | eval x = \"\0\"",
        "\ud800",
        "```" * 1_000,
        "`" * 1_001,
        "* | foreach * [" + "foreach * [" * 200,
        "* | timechart span=1s count BY host limit=99999999999999999999",
        "* | head 99999999999999999999",
        "* | sort 99999999999999999999 pid",
        "* | makemv tokenizer=\"(\" x",
        "| makeresults count=99999999",
        "earliest=-999999999y",
        "earliest=99999999999999999",
        "* | bin span=0 pid",
        "* | bin span=-5m _time",
        "* | eval x = strftime(_time, \"" + "%Y" * 20_000 + "\")",
    ],
    ids=lambda t: repr(t[:24]),
)  # fmt: skip
def test_hostile_searches_end_at_once(text: str, pool: Pool) -> None:
    try:
        answer(text, pool)
    except (SearchError, QueryError) as error:
        assert str(error)  # noqa: PT017


def test_deep_is_refused_before_it_is_recursed() -> None:
    with pytest.raises(SearchError, match="nested more than"):
        parse("* | eval x = " + "(" * 200 + "1" + ")" * 200)


def test_macros_can_not_blow_up() -> None:
    macros = {f"m{i}": Macro(f"`m{i + 1}` `m{i + 1}` `m{i + 1}` `m{i + 1}`") for i in range(9)} | {
        "m9": Macro("x" * 1000)
    }
    with pytest.raises(SearchError, match="longer than"):
        expanded("`m0`", macros)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pattern=st.text(alphabet="ab()[]{}|*+?.\\^$-:<>=!P1d,'", max_size=20))
def test_a_regular_expression_that_is_let_through_is_one_for_the_engine(
    engine: duckdb.DuckDBPyConnection, pattern: str
) -> None:
    try:
        ready = re2(pattern)
    except BadRegex as bad:
        assert str(bad)  # noqa: PT017
        return
    try:
        engine.execute("SELECT regexp_matches('ab', $1)", [ready])
    except duckdb.Error as error:
        raise AssertionError(f"{pattern!r} became {ready!r}: {error}") from error


def test_no_search_reads_a_file_or_writes(pool: Pool) -> None:
    for text in (
        "| inputlookup /etc/passwd",
        "| inputlookup ../../etc/passwd.csv",
        "| from /etc/passwd",
        "* | lookup /etc/passwd host",
        "* | outputcsv x",
        "index=/etc/passwd",
    ):
        try:
            found, table = answer(text, pool)
        except SearchError:
            continue
        assert table.num_rows == 0
        assert "passwd" not in found.sql

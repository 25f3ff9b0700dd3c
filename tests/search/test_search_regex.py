"""Splunk's regular expressions as RE2 takes them: the same meaning, or refused."""

from __future__ import annotations

import re

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livedata.search.regex import BadRegex, group_names, literal, re2, target


@pytest.mark.parametrize(
    ("pattern", "ready"),
    [
        (r"(?<ip>\S+)", r"(?P<ip>\S+)"),
        (r"(?P<ip>\S+)", r"(?P<ip>\S+)"),
        (r"[\x00-\x1f\]]", r"[\x00-\x1f\]]"),
        (r"[\t-\r]", r"[\t-\r]"),
        (r"[\w-.]", r"[\w\-.]"),
        (r"[a-z_-]", r"[a-z_\-]"),
        (r"[]a]", r"[\]a]"),
        (r"[^]a]", r"[^\]a]"),
        (r"a{,3}", r"a\{,3\}"),
        (r"a{2,}?", r"a{2,}?"),
        (r"{x}", r"\{x}"),
        (r"\h+\Z", r"[ \t]+\n?\z"),
        (r"\Qa.b\E+", r"a\.b+"),
        (r"a\/b\-c", r"a/b\-c"),
        (r"[[:digit:]]+", r"[[:digit:]]+"),
    ],
)
def test_what_means_the_same_is_rewritten(pattern: str, ready: str) -> None:
    assert re2(pattern) == ready


@pytest.mark.parametrize(
    "pattern",
    ["(?=a)", "(?!a)", "(?<=a)b", "(?<!a)b", "(?>a)", "a++", r"(a)\1", r"\k<a>", "(?P=a)", "(?(1)a)", "(?R)", "a)", "(a", "[a", "*a", "a**",
     "[z-a]", "a{2000}", r"\p{Nothing}", r"\xZ", "a\\", r"\y", "(?x)a"],
)  # fmt: skip
def test_what_the_engine_has_not_is_refused(pattern: str) -> None:
    with pytest.raises(BadRegex):
        re2(pattern)


def test_groups_are_numbered_as_they_open() -> None:
    assert group_names(r"(a)(?<b>[(]x)(?:c)(?P<d>\()(?i)(e)") == [(2, "b"), (3, "d")]


@settings(max_examples=200)
@given(st.text(alphabet="ab-[]^z", max_size=8), st.sampled_from("ab-z[]^"))
def test_a_class_holds_the_same_characters(body: str, char: str) -> None:
    pattern = f"[{body}]"
    try:
        ready = re2(pattern)
        plain = re.compile(pattern)
    except (BadRegex, re.error, FutureWarning):
        return
    row = duckdb.execute("SELECT regexp_full_match($1, $2)", [char, ready]).fetchall()[0]
    assert row[0] == (plain.fullmatch(char) is not None)


@settings(max_examples=200)
@given(st.text(max_size=12), st.text(max_size=3))
def test_a_text_as_an_expression_matches_itself_alone(text: str, more: str) -> None:
    asked = "SELECT regexp_full_match($1, $2, 's')"
    assert duckdb.execute(asked, [text, literal(text)]).fetchall() == [(True,)]
    assert duckdb.execute(asked, [text + more, literal(text)]).fetchall() == [(not more,)]


def test_a_replacement_holds_what_its_wildcards_stand_for() -> None:
    made = duckdb.execute("SELECT regexp_replace('a–b', '^(.*)–(.*)$', $1, 's')", [target("c\\1*→*")])
    assert made.fetchall() == [("c\\1a→b",)]

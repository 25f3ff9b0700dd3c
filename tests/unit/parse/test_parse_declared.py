"""Declared formats: what a user's own script may print, driven by its header alone."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livedata.model.probe import Column, Probe, Type
from livedata.model.reading import ParseError, Reading
from livedata.parse import PARSERS


def probe(**types: Type) -> Probe:
    return Probe(
        "p", "", tuple(Column(name, i, kind, "text") for i, (name, kind) in enumerate(types.items(), 1))
    )


def parse(form: str, text: str, **types: Type) -> list[tuple[object, ...]]:
    return PARSERS[form](probe(**types), Reading(text=text))


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [("str", "a", "a"), ("bool", "yes", True), ("bool", "0", False), ("bool", "TRUE", True), ("i64", "-5", -5),
     ("i64", str(-(2**63)), -(2**63)), ("u64", str(2**64 - 1), 2**64 - 1), ("f64", "1.5e3", 1500.0), ("d2", "1.25", 125),
     ("d2", "-3", -300), ("d2", "1.50", 150), ("d2", "2e1", 2000), ("ts", "1700000000", 1_700_000_000_000_000),
     ("ts", "1700000000.000001", 1_700_000_000_000_001), ("ts", "2023-11-14T22:13:20Z", 1_700_000_000_000_000),
     ("ts", "2023-11-14T23:13:20.5+01:00", 1_700_000_000_500_000), ("ts", "2023-11-14 22:13:20", 1_700_000_000_000_000),
     ("i64", "-", None), ("i64", "+5", 5), ("i64", "5.00", 5), ("f64", "-.5", -0.5), ("bool", "t", True), ("bool", "off", False),
     ("ts", "1700000000.123456789", 1_700_000_000_123_456), ("ts", "2023-11-14T22:13:20.123456789Z", 1_700_000_000_123_456),
     ("ts", "Nov 14 22:13:20 2023 GMT", 1_700_000_000_000_000), ("ts", "Nov  4 22:13:20 2023 GMT", 1_699_136_000_000_000),
     ("ts", "Tue, 14 Nov 2023 23:13:20 +0100", 1_700_000_000_000_000), ("ts", "Tue, 14 Nov 2023 22:13:20 GMT", 1_700_000_000_000_000),
     ("ts", "2023-11-14 23:13:20 +0100 CET", 1_700_000_000_000_000), ("ts", "2023-11-14 22:13:20 UTC", 1_700_000_000_000_000)],
)  # fmt: skip
def test_values(kind: Type, text: str, value: object) -> None:
    assert parse("keyvalue", f"x={text}", x=kind) == [(value,)]


@pytest.mark.parametrize(
    ("kind", "text"),
    [("bool", "perhaps"), ("i64", "1.5"), ("i64", str(2**63)), ("u64", "-1"), ("u64", str(2**64)), ("f64", "1_0"),
     ("f64", "inf"), ("f64", "x"), ("d2", "1.255"), ("d2", "1_0"), ("d2", "1" + "0" * 17), ("ts", "yesterday"), ("ts", "2023-02-30"),
     ("ts", "-5"), ("map", "a"), ("i64", "1_000"), ("i64", "٣"), ("i64", "1e3"), ("i64", "0x1f"), ("i64", "12M"), ("i64", "5%"), ("f64", "1,5"),
     ("f64", "1e400"), ("f64", "infinity"), ("ts", "2023-11-14 22:13:20 CET"), ("ts", "Foo 14 22:13:20 2023 GMT"), ("ts", "2023-W01-1"),
     ("ts", "1600-01-01T00:00:00Z"), ("bool", "2")],
)  # fmt: skip
def test_values_that_are_none(kind: Type, text: str) -> None:
    with pytest.raises(ParseError, match="x is no"):
        parse("keyvalue", f"x={text}", x=kind)


MISSING = (
    "",
    "-",
    "N/A",
    "[N/A]",
    "null",
    "NULL",
    "None",
    "nan",
    "-nan",
    "?",
    r"\N",
    "unknown",
    "0001-01-01T00:00:00Z",
)


@pytest.mark.parametrize("kind", ["bool", "i64", "u64", "f64", "d2", "ts"])
@pytest.mark.parametrize("text", MISSING)
def test_what_programs_print_for_no_value_is_null_and_never_0(kind: Type, text: str) -> None:
    assert parse("keyvalue", f"x={text}\n", x=kind) == [(None,)]
    assert parse("csv", f"y,x\n1, {text}\n", x=kind) == [(None,)]


def test_in_a_text_only_nothing_and_a_dash_are_null() -> None:
    for text in MISSING:
        assert parse("csv", f"y,x\n1,{text}\n", x="str") == [(None if text in ("", "-") else text,)]


def test_a_percentage_may_say_so() -> None:
    assert parse("fields", "12.5% 3%\n", used_pct="f64", n_pct="i64") == [(12.5, 3)]


def test_fields() -> None:
    assert parse("fields", "a 1 the rest  of it \r\n\n  b   -  -\n", name="str", n="i64", note="str") == [
        ("a", 1, "the rest  of it"),
        ("b", None, None),
    ]
    assert parse("fields", "one of them\r\n", line="str") == [("one of them",)]
    for text in ("a", "a 1 2"):
        with pytest.raises(ParseError, match="words for 2 columns"):
            parse("fields", text, name="str", n="i64")


def test_fields_below_a_line_of_their_names() -> None:
    for first in ("name n", "NAME\tN"):
        assert parse("fields", f"{first}\na 1\n", name="str", n="i64") == [("a", 1)]
    with pytest.raises(ParseError, match="n is no i64"):
        parse("fields", "a 1\nname n\n", name="str", n="i64")


@pytest.mark.parametrize("blank", ["\u00a0", "\u2003", "\x1c", "\x85", "\x0b"])
def test_no_blank_but_those_of_a_keyboard_parts_words(blank: str) -> None:
    assert parse("fields", f"a{blank}b 1\n", name="str", n="i64") == [(f"a{blank}b", 1)]


def test_keyvalue() -> None:
    text = "a=1\nb: two words \r\nc\t3\nunknown = 5\nd=\n"
    assert parse("keyvalue", text, c="i64", b="str", a="i64", d="str", e="i64") == [
        (3, "two words", 1, None, None)
    ]
    assert parse("keyvalue", "\n\n", a="i64") == []
    with pytest.raises(ParseError, match="not one of the columns"):
        parse("keyvalue", "A=1\n", a="i64")
    with pytest.raises(ParseError, match="without a name"):
        parse("keyvalue", "=1\n", a="i64")


def test_keyvalue_as_files_of_settings_have_it() -> None:
    text = '# Server\n[part]\n; aside\n\na="it\'s \\"so\\""\nb=\'$x\'\nc="5"\nd="\n'
    assert parse("keyvalue", text, a="str", b="str", c="i64", d="str") == [('it\'s "so"', "$x", 5, '"')]


def test_a_value_with_a_line_of_its_own_can_not_take_anothers_place() -> None:
    with pytest.raises(ParseError, match="a is there twice"):
        parse("keyvalue", "a=1\nnote=x\na=2\n", a="i64", note="str")
    assert parse("keyvalue", "z=1\nz=2\na=2\n", a="i64") == [(2,)]


def test_csv() -> None:
    assert parse("csv", 'b,a\n"x, ""y""\nz",1\n,2\n', a="i64", b="str", c="str") == [
        (1, 'x, "y"\nz', None),
        (2, None, None),
    ]
    for text, says in (
        ("x,y\n1,2\n", "not one of the columns is named.*: 'x,y'; they are a"),
        ("a\n1,2\n", "2 values for 1"),
        ('a\n"1\n', "no CSV"),
        ("a,a\n1,1\n", "twice"),
    ):
        with pytest.raises(ParseError, match=says):
            parse("csv", text, a="i64")
    assert parse("csv", "\n\n", a="i64") == []


def test_csv_with_more_than_was_asked_for_and_blanks() -> None:
    assert parse("csv", "name, used [MiB], a\r\nx y, 5, 7\r\n\r\n", a="i64", name="str") == [(7, "x y")]


def test_the_line_of_names_says_what_parts_the_values() -> None:
    for parted in ("\t", "|", ";", ","):
        text = f"name{parted}n\nx:y{parted}5\n{parted}\n"
        assert parse("csv", text, name="str", n="i64") == [("x:y", 5), (None, None)]
    # Where there are no quotes, a quote is a letter, and what is too much is no shift.
    assert parse("csv", 'name\tn\n"a\t5\n', name="str", n="i64") == [('"a', 5)]
    with pytest.raises(ParseError, match="3 values for 2"):
        parse("csv", "name|n\na|b|5\n", name="str", n="i64")


def test_jsonl() -> None:
    text = '{"a":1,"m":{"k":"v","n":2,"o":null}}\n{"a":"2","f":true,"d":1.25,"s":5}\n{"a":5.0,"new":[1]}\n'
    assert parse("jsonl", text, a="i64", m="map", f="bool", d="d2", s="str") == [
        (1, [("k", "v"), ("n", "2")], None, None, None),
        (2, None, True, 125, "5"),
        (5, None, None, None, None),
    ]
    for text, says in (
        ("[1]", "no JSON object"),
        ("{", "no JSON object"),
        ('{"b":1}', "not one of the columns.*'b'"),
        ('{"a":[1]}', "a is no i64"),
        ('{"a":18446744073709551616}', "a is no i64"),
    ):
        with pytest.raises(ParseError, match=says):
            parse("jsonl", text, a="i64")


def test_json_that_is_one_text() -> None:
    for text in ('[{"a": 1}, {"a": null}]', json.dumps([{"a": 1}, {"a": None}], indent=2) + "\n"):
        assert parse("jsonl", text, a="i64") == [(1,), (None,)]
    assert parse("jsonl", '{\n "a": 1\n}\n', a="i64") == [(1,)]
    assert parse("jsonl", "[]", a="i64") == parse("jsonl", " \n", a="i64") == []


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_characters="\0", codec="utf-8")), st.integers(-(2**63), 2**63 - 1)
        )
    )
)
def test_what_csv_and_json_write_comes_back(values: list[tuple[str, int]]) -> None:
    expected = [(text if text not in ("", "-") else None, number) for text, number in values]
    out = io.StringIO(newline="")
    csv.writer(out).writerows([("s", "n"), *values])
    assert parse("csv", out.getvalue(), s="str", n="i64") == expected
    lines = "".join(json.dumps({"n": n, "s": s}, ensure_ascii=False) + "\n" for s, n in values)
    assert parse("jsonl", lines, s="str", n="i64") == values


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0\n\r\t "), min_size=1, max_size=12)


@given(
    st.lists(
        st.tuples(NAMES, st.none() | st.integers(-(2**63), 2**63 - 1), NAMES | st.just("a  b")), max_size=5
    )
)
def test_what_a_script_prints_as_words_comes_back(values: list[tuple[str, int | None, str]]) -> None:
    text = "".join(f"{name} {'-' if n is None else n} {rest}\n" for name, n, rest in values)
    expected = [(None if name == "-" else name, n, None if rest == "-" else rest) for name, n, rest in values]
    assert parse("fields", text, c_name="str", n="i64", rest="str") == expected


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0\n")), st.integers(0, 2**64 - 1))
def test_a_quoted_value_comes_back(text: str, number: int) -> None:
    quoted = '"' + re.sub(r'(["$`\\])', r"\\\1", text) + '"'
    for name, end in (("a = ", ""), ("a:", " \r")):
        rows = parse("keyvalue", f"{name}{quoted}{end}\nn {number}\n", a="str", n="u64")
        assert rows == [(None if text in ("", "-") else text, number)]


@given(
    st.sampled_from("\t|"),
    st.lists(st.tuples(st.text(st.characters(codec="utf-8", exclude_characters="\0\n\r\t|")), st.integers())),
)
def test_what_is_parted_without_quotes_comes_back(parted: str, values: list[tuple[str, int]]) -> None:
    text = f"s{parted}n\n" + "".join(f"{s}{parted}{n}\n" for s, n in values)
    assert parse("csv", text, s="str", n="str") == [
        (None if s in ("", "-") else s, str(n)) for s, n in values
    ]


@given(st.integers(0, 253_402_300_799))
def test_a_moment_is_the_same_in_every_spelling(seconds: int) -> None:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    spellings = (
        str(seconds), moment.isoformat(), f"{moment:%Y-%m-%d %H:%M:%S}".rjust(19, "0"), format_datetime(moment), format_datetime(moment, usegmt=True),
        f"{moment:%b} {moment.day:2} {moment:%H:%M:%S} {moment.year:04} GMT", f"{moment.isoformat(' ')[:19]} +0000 UTC",
    )  # fmt: skip
    for text in spellings:
        assert parse("keyvalue", f"x={text}\n", x="ts") == [(seconds * 1_000_000,)], text

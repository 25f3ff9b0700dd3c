"""Declared formats: what a user's own script may print, driven by its header alone."""

from __future__ import annotations

import csv
import io
import json

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
     ("i64", "-", None)],
)  # fmt: skip
def test_values(kind: Type, text: str, value: object) -> None:
    assert parse("keyvalue", f"x={text}", x=kind) == [(value,)]


@pytest.mark.parametrize(
    ("kind", "text"),
    [("bool", "perhaps"), ("i64", "1.5"), ("i64", str(2**63)), ("u64", "-1"), ("u64", str(2**64)), ("f64", "nan"),
     ("f64", "inf"), ("f64", "x"), ("d2", "1.255"), ("d2", "nan"), ("d2", "1" + "0" * 17), ("ts", "yesterday"), ("ts", "2023-02-30"),
     ("ts", "-5"), ("map", "a")],
)  # fmt: skip
def test_values_that_are_none(kind: Type, text: str) -> None:
    with pytest.raises(ParseError, match="x is no"):
        parse("keyvalue", f"x={text}", x=kind)


def test_fields() -> None:
    assert parse("fields", "a 1 the rest of it\n\n  b   -  -\n", name="str", n="i64", note="str") == [
        ("a", 1, "the rest of it"),
        ("b", None, None),
    ]
    for text in ("a", "a 1 2"):
        with pytest.raises(ParseError, match="words for 2 columns"):
            parse("fields", text, name="str", n="i64")


def test_keyvalue() -> None:
    text = "a=1\nb: two words \nc\t3\nunknown = 5\nd=\n"
    assert parse("keyvalue", text, c="i64", b="str", a="i64", d="str", e="i64") == [
        (3, "two words", 1, None, None)
    ]
    assert parse("keyvalue", "\n\n", a="i64") == []
    with pytest.raises(ParseError, match="not one of the columns"):
        parse("keyvalue", "A=1\n", a="i64")
    with pytest.raises(ParseError, match="without a name"):
        parse("keyvalue", "=1\n", a="i64")


def test_csv() -> None:
    assert parse("csv", 'b,a\n"x, ""y""\nz",1\n,2\n', a="i64", b="str", c="str") == [
        (1, 'x, "y"\nz', None),
        (2, None, None),
    ]
    for text, says in (
        ("a,x\n1,2\n", "no column: 'x'"),
        ("a\n1,2\n", "2 values for 1"),
        ('a\n"1\n', "no CSV"),
        ("a,a\n1,1\n", "twice"),
    ):
        with pytest.raises(ParseError, match=says):
            parse("csv", text, a="i64")


def test_jsonl() -> None:
    text = '{"a":1,"m":{"k":"v","n":2,"o":null}}\n{"a":"2","f":true,"d":1.25,"s":5}\n'
    assert parse("jsonl", text, a="i64", m="map", f="bool", d="d2", s="str") == [
        (1, [("k", "v"), ("n", "2")], None, None, None),
        (2, None, True, 125, "5"),
    ]
    for text, says in (
        ("[1]", "no JSON object"),
        ("{", "no JSON object"),
        ('{"b":1}', "no column: 'b'"),
        ('{"a":[1]}', "a is no i64"),
    ):
        with pytest.raises(ParseError, match=says):
            parse("jsonl", text, a="i64")


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

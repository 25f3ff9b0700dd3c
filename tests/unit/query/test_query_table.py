"""The aligned table on a screen, and the text it is made of."""

from __future__ import annotations

import io
import time

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livedata.query.table import GAP, MEASURED, NARROWEST, Look, fit, write_table
from livedata.query.text import HARMFUL, clip, plain, width


def shown(table: pa.Table, look: Look) -> list[str]:
    out = io.BytesIO()
    write_table(table.schema, table.to_batches(), out, look)
    return out.getvalue().decode().splitlines()


def screen(columns: int = 80, rows: int = 100, colour: bool = False) -> Look:
    return Look(terminal=True, columns=columns, rows=rows, colour=colour)


def test_null_empty_and_zero_are_three_things() -> None:
    table = pa.table({"a": pa.array([None, "", "0"]), "b": pa.array([None, 0, 10])})
    assert shown(table, Look()) == ["a        b", "----  ----", "NULL  NULL", "         0", "0       10"]


def test_nulls_are_dim_where_there_is_colour() -> None:
    table = pa.table({"a": pa.array([None, "NULL"])})
    assert shown(table, screen(colour=True))[2:] == ["\x1b[2mNULL\x1b[0m", "NULL"]
    assert shown(table, screen())[2:] == ["NULL", "NULL"]


def test_wide_characters_stay_aligned() -> None:
    table = pa.table({"a": ["日本", "ab", "e\u0301"], "b": ["x", "y", "z"]})
    assert shown(table, Look()) == ["a     b", "----  -", "日本  x", "ab    y", "e\u0301     z"]


def test_hostile_text_is_made_visible() -> None:
    table = pa.table({"a\x1b[2J": ["\x1b]0;title\x07", "a\r\nb\tc", "\u202eevil", "\x9b31m"]})
    assert shown(table, screen())[0] == "a\\x1b[2J"
    assert shown(table, screen())[2:] == ["\\x1b]0;title\\x07", "a\\r\\nb\\tc", "\\u202eevil", "\\x9b31m"]


def test_a_screen_gets_the_first_rows_and_is_told_of_the_rest() -> None:
    table = pa.table({"n": pa.chunked_array([[1, 2], [3, 4], [5]])})
    assert shown(table, screen(rows=3))[2:] == ["1", "2", "3", "… 2 more rows; --format csv gives all"]
    assert shown(table, screen(rows=5))[2:] == ["1", "2", "3", "4", "5"]
    assert shown(table, Look())[2:] == ["1", "2", "3", "4", "5"]


def test_a_screen_cuts_texts_and_leaves_out_columns_but_cuts_no_number() -> None:
    table = pa.table({"host": ["web-01"], "text": ["x" * 90], "n": [123_456_789_012], "more": ["abc"]})
    assert shown(table, screen(40))[2:] == ["web-01  xxxxxxxxxxx…  123456789012  abc"]
    assert shown(table, screen(34)) == [
        "host    text                     n",
        "------  ------------  ------------",
        "web-01  xxxxxxxxxxx…  123456789012",
        "… 1 more column (more); --format csv gives all",
    ]
    assert shown(table, Look())[2].endswith("123456789012  abc")


def test_times_are_local_and_fractions_short_on_a_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    table = pa.table({"ts": pa.array([1_795_143_600_000_000], pa.timestamp("us", "UTC")), "f": [1 / 3]})
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert shown(table, screen())[2] == "2026-11-20 12:00:00  0.3333"
        assert shown(table, Look())[2] == "2026-11-20T03:00:00Z  0.3333333333333333"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_longer_value_far_down_is_whole_off_a_screen() -> None:
    table = pa.table({"a": ["x"] * MEASURED + ["longer"], "b": ["y"] * (MEASURED + 1)})
    out = io.BytesIO()
    write_table(table.schema, table.to_batches(max_chunksize=1000), out, Look())
    assert out.getvalue().endswith(b"\nx  y\nlonger  y\n")


def test_a_plan_is_drawn_line_by_line() -> None:
    table = pa.table({"explain_key": ["physical_plan"], "explain_value": ["┌─┐\n│\x1b│\n"]})
    assert shown(table, screen(10)) == ["┌─┐", "│\\x1b│"]


@given(st.lists(st.tuples(st.integers(1, 60), st.booleans()), min_size=1, max_size=12), st.integers(1, 120))
def test_what_fits_fits(columns: list[tuple[int, bool]], room: int) -> None:
    widths, may_shrink = [w for w, _ in columns], [m for _, m in columns]
    kept = fit(widths, may_shrink, room)
    total = sum(kept) + len(GAP) * (len(kept) - 1)
    assert kept
    assert total <= room or len(kept) == 1
    for new, old, may in zip(kept, widths, may_shrink, strict=False):
        assert new == old or (may and NARROWEST <= new < old)
    if sum(widths) + len(GAP) * (len(widths) - 1) <= room:
        assert kept == widths


@given(st.text())
def test_plain_text_is_harmless_and_one_line(text: str) -> None:
    assert not HARMFUL.search(plain(text))
    assert len(plain(text).splitlines()) <= 1
    assert plain(plain(text)) == plain(text)


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(1, 40))
def test_a_clipped_text_fits(text: str, columns: int) -> None:
    short = clip(text, columns)
    assert width(short) <= columns
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))

"""The journal: cursors, entries that were cut off, and fields of every shape."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livedata.model.reading import ParseError, Reading
from livedata.model.scrape import Outcome
from livedata.parse import CURSORS, PARSERS
from livedata.parse.journal import text
from livedata.probe.load import load_probes

LOG = load_probes()["log"]
NAMES = [column.name for column in LOG.columns]


def line(number: int, **more: object) -> str:
    return (
        json.dumps(
            {"__REALTIME_TIMESTAMP": str(1_700_000_000_000_000 + number), "__CURSOR": f"c{number}", **more}
        )
        + "\n"
    )


def rows(text: str) -> list[dict[str, object]]:
    return [dict(zip(NAMES, row, strict=True)) for row in PARSERS["journal"](LOG, Reading(text=text))]


@given(st.integers(0, 5), st.integers(0, 10_000))
def test_a_cut_answer_keeps_its_complete_lines_and_their_cursor(count: int, cut: int) -> None:
    whole = "".join(line(i, MESSAGE="ünï") for i in range(count))
    reading = Reading(text=whole[:cut], outcome=Outcome.TRUNCATED)
    complete = whole[:cut].count("\n")
    assert len(PARSERS["journal"](LOG, reading)) == complete
    assert CURSORS["journal"](reading, None, None) == (f"c{complete - 1}" if complete else None)


def test_a_line_that_is_no_entry_is_told() -> None:
    with pytest.raises(ParseError, match="No journal files"):
        rows(line(1) + "No journal files were found.\n")
    with pytest.raises(ParseError, match="__REALTIME_TIMESTAMP"):
        rows('{"MESSAGE":"a"}\n')
    with pytest.raises(ParseError):
        rows(line(1).replace("1700000000000001", "9" * 25))


@pytest.mark.parametrize(
    ("value", "expected"),
    [("a", "a"), (None, None), ([], ""), ([104, 105], "hi"), ([195, 188, 255], "ü\\xff"), ([256], "256"), (["a", "b"], "a\nb"),
     ([[104], "b", None], "h\nb\n"), (5, "5"), (True, "True")],
)  # fmt: skip
def test_values_of_every_shape_become_text(value: object, expected: str | None) -> None:
    assert text(value) == expected


def test_every_field_is_in_a_column_or_in_fields_once() -> None:
    row = rows(
        line(
            1,
            PRIORITY="6",
            _PID="5",
            SYSLOG_PID="5",
            SYSLOG_IDENTIFIER="a",
            _COMM="a",
            MESSAGE="m",
            CUSTOM="x",
        )
    )[0]
    assert (row["pid"], row["priority"], row["identifier"], row["message"]) == (5, 6, "a", "m")
    assert row["fields"] == [("_COMM", "a"), ("CUSTOM", "x")]


def test_what_the_service_manager_says_of_a_unit_is_that_units() -> None:
    said = {"UNIT": "b.service", "_SYSTEMD_UNIT": "init.scope"}
    assert rows(line(1, _PID="1", **said))[0]["unit"] == "b.service"
    assert rows(line(1, _PID="7", **said))[0]["unit"] == "init.scope"


def test_a_pid_or_priority_that_is_none_stays_among_the_fields() -> None:
    row = rows(line(1, _PID="x", PRIORITY="9", _UID=str(2**40)))[0]
    assert (row["pid"], row["priority"], row["uid"]) == (None, None, None)
    assert dict(row["fields"]) == {"_PID": "x", "PRIORITY": "9", "_UID": str(2**40)}  # type: ignore[call-overload]


def test_a_line_of_nothing_but_blanks_is_no_place_to_go_on_at() -> None:
    assert CURSORS["journal"](Reading(text="\r\n"), None, None) is None
    assert CURSORS["journal"](Reading(text=" \n"), "c 1", None) == "c 1"

"""A point in time as a person writes it."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livedata.errors import UsageError
from livedata.query.when import UNITS, parse_when

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 20, 14, 30, 15, 250_000, BERLIN)
NOW_US = 1_795_181_415_250_000


def us(*parts: int, zone: ZoneInfo = BERLIN) -> int:
    return int(datetime(*parts, tzinfo=zone).timestamp()) * 1_000_000  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", NOW_US),
        ("15m", NOW_US - 900_000_000),
        ("1h30m", NOW_US - 5_400_000_000),
        ("1.5h", NOW_US - 5_400_000_000),
        ("2d", NOW_US - 2 * 86_400_000_000),
        ("1w", NOW_US - 7 * 86_400_000_000),
        ("-90s", NOW_US - 90_000_000),
        ("10m ago", NOW_US - 600_000_000),
        ("  15M  ", NOW_US - 900_000_000),
        ("03:00", us(2026, 11, 20, 3)),
        ("3:05", us(2026, 11, 20, 3, 5)),
        ("23:59:59", us(2026, 11, 20, 23, 59, 59)),
        ("today", us(2026, 11, 20)),
        ("yesterday", us(2026, 11, 19)),
        ("yesterday 03:00", us(2026, 11, 19, 3)),
        ("Yesterday  3:00", us(2026, 11, 19, 3)),
        ("tomorrow 00:30", us(2026, 11, 21, 0, 30)),
        ("2026-11-20", us(2026, 11, 20)),
        ("2026-11-20T03:00", us(2026, 11, 20, 3)),
        ("2026-11-20 03:00:01", us(2026, 11, 20, 3, 0, 1)),
        ("2026-11-20t03:00z", us(2026, 11, 20, 4)),
        ("2026-11-20T03:00:00.000001Z", us(2026, 11, 20, 4) + 1),
        ("2026-11-20T03:00+05:30", us(2026, 11, 19, 22, 30)),
        ("@1795143600", 1_795_143_600_000_000),
        ("@1795143600.000001", 1_795_143_600_000_001),
        ("2026-10-25T02:30", us(2026, 10, 25, 2, 30)),
        ("1969-12-31T23:59:59.999999Z", -1),
    ],
)
def test_read(text: str, expected: int) -> None:
    assert parse_when(text, NOW_US, BERLIN) == expected


def test_an_hour_that_comes_twice_is_the_first() -> None:
    assert parse_when("2026-10-25T02:30", NOW_US, BERLIN) == parse_when("2026-10-25T00:30Z", NOW_US, BERLIN)


@pytest.mark.parametrize(
    "text",
    ["", " ", "soon", "15", "m", "15 m", "15x", "+15m", "1e3s", "25:00", "03:60", "2026-13-01", "2026-02-30", "yesterday 3",
     "yesterday 03:00 04:00", "today -1h", "@", "@x", "@nan", "@inf", "@1e300", "9" * 400 + "d", "2026-11-20T03:00Q",
     "2026-11-20T99:00", "0000-01-01", "١٥m", "15m\0", "now()"],
)  # fmt: skip
def test_refused_with_examples(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_when(text, NOW_US, BERLIN, option="--since")
    assert caught.value.where == "--since"
    assert "yesterday 03:00" in caught.value.hint


@given(st.text(max_size=40))
def test_any_text_is_a_time_or_a_usage_error(text: str) -> None:
    with suppress(UsageError):
        assert isinstance(parse_when(text, NOW_US, UTC), int)


@given(
    st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1)),
    st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns", "Pacific/Apia"]),
    st.sampled_from(["T", " "]),
)
def test_every_written_time_is_read_to_the_microsecond(stamp: datetime, zone: str, between: str) -> None:
    there = stamp.replace(tzinfo=ZoneInfo(zone))
    expected = (there - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    assert parse_when(stamp.isoformat(between), NOW_US, ZoneInfo(zone)) == expected
    assert parse_when(there.astimezone(UTC).isoformat(between), NOW_US, BERLIN) == expected


@given(st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from(sorted(UNITS))), min_size=1, max_size=4))
def test_a_duration_lies_before_now(terms: list[tuple[int, str]]) -> None:
    text = "".join(f"{n}{unit}" for n, unit in terms)
    assert parse_when(text, NOW_US, UTC) == NOW_US - sum(n * UNITS[u] for n, u in terms) * 1_000_000


def test_without_a_zone_it_is_this_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert parse_when("2026-11-20T03:00", NOW_US) == us(2026, 11, 19, 18, zone=ZoneInfo("UTC"))
        assert parse_when("today", NOW_US) == us(2026, 11, 20, zone=ZoneInfo("Asia/Tokyo"))
    finally:
        monkeypatch.undo()
        time.tzset()

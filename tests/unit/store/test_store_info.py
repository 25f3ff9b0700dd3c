"""What a store says of itself, and the ages and sizes that a person writes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livedata.errors import ConfigError
from livedata.store.info import TableInfo, filled, info
from livedata.store.keep import HOUR_US, Keep, parse_keep, parse_size
from livedata.store.layout import DAY_US
from livedata.store.writer import Writer

from .samples import DISK, LOAD, START_US, batch
from .test_store_compact import keep, segments, tended


def test_ages_by_table() -> None:
    ages = parse_keep("30d, log=90d,process = 2w, 1m=60d, 5m=2y, cpu=100d, net_5m=1y", "50GB")
    hours = {
        name: ages.hours(name) // 24
        for name in ("disk", "log", "process", "cpu", "cpu_1m", "disk_1m", "disk_5m")
    }
    assert hours == {
        "disk": 30,
        "log": 90,
        "process": 14,
        "cpu": 100,
        "cpu_1m": 100,
        "disk_1m": 60,
        "disk_5m": 730,
    }
    assert ages.hours("net_5m") // 24 == 365
    assert ages.since("disk", 40 * DAY_US) == 10 * DAY_US
    assert ages.bytes == 50 * 10**9


@pytest.mark.parametrize("text", ["", "log=3d", "30", "0d", "30d, log=", "thirty", "30d, =3d", "30x"])
def test_a_wrong_age_is_a_sentence(text: str) -> None:
    with pytest.raises(ConfigError, match="keep is"):
        parse_keep(text, "1GB")


def test_sizes() -> None:
    sizes = {
        "500": 500,
        "1.5kB": 1500,
        "500MB": 5 * 10**8,
        "50 GB": 5 * 10**10,
        "2T": 2 * 10**12,
        "1GiB": 10**9,
    }
    assert {text: parse_size(text, "keep_bytes") for text in sizes} == sizes
    for text in ("", "0GB", "much", "-1GB", "5XB"):
        with pytest.raises(ConfigError, match="keep_bytes is"):
            parse_size(text, "keep_bytes")


def test_a_store_says_what_it_holds(tmp_path: Path) -> None:
    root = tmp_path / "store"
    keep(root, [[batch(DISK, f"h{h}", n * 360) for h in range(3)] for n in range(5)])
    tended(root, START_US)
    found = info(root, Keep(24 * 10, {}, 10**9), START_US + 2 * DAY_US)
    disk = next(t for t in found.tables if t.name == "disk")
    assert (disk.hosts, disk.files, disk.rows) == (3, 3, 30)
    assert disk.samples == 30 * 3, "two counters and a gauge"
    assert disk.bytes == sum(s.bytes for s in segments(root))
    assert (disk.oldest, disk.newest) == (START_US, START_US + 4 * HOUR_US)
    assert disk.bytes_per_day == pytest.approx(disk.bytes * 6)
    assert found.dead_bytes > 0
    assert found.bytes == disk.bytes + found.log_bytes + found.dead_bytes
    assert found.budget_full is None
    assert found.levels_off == pytest.approx(found.log_bytes + disk.bytes * 60)
    small = info(root, Keep(24 * 10, {}, found.bytes + disk.bytes * 12), START_US + 2 * DAY_US)
    assert small.budget_full == START_US + 4 * DAY_US
    young = info(root, Keep(24 * 10), START_US + HOUR_US // 2)
    assert {t.bytes_per_day for t in young.tables} == {None}, (
        "a young store's old logs say nothing about growth"
    )


def test_an_empty_store_says_so(tmp_path: Path) -> None:
    with Writer.open(tmp_path / "s", purpose="test", now_us=0) as writer:
        writer.register(LOAD)
    found = info(tmp_path / "s", Keep(1), 0)
    assert [(t.name, t.rows, t.bytes_per_day, t.oldest) for t in found.tables] == [
        (name, 0, None, None) for name in ("load", "load_1m", "load_5m")
    ]
    assert (found.budget_full, found.disk_full, found.levels_off) == (None, None, found.log_bytes)


def table(rate: float, kept_days: int, age_days: int) -> TableInfo:
    return TableInfo("t", 1, 1, 1, 1, 1, -age_days * DAY_US, 0, rate, kept_days * 24)


@given(
    st.lists(st.tuples(st.integers(1, 10**6), st.integers(1, 900), st.integers(0, 900)), max_size=6),
    st.integers(0, 10**9),
)
def test_the_forecast_is_what_day_by_day_reckoning_gives(
    tables: list[tuple[int, int, int]], room: int
) -> None:
    found = filled(room, [table(*t) for t in tables], 0)
    left, day = float(room), 0
    while day < 1_000 and left >= 0:
        left -= sum(rate for rate, kept, age in tables if kept - age > day)
        day += 1
    if left < 0:
        assert found is not None
        assert day - 1 <= found / DAY_US <= day + 1e-6
    elif left > 0:
        assert found is None

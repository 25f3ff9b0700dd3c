"""What is merged, and what is given up, is reckoned from a list of files alone."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from livedata.store import compact, expire
from livedata.store.compact import plan
from livedata.store.keep import Keep
from livedata.store.layout import DAY_US, Segment

from .samples import START_US

HOUR_US = 3_600_000_000
END = 1_785_024_000_000_000  # 2026-07-26T00:00Z


def a_segment(
    table: str = "cpu", level: int = 0, born: int = START_US, period: str = "2026-07-25", **more: Any
) -> Segment:
    values: dict[str, Any] = {
        "path": Path(f"{table}-{level}-{born}-{period}-{len(more)}"), "table": table, "period": period, "level": level,
        "version": 1, "first_host": "a", "last_host": "z", "hosts": 2, "first_ts": START_US, "last_ts": START_US,
        "rows": 10, "bytes": 100, "crc": 0, "mtime": 0, "born": born,
    }  # fmt: skip
    return Segment(**(values | more))


@pytest.mark.parametrize(
    ("found", "now", "level"),
    [
        ([a_segment(born=START_US + n) for n in range(5)], START_US + 10, None),
        ([a_segment(born=START_US + n) for n in range(6)], START_US + 10, 1),
        ([a_segment(born=START_US, first_host=f"{n}") for n in range(9)], START_US + 10, None),
        ([a_segment()], START_US + HOUR_US, 1),
        ([a_segment()], START_US - 1, 1),
        ([a_segment(level=1, born=START_US + n) for n in range(40)], END + compact.LATE_US, None),
        ([a_segment(level=1)], END + compact.LATE_US + 1, 2),
        ([a_segment(level=1), a_segment(born=END + compact.LATE_US)], END + compact.LATE_US + 1, None),
        ([a_segment(level=2)], END * 2, None),
        ([a_segment(level=2), a_segment(level=1, born=END * 2)], END * 2 + HOUR_US, None),
        ([a_segment(level=2), a_segment(level=1, born=END * 2)], END * 2 + DAY_US, 2),
        ([a_segment(period="other")], START_US + HOUR_US, 1),
        ([a_segment(level=1, period="other")], START_US, 2),
        ([a_segment(damage="broken")], START_US + HOUR_US, None),
    ],
)
def test_what_is_due(found: list[Segment], now: int, level: int | None) -> None:
    tasks = plan(found, now, ())
    assert [t.level for t in tasks] == ([level] if level else [])


def test_a_task_opens_only_so_many_files() -> None:
    """The oldest first; what is left is another task's."""
    new = [a_segment(born=START_US + n) for n in range(compact.MOST_INPUTS + 5)]
    (task,) = plan(new, START_US, ())
    assert task.inputs == tuple(new[: compact.MOST_INPUTS])
    merged = [a_segment(level=1, born=START_US + n) for n in range(compact.MOST_INPUTS + 5)]
    whole = a_segment(level=2)
    (task,) = plan([*merged, whole], END * 2, ())
    assert set(task.inputs) == {*merged[: compact.MOST_INPUTS], whole}
    days = [
        a_segment(level=2, period=f"2026-07-{n % 28 + 1:02}", born=n) for n in range(compact.MOST_INPUTS + 1)
    ]
    assert plan(days, END + 9 * DAY_US, {"cpu"}) == []


def test_late_rows_are_merged_with_the_files_of_their_hosts_only() -> None:
    left, right = (
        a_segment(level=2, first_host="a", last_host="f"),
        a_segment(level=2, first_host="g", last_host="z"),
    )
    late = a_segment(level=1, first_host="h", last_host="h")
    (task,) = plan([left, right, late], END * 2, ())
    assert set(task.inputs) == {right, late}


def test_what_rollups_hold_is_not_merged_with_what_they_do_not() -> None:
    found = [a_segment(level=1, rolled=True), a_segment(level=1, rolled=False)]
    assert [{s.rolled for s in t.inputs} for t in plan(found, END * 2, ())] == [{True}, {False}]


def test_months_are_merged_of_what_is_kept_for_long() -> None:
    days = [a_segment(level=2, period=f"2026-07-{n}") for n in range(10, 20)]
    assert plan(days, END + 9 * DAY_US, ()) == []
    assert plan(days, END + 6 * DAY_US, {"cpu"}) == []
    (task,) = plan(days, END + 9 * DAY_US, {"cpu"})
    assert (task.level, task.period, len(task.inputs)) == (3, "2026-07", 10)
    month = a_segment(level=3, period="2026-07")
    assert plan([month], END + 9 * DAY_US, {"cpu"}) == []
    assert plan([month, days[0]], days[0].born + HOUR_US, {"cpu"}) == []
    (task,) = plan([month, days[0]], END + 99 * DAY_US, {"cpu"})
    assert set(task.inputs) == {month, days[0]}
    huge = [replace(d, rows=compact.MONTH_ROWS) for d in days]
    assert plan(huge, END + 9 * DAY_US, {"cpu"}) == []


def test_beyond_the_bytes_allowed_the_oldest_raw_rows_go_first() -> None:
    old, new = a_segment(last_ts=START_US), a_segment(last_ts=START_US + 9)
    rollup = a_segment("cpu_5m", last_ts=START_US - 9)
    for size, gone in ((300, []), (299, [old]), (200, [old]), (199, [old, new]), (99, [old, new, rollup])):
        assert expire.expired([new, rollup, old], Keep(10**6, {}, size), START_US, 0) == gone
    assert expire.expired([new, rollup, old], Keep(10**6, {}, 300), START_US, 1) == [old]

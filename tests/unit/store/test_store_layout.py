"""The names of a store's files: what they say is what was meant."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from livedata.store.layout import (
    DAY_US,
    MANY_PERIODS,
    OTHER,
    Layout,
    day,
    job_of,
    lake_files,
    period_end,
    periods,
)

DAYS = st.integers(-(2**63) // DAY_US, 2**63 // DAY_US)


def test_a_file_says_which_job_made_it() -> None:
    path = Layout(Path("store")).file("cpu", "2026-11-24", "web-01.example.org", 123, 4)
    assert path == Path("store/lake/cpu/2026-11-24/web-01.example.org.00000123-4.parquet")
    assert job_of(path) == 123
    assert job_of(Path("1-hosts.123456789012-0.parquet")) == 123456789012
    assert job_of(Path("something.parquet")) is None


def test_days_and_months_end_where_the_next_begins() -> None:
    assert day(20781) == "2026-11-24"
    assert period_end("2026-11-24") == 20782 * DAY_US
    assert period_end("2026-11") == period_end("2026-11-30")
    assert period_end("2026-12") == period_end("2026-12-31")
    assert period_end("2028-02") == period_end("2028-02-29")
    assert period_end(OTHER) == 0


@given(st.sets(DAYS, min_size=1, max_size=200))
def test_however_many_days_there_are_the_periods_are_few(days: set[int]) -> None:
    named = periods(days)
    assert set(named) == days
    assert len(set(named.values())) <= MANY_PERIODS
    for number, name in named.items():
        assert name == OTHER or day(number).startswith(name)


def test_few_days_are_filed_by_day() -> None:
    assert periods({20781, 20780}) == {20781: "2026-11-24", 20780: "2026-11-23"}
    month = {n: day(n)[:7] for n in range(20700, 20800)}
    assert periods(set(month)) == month


def test_the_lakes_files_are_found_whatever_lies_beside_them(tmp_path: Path) -> None:
    for name in (
        "log/2026-11-24/a.00000001-0.parquet",
        "cpu/2026-11/b.00000002-0.parquet",
        "cpu/notes.txt",
        "README",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    found = [path.relative_to(tmp_path).as_posix() for path in lake_files(tmp_path)]
    assert found == ["cpu/2026-11/b.00000002-0.parquet", "log/2026-11-24/a.00000001-0.parquet"]
    assert list(lake_files(tmp_path, ["log"])) == [tmp_path / "log/2026-11-24/a.00000001-0.parquet"]
    assert list(lake_files(tmp_path / "nothing")) == []

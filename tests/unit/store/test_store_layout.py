"""The names of a store's files: what they say is what was meant."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livedata.store.layout import FIRST_TS, LAST_TS, list_parts, parse_part, part_path, stamp, unstamp

LAKE = Path("lake")
TIMES = st.integers(-(2**63), 2**63 - 1)


@pytest.mark.parametrize(
    ("ts", "text"),
    [
        (0, "19700101T000000Z"),
        (1_785_000_000_000_000, "20260725T172000Z"),
        (1_785_000_000_000_001, "20260725T172000.000001Z"),
        (-1, "19691231T235959.999999Z"),
        (FIRST_TS, "00010101T000000Z"),
    ],
)
def test_a_time_is_readable(ts: int, text: str) -> None:
    assert stamp(ts) == text
    assert unstamp(text) == ts


@given(TIMES, TIMES)
def test_a_name_encloses_its_rows_times(one: int, other: int) -> None:
    span = (min(one, other), max(one, other))
    path = part_path(LAKE, "cpu", "web-01.example.org", span=span, wals=(3, 12), version=2)
    part = parse_part(path)
    assert part is not None
    assert (part.path, part.host, part.table) == (path, "web-01.example.org", "cpu")
    assert (part.first_wal, part.last_wal, part.version) == (3, 12, 2)
    assert part.first_ts <= span[0] <= span[1] <= part.last_ts
    if span[0] > FIRST_TS and span[1] < LAST_TS:
        assert (part.first_ts, part.last_ts) == span


@pytest.mark.parametrize(
    "name",
    [
        "notes.txt",
        "part.parquet",
        "20260725T172000Z_20260725T172000Z_w1-1_v1.parquet.tmp",
        "20261325T172000Z_20260725T172000Z_w1-1_v1.parquet",
        "20260725T172000_20260725T172000Z_w1-1_v1.parquet",
    ],
)
def test_other_files_are_no_parts(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "cpu" / "web-01"
    folder.mkdir(parents=True)
    (folder / name).write_text("")
    assert list_parts(tmp_path) == []


def test_parts_are_listed_by_table_and_host(tmp_path: Path) -> None:
    for table in ("cpu", "log"):
        for host in ("b", "a"):
            path = part_path(tmp_path, table, host, span=(0, 9), wals=(1, 1), version=1)
            path.parent.mkdir(parents=True)
            path.write_text("")
    (tmp_path / "README").write_text("")
    assert [(p.table, p.host) for p in list_parts(tmp_path)] == [
        ("cpu", "a"),
        ("cpu", "b"),
        ("log", "a"),
        ("log", "b"),
    ]
    assert [(p.table, p.host) for p in list_parts(tmp_path, ["log"], ["b", "c"])] == [("log", "b")]
    assert list_parts(tmp_path / "nothing") == []

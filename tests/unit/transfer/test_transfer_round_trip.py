"""What is exported comes back as it was, in every format that has room for it, whatever stands in its texts."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livedata.model.probe import Probe
from livedata.query.cells import Cells
from livedata.transfer.formats import FORMATS, compressed, groups
from livedata.transfer.load import planned
from livedata.transfer.plan import Plan, Wanted
from livedata.transfer.read import open_table
from livedata.transfer.take import batches

from .samples import EVERY_TYPE, rows, table

FINITE = st.floats(allow_nan=False, allow_infinity=False)
WANTED = Wanted("every_type")
SETTINGS = settings(max_examples=40)


def there_and_back(
    rows: pa.Table, form: str, path: Path, codec: str = "", known: Mapping[str, Probe] | None = None
) -> tuple[Plan, pa.Table]:
    """The rows after an export and an import; `known`: the tables that the importing store has."""
    with path.open("wb") as out, compressed(out, codec) as packed:
        assert FORMATS[form].write(EVERY_TYPE, rows.to_batches(max_chunksize=3), packed) == rows.num_rows
    file = open_table(path)
    plan = planned([file], WANTED, {} if known is None else known)
    return plan, pa.Table.from_batches(batches(file, plan, WANTED))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("transfer")


@pytest.mark.parametrize("form", ["parquet", "arrow"])
@given(found=rows(st.floats(allow_nan=False)))
@SETTINGS
def test_typed_formats_bring_their_header(folder: Path, form: str, found: list[dict[str, object]]) -> None:
    plan, back = there_and_back(table(found), form, folder / f"x.{form}")
    assert plan.probe.columns == EVERY_TYPE.columns
    assert back.equals(table(found))


@pytest.mark.parametrize("codec", ["", "gzip", "zstd"])
@given(found=rows(st.floats(allow_nan=False)))
@SETTINGS
def test_csv_into_a_known_table(folder: Path, codec: str, found: list[dict[str, object]]) -> None:
    path = folder / f"x.csv{ {'': '', 'gzip': '.gz', 'zstd': '.zst'}[codec] }"
    assert there_and_back(table(found), "csv", path, codec, {"every_type": EVERY_TYPE})[1].equals(
        table(found)
    )


@pytest.mark.parametrize("codec", ["", "gzip", "zstd"])
@given(found=rows(FINITE))
@SETTINGS
def test_json_lines_into_a_known_table(folder: Path, codec: str, found: list[dict[str, object]]) -> None:
    path = folder / f"x.jsonl{ {'': '', 'gzip': '.gz', 'zstd': '.zst'}[codec] }"
    assert there_and_back(table(found), "jsonl", path, codec, {"every_type": EVERY_TYPE})[1].equals(
        table(found)
    )


@pytest.mark.parametrize("form", ["csv", "jsonl"])
@given(found=rows(FINITE))
@SETTINGS
def test_a_table_made_of_text_says_the_same_text(
    folder: Path, form: str, found: list[dict[str, object]]
) -> None:
    """Types are guessed then, and every value still reads as it did, or is the same number."""
    plan, back = there_and_back(table(found), form, folder / f"first.{form}")
    assert back.num_rows == len(found)
    for column, source in plan.source.items():
        before, after = texts(table(found).column(source)), texts(back.column(column))
        assert all(a == b or same_number(a, b) for a, b in zip(before, after, strict=True)), (before, after)


def texts(column: pa.ChunkedArray) -> list[str | None]:
    return Cells(column.type).texts(column.combine_chunks())


def same_number(a: str | None, b: str | None) -> bool:
    try:
        return a is not None and b is not None and Decimal(a) == Decimal(b)
    except InvalidOperation:
        return False


@given(sizes=st.lists(st.integers(0, 7), max_size=8), most=st.integers(1, 9))
def test_groups_keep_order_and_size(sizes: list[int], most: int) -> None:
    numbers = iter(range(100))
    given_ = [
        pa.record_batch({"n": pa.array([next(numbers) for _ in range(size)], pa.int64())}) for size in sizes
    ]
    tables = list(groups(given_, most))
    assert [n for t in tables for n in t["n"].to_pylist()] == list(range(sum(sizes)))
    assert all(t.num_rows == most for t in tables[:-1])
    assert all(0 < t.num_rows <= most for t in tables)

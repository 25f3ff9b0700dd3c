"""The words of a file's row groups: every one that is there is found, whatever the texts are."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livedata.model.batch import Batch, arrow_schema, to_arrow
from livedata.model.probe import Column, Probe
from livedata.store import segment
from livedata.store.layout import Layout
from livedata.store.segment import File, Origin, by_series
from livedata.store.terms import BLOCK, MAGIC, Filters, _filter, may_hold, words
from livedata.store.xxh64 import xxh64

LOG = Probe(
    "log",
    "Messages.",
    (Column("ts", 1, "ts", "time"), Column("message", 2, "str", "text")),
    mined="message",
)


def of(*texts: str | None) -> set[str]:
    return set(words(pa.array(texts, pa.string())).to_pylist())


def test_words_and_addresses() -> None:
    assert of("GET /a_b?x=10.1.2.3:40022 Ünïcode K 123456 5b") == {
        "get", "a", "b", "x", "10.1.2.3", "ünïcode", "k", "123456", "5b",
    }  # fmt: skip
    assert of(None, "", " .. ") == set()


@pytest.mark.parametrize("text", ["1.2.3.4.5", "x.1.2.3.4.5", "1.2.3.4.5.y", "..1.2.3.4.5."])
def test_every_four_numbers_in_a_row_are_an_address(text: str) -> None:
    assert {"1.2.3.4", "2.3.4.5"} <= of(text)
    assert not of("1.2.3", "a.2.3.4", "1.2.3.4a") & {"1.2.3.4", "1.2.3", "a.2.3.4"}


@given(st.binary(max_size=100))
def test_the_hash_is_the_one_of_pyarrows_filters(text: bytes) -> None:
    filter_ = _filter(pa.array([text]))
    assert len(filter_) == BLOCK
    from livedata.store.terms import _has

    assert _has(filter_, 0, BLOCK, xxh64(text))


def test_the_hash_is_xxh64() -> None:
    assert xxh64(b"") == 0xEF46DB3751D8E999


def written(folder: Path, messages: list[str | None], *, level: int = 2) -> Path:
    rows = [(n, message) for n, message in enumerate(messages)]
    table = pa.Table.from_batches([to_arrow([Batch(LOG, "h", 0, rows)])], arrow_schema(LOG))
    layout = Layout(folder)
    layout.aside.mkdir(parents=True, exist_ok=True)
    with File(layout, layout.aside, LOG, "2026-11-24", Origin("log", 1, 1, len(rows), level), 0, 3) as file:
        file.add(by_series(table, LOG))
        file.close()
    return file.aside


def test_only_the_row_groups_that_may_have_a_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segment, "LARGEST_GROUP", 100)
    path = written(tmp_path, [f"kind {'abcdefghij'[n // 100]}x took id{n}" for n in range(1000)])
    assert may_hold(path, [frozenset({"id250"})]) == [(200, 300)]
    assert may_hold(path, [frozenset({"took"})]) == [(0, 1000)]
    assert may_hold(path, [frozenset({"id250", "id350"})]) == []
    assert may_hold(path, [frozenset({"id250"}), frozenset({"id350"}), frozenset({"id950"})]) == [
        (200, 400),
        (900, 1000),
    ]
    assert may_hold(path, [frozenset()]) == [(0, 1000)]


def test_other_readers_do_not_see_the_filters(tmp_path: Path) -> None:
    path = written(tmp_path, ["one 1", None, "two 2"])
    assert MAGIC in path.read_bytes()
    assert pq.read_table(path, partitioning=None)["message"].to_pylist() == ["one 1", "two 2", None]
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        assert file.read().num_rows == 3


def test_a_file_without_them_is_known(tmp_path: Path) -> None:
    assert may_hold(written(tmp_path, ["one"], level=0), [frozenset({"two"})]) is None
    for content in (b"", b"PAR1", b"\0" * 100, b"x" * 20 + (1 << 30).to_bytes(4, "little") + b"PAR1"):
        (tmp_path / "odd").write_bytes(content)
        assert may_hold(tmp_path / "odd", [frozenset({"two"})]) is None


@given(st.lists(st.text() | st.none() | st.from_regex(r"[a-c.0-2 :]{1,20}"), max_size=30))
def test_no_word_is_missed(texts: list[str | None]) -> None:
    filters = Filters()
    filters.add(pa.chunked_array([pa.array(texts, pa.string())]))
    from livedata.store.terms import _has

    for word in of(*texts):
        assert _has(filters.made[0], 0, len(filters.made[0]), xxh64(word.encode()))

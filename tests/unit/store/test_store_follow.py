"""Following a store: what it has at one moment and what comes after it are all its rows, each once, whatever is sealed meanwhile."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livedata.errors import StoreError
from livedata.store.follow import rows_since
from livedata.store.reader import Place, Span, open_store
from livedata.store.writer import Writer

from .samples import LOG, START_US, batch

Step = Callable[[Writer, int], object]


def append(writer: Writer, n: int) -> None:
    writer.append([batch(LOG, f"web-{n % 3}", n)], START_US + n)


def append_twice(writer: Writer, n: int) -> None:
    append(writer, n)
    append(writer, n + 1_000)


def seal(writer: Writer, n: int) -> None:
    writer.seal(START_US + n)


def messages(table: pa.Table | None) -> list[str]:
    return [] if table is None else table["message"].to_pylist()


def known(root: Path) -> tuple[list[str], Place]:
    """The messages that the store has at this moment, and the place behind them."""
    with open_store(root, {"log": Span()}) as content:
        log = content["log"]
        sealed = [m for part in log.parts for m in messages(pq.read_table(part.path, columns=["message"]))]
        return sealed + messages(log.fresh), log.through


@settings(max_examples=60)
@given(
    st.lists(st.sampled_from([append, append_twice, seal]), max_size=12),
    st.lists(st.lists(st.sampled_from([append, append_twice, seal]), max_size=4), max_size=6),
)
def test_what_is_known_and_what_comes_are_all_rows_once(before: list[Step], rounds: list[list[Step]]) -> None:
    with TemporaryDirectory() as folder, Writer.open(Path(folder), purpose="test", now_us=START_US) as writer:
        writer.register(LOG)
        root, n = Path(folder), 0
        for step in before:
            step(writer, n := n + 1)
        seen, place = known(root)
        for steps in rounds:
            sealings = 0
            for step in steps:
                if step is not seal or (sealings := sealings + 1) < 2:  # as long as a log is kept
                    step(writer, n := n + 1)
            came, place = rows_since(root, "log", place)
            seen += messages(came)
        assert sorted(seen) == sorted(known(root)[0])
        assert messages(rows_since(root, "log", place)[0]) == []


def test_a_store_that_has_no_table_yet_is_waited_for(tmp_path: Path) -> None:
    with Writer.open(tmp_path, purpose="test", now_us=START_US) as writer:
        nothing, place = rows_since(tmp_path, "log", Place(1))
        assert nothing is None
        append(writer, 1)
        came, place = rows_since(tmp_path, "log", place)
        assert messages(came) == ["tick 1 line 0\n", "tick 1 line 1\n"]


def test_rows_of_other_tables_move_the_place_on(tmp_path: Path) -> None:
    with Writer.open(tmp_path, purpose="test", now_us=START_US) as writer:
        writer.register(LOG)
        _, place = known(tmp_path)
        writer.append([batch(p, "web-0", 1) for p in (LOG,)], START_US)
        came, behind = rows_since(tmp_path, "log", place)
        assert behind > place
        assert len(messages(came)) == 2


def test_who_slept_too_long_is_told(tmp_path: Path) -> None:
    with Writer.open(tmp_path, purpose="test", now_us=START_US) as writer:
        append(writer, 1)
        _, place = known(tmp_path)
        for n in range(2, 6):
            append(writer, n)
            seal(writer, n)
        with pytest.raises(StoreError, match="log 1 is gone"):
            rows_since(tmp_path, "log", place)

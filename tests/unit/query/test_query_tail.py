"""What a question gives and what comes after it: each row once, in the same columns."""

from pathlib import Path

from livedata.query.tail import first, rows_since
from livedata.store.writer import Writer

from ..store.samples import LOG, START_US, batch

ALL = "SELECT * FROM log ORDER BY ts"


def test_the_answer_and_what_follows_it_meet(tmp_path: Path) -> None:
    with Writer.open(tmp_path, purpose="test", now_us=START_US) as writer:
        writer.append([batch(LOG, "web-0", 1)], START_US)
        writer.seal(START_US)
        writer.append([batch(LOG, "web-1", 2)], START_US)
        before, place = first(tmp_path, "log", ALL)
        assert before is not None
        assert before["host"].to_pylist() == ["web-0", "web-0", "web-1", "web-1"]
        writer.append([batch(LOG, "web-2", 3)], START_US)
        after, place = rows_since(tmp_path, "log", place)
        assert after is not None
        assert after["host"].to_pylist() == ["web-2", "web-2"]
        assert after.column_names == before.column_names
        assert rows_since(tmp_path, "log", place)[0] is None


def test_a_question_that_reads_nothing_is_followed_too(tmp_path: Path) -> None:
    with Writer.open(tmp_path, purpose="test", now_us=START_US) as writer:
        writer.append([batch(LOG, "web-0", 1)], START_US)
        before, place = first(tmp_path, "log", f"{ALL} LIMIT 0")
        assert before is not None
        assert before.num_rows == 0
        assert rows_since(tmp_path, "log", place)[0] is None, "what is there already does not come"


def test_a_store_without_the_table_is_waited_for(tmp_path: Path) -> None:
    with Writer.open(tmp_path, purpose="test", now_us=START_US) as writer:
        before, place = first(tmp_path, "log", ALL)
        assert before is None
        writer.append([batch(LOG, "web-0", 1)], START_US)
        after, _ = rows_since(tmp_path, "log", place)
        assert after is not None
        assert after.num_rows == 2

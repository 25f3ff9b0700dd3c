"""Versions of a table's columns: what a header may change, what it may not, and that old rows are read in new columns."""

from dataclasses import replace
from pathlib import Path

import pytest

from livedata.errors import ProbeError
from livedata.model.batch import Batch
from livedata.model.probe import Column, Derived, Probe
from livedata.store.layout import Layout
from livedata.store.reader import table_definitions
from livedata.store.registry import Registry, check
from livedata.store.writer import Writer

from .samples import read_store

A = Column("name", 1, "str", "label")
B = Column("used", 2, "i64", "gauge", "Used")
C = Column("ops_total", 3, "u64", "counter")
OLD = Probe("thing", "Things.", (A, B, C), body="cat secret", path="thing.sh")


def changed(*columns: Column) -> Probe:
    return replace(OLD, columns=columns)


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    (tmp_path / "aside").mkdir()
    return Registry(Layout(tmp_path))


def test_new_words_are_no_new_version(tmp_path: Path, registry: Registry) -> None:
    assert registry.admit(OLD) == 1
    new = replace(OLD, help="All things.", derived=(Derived("twice", "used * 2"),), every=60.0)
    assert registry.admit(new) == 1
    defined = table_definitions(tmp_path)["thing"]
    assert (defined.help, defined.derived, defined.every) == (new.help, new.derived, 60.0)
    assert defined.columns == OLD.columns
    assert defined.body == "", "how a probe is run is nothing for the store"


CHANGES = {
    "added": (A, B, C, Column("more", 4, "f64", "gauge")),
    "dropped": (A, C),
    "renamed": (A, replace(B, name="used_bytes", was=("used",)), C),
    "widened": (A, replace(B, type="f64"), C),
    "another order": (A, C, B),
}


@pytest.mark.parametrize("columns", CHANGES.values(), ids=CHANGES.keys())
def test_other_columns_are_a_new_version_and_the_old_one_stays(
    tmp_path: Path, registry: Registry, columns: tuple[Column, ...]
) -> None:
    assert [registry.admit(p) for p in (OLD, changed(*columns))] == [1, 2]
    again = Registry(Layout(tmp_path))
    assert again.probe("thing", 1).columns == OLD.columns
    assert again.probe("thing", 2).columns == columns
    assert table_definitions(tmp_path)["thing"].columns == columns


def test_two_headers_in_turn_are_two_versions(tmp_path: Path, registry: Registry) -> None:
    """Two users' probe folders may fill one store: its versions must not grow with every turn."""
    new = changed(A, B, C, Column("more", 4, "f64", "gauge"))
    assert [registry.admit(p) for p in (OLD, new, OLD, new)] == [1, 2, 1, 2]
    assert table_definitions(tmp_path)["thing"].columns == new.columns


VIOLATIONS = {
    "an id given to another column": ((A, replace(B, name="free"), C), "id 2, which is 'used' in the store"),
    "ids exchanged": ((A, replace(B, id=3), replace(C, id=2)), "has id 3, the store has it as 2"),
    "another type": ((A, replace(B, type="str"), C), "is str, the store has it as i64"),
    "a name under a new id": ((A, replace(B, id=9), C), "has id 9, the store has it as 2"),
}


@pytest.mark.parametrize(("columns", "problem"), VIOLATIONS.values(), ids=VIOLATIONS.keys())
def test_an_id_is_permanent(registry: Registry, columns: tuple[Column, ...], problem: str) -> None:
    registry.admit(OLD)
    with pytest.raises(ProbeError, match=problem) as caught:
        registry.admit(changed(*columns))
    assert caught.value.where == "thing.sh"
    assert caught.value.hint
    assert registry.admit(OLD) == 1


def test_a_column_that_was_dropped_long_ago_keeps_its_id(registry: Registry) -> None:
    registry.admit(OLD)
    registry.admit(changed(A, C))
    with pytest.raises(ProbeError, match="id 2, which is 'used' in the store"):
        registry.admit(changed(A, C, replace(B, name="other")))
    assert registry.admit(changed(A, C, replace(B, type="f64"))) == 3
    with pytest.raises(ProbeError, match="is i64, the store has it as f64"):
        registry.admit(changed(A, C, B, Column("x", 5, "i64", "gauge")))


@pytest.mark.parametrize(
    ("probe", "problem"),
    [
        (replace(OLD, name="../etc"), "can't be a table"),
        (changed(Column("m", 1, "map", "label")), "label 'm' is a map"),
    ],
)
def test_a_header_that_no_store_takes(probe: Probe, problem: str) -> None:
    with pytest.raises(ProbeError, match=problem):
        check(probe, ())


def test_rows_of_the_log_are_read_in_the_columns_of_now(tmp_path: Path) -> None:
    new = changed(
        A, replace(B, name="used_bytes", type="f64", was=("used",)), Column("more", 4, "str", "text")
    )
    with Writer.open(tmp_path / "s", purpose="test", now_us=0) as writer:
        writer.append([Batch(OLD, "h", 0, [("a", 5, 7, None)])], 0)
        writer.append([Batch(new, "h", 1, [("a", 6.5, "x")])], 0)
        rows = read_store(tmp_path / "s")["thing"].fresh.select(["name", "used_bytes", "more"]).to_pylist()
        assert rows == [
            {"name": "a", "used_bytes": 5.0, "more": None},
            {"name": "a", "used_bytes": 6.5, "more": "x"},
        ]
        writer.seal(1)
        assert sorted(p.version for p in read_store(tmp_path / "s")["thing"].parts) == [1, 2]
    with Writer.open(tmp_path / "s", purpose="test", now_us=0) as writer:
        assert writer.append([Batch(new, "h", 2, [("a", 7.5, "x")])], 0) == []


@pytest.mark.parametrize("old", ["i64", "u64", "d2"])
def test_what_may_widen_is_read_widened(tmp_path: Path, old: str) -> None:
    narrow = changed(replace(B, type=old))
    with Writer.open(tmp_path / "s", purpose="test", now_us=0) as writer:
        writer.append([Batch(narrow, "h", 0, [(250,), (None,)])], 0)
        writer.append([Batch(changed(replace(B, type="f64")), "h", 1, [(0.5,)])], 0)
    expected = [2.5 if old == "d2" else 250.0, None, 0.5]
    assert read_store(tmp_path / "s")["thing"].fresh["used"].to_pylist() == expected

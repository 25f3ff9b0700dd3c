"""Stores that earlier forms of livedata wrote are read as they were."""

import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest

from livedata.query.engine import ask
from livedata.query.roll import roller
from livedata.store import manifest
from livedata.store.keep import Keep
from livedata.store.layout import DAY_US, Layout
from livedata.store.tend import tend
from livedata.store.verify import repair, verify
from livedata.store.writer import Writer
from tests.golden.make import HOSTS, START_US, answers, batches, write

HERE = Path(__file__).parent
GOLDEN = sorted(HERE.glob("store-*.tar.xz"))


def expected(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        path.with_name(path.name.replace(".tar.xz", ".json")).read_text()
    )
    return found


@pytest.fixture(params=GOLDEN, ids=lambda path: path.name)
def golden(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, list[dict[str, Any]]]:
    with tarfile.open(request.param) as tar:
        tar.extractall(tmp_path, filter="data")
    return tmp_path / "store", expected(request.param)


def check(root: Path, wanted: list[dict[str, Any]]) -> None:
    for question in wanted:
        table = ask(root, question["sql"]).table
        rows = [[None if v is None else str(v) for v in row.values()] for row in table.to_pylist()]
        assert rows == question["rows"], question["sql"]
        assert [str(f.type) for f in table.schema] == question["types"]


def test_there_is_one() -> None:
    assert GOLDEN


def test_it_is_read_as_it_was(golden: tuple[Path, list[dict[str, Any]]]) -> None:
    check(*golden)


def test_it_holds_rows_of_every_age_and_header(golden: tuple[Path, list[dict[str, Any]]]) -> None:
    root, _ = golden
    with manifest.reading(Layout(root)) as listed:
        assert listed is not None
        segments = listed.segments("disk")
    assert {s.level for s in segments} == {0, 1, 2, 3}
    assert {s.version for s in segments} == {1, 2}
    assert {s.thin for s in segments} == {s.rolled for s in segments} == {True, False}
    assert verify(root).damage == []


def test_it_is_gone_on_with_and_compacted(golden: tuple[Path, list[dict[str, Any]]]) -> None:
    root, wanted = golden
    with roller() as roll:
        tend(root, Keep(10**6), lambda: START_US + 60 * DAY_US, roll, force=True)
    with Writer.open(root, purpose="test", now_us=START_US) as writer:
        assert writer.warnings == []
        assert writer.state.last["host-00", "log"].cursor == f"c{52 * 8640 + 32}"
        writer.seal(START_US)
    with roller() as roll:
        tend(root, Keep(10**6), lambda: START_US + 99 * DAY_US, roll, force=True)
    rolled = "FROM disk_5m"  # its last rows lie in rollups now, the sums are the same
    check(root, wanted)
    assert any(rolled in question["sql"] for question in wanted)
    with Writer.open(root, purpose="test", now_us=START_US) as writer:
        assert writer.append(batches(60 * 8640, second=True), START_US) == []
    (found,) = ask(root, "SELECT count(*) AS n FROM disk").table.to_pylist()
    assert str(found["n"] - 2 * len(HOSTS)) == wanted[0]["rows"][0][0]


def test_a_lost_manifest_of_it_is_built_anew(golden: tuple[Path, list[dict[str, Any]]]) -> None:
    root, wanted = golden
    shutil.rmtree(root / "pins")
    for path in root.glob("manifest.sqlite*"):
        path.unlink()
    assert repair(root, START_US).repaired
    check(root, wanted)


def test_the_last_one_is_of_the_present_form(tmp_path: Path) -> None:
    """If this fails, the form of the store or an answer has changed: see README.md."""
    write(tmp_path / "store")
    assert answers(tmp_path / "store") == expected(GOLDEN[-1])

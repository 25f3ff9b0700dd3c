"""A damaged file costs its rows, is named, and no question dies of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livedata.errors import QueryError, StoreError
from livedata.query import engine
from livedata.query.engine import Pool, stream
from livedata.query.source import store_source

COUNT = "SELECT host, count(*) AS n, sum(idle_seconds_total) AS s FROM cpu GROUP BY host ORDER BY host"
WHOLE = [("db-01", 10, 405.0), ("web-01", 12, 594.0), ("web-02", 10, 405.0)]


def answer(
    root: Path, sql: str = COUNT, pool: Pool | None = None
) -> tuple[list[tuple[object, ...]], list[str]]:
    """Rows, and what was said."""
    said: list[str] = []
    with stream(store_source(root), sql, warn=said.append, pool=pool) as (_, batches):
        return [tuple(row.values()) for batch in batches for row in batch.to_pylist()], said


@pytest.fixture
def copy(store: Path, tmp_path: Path) -> Path:
    shutil.copytree(store, tmp_path / "copy")
    return tmp_path / "copy"


def part_of(root: Path, host: str) -> Path:
    return next((root / "lake" / "cpu").rglob(f"{host}.*"))


def quietly(path: Path, damage: Callable[[Path], object]) -> None:
    """As a disk does it: without a new time of change, by which a file that was written to is known."""
    before = path.stat()
    damage(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 0x40
    path.write_bytes(data)


def flip_footer(path: Path) -> None:
    """In the first bytes of the footer, the schema's."""
    flip(path, -8 - int.from_bytes(path.read_bytes()[-8:-4], "little"))


def become_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGES: dict[str, Callable[[Path], object]] = {
    "truncated": lambda path: os.truncate(path, path.stat().st_size // 2),
    "empty": lambda path: os.truncate(path, 0),
    "no Parquet": lambda path: path.write_bytes(b"junk"),
    "nearly Parquet": lambda path: path.write_bytes(b"PAR1" + b"x" * 100 + b"PAR1"),
    "removed": Path.unlink,
    "a folder": become_a_folder,
    "end": lambda path: flip(path, -1),
    "length of the footer": lambda path: flip(path, -6),
    "footer": flip_footer,
}


def test_nothing_is_said_of_a_sound_store(copy: Path) -> None:
    assert answer(copy) == (WHOLE, [])


@pytest.mark.parametrize("quiet", [True, False])
@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("host", ["db-01", "web-02"])
def test_a_damaged_file_costs_its_rows(copy: Path, damage: str, host: str, quiet: bool) -> None:
    path = part_of(copy, host)
    if quiet and damage != "removed":
        quietly(path, DAMAGES[damage])
    else:
        DAMAGES[damage](path)
    rows, said = answer(copy)
    assert rows == [row for row in WHOLE if row[0] != host]
    assert len(said) == 1
    assert said[0].startswith(f"{path}: ")
    assert "its 10 rows of cpu are left out" in said[0]
    assert "livedata store verify" in said[0]


def test_several_are_found_at_once(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    before = engine._attempt
    monkeypatch.setattr(engine, "_attempt", lambda *args: (asked.append(args), before(*args))[1])
    for host in ("db-01", "web-01", "web-02"):
        quietly(part_of(copy, host), flip_footer)
    rows, said = answer(copy)
    assert rows == [("web-01", 2, 189.0)]
    assert len(said) == 3
    assert len(asked) == 2


def test_what_is_not_asked_for_does_no_harm(copy: Path) -> None:
    part_of(copy, "db-01").unlink()
    assert answer(copy, "SELECT count(*) FROM log") == ([(2,)], [])
    assert answer(copy, COUNT.replace("GROUP", "WHERE host = 'web-02' GROUP")) == ([WHOLE[2]], [])


def test_mistakes_of_sql_are_no_damage(copy: Path) -> None:
    with pytest.raises(QueryError, match="boom"):
        answer(copy, "SELECT error('boom') FROM cpu")


def test_a_file_without_leave_is_named(copy: Path) -> None:
    path = part_of(copy, "db-01")
    path.chmod(0)
    if os.access(path, os.R_OK):  # root may read everything: then there is nothing to leave out
        assert answer(copy) == (WHOLE, [])
    else:
        rows, said = answer(copy)
        assert rows == WHOLE[1:]
        assert "Permission denied" in said[0]


LONG = "FROM range(5000000) UNION ALL SELECT idle_seconds_total FROM cpu"


def test_after_rows_were_given_it_is_an_error(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only then: what was given can't be taken back."""
    path = part_of(copy, "web-02")
    quietly(path, flip_footer)
    with monkeypatch.context() as patch:
        patch.setattr(engine, "HELD", 1)
        with stream(store_source(copy), LONG) as (_, batches):
            assert next(batches).num_rows
            with pytest.raises(StoreError) as caught:
                list(batches)
    assert caught.value.where == str(path)
    assert "--repair" in caught.value.hint


def test_only_so_much_is_held_back(copy: Path) -> None:
    with stream(store_source(copy), LONG) as (_, batches):
        assert next(batches).num_rows
        assert engine.HELD < 5_000_000 * 8


def test_a_pool_goes_on_after_damage(copy: Path) -> None:
    path = part_of(copy, "web-02")
    sound = path.read_bytes()
    with Pool() as pool:
        assert answer(copy, pool=pool) == (WHOLE, [])
        path.write_bytes(b"junk")
        assert answer(copy, pool=pool)[0] == WHOLE[:2]
        path.write_bytes(sound)
        assert answer(copy, pool=pool) == (WHOLE, [])


OTHERS = """SELECT host, count(*), sum(hash(COLUMNS(*))) FROM cpu WHERE host <> 'web-02' GROUP BY host ORDER BY host"""


@settings(max_examples=60)
@given(where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), quiet=st.booleans())
def test_any_flipped_bit_is_answered(
    store: Path, tmp_path_factory: pytest.TempPathFactory, where: float, bit: int, quiet: bool
) -> None:
    """Anywhere in a file: the rows of the others are there and right, and no question dies.

    DuckDB looks at no checksum: where a disk turns a bit quietly, the damaged file's own rows may come out wrong until the file is read whole,
    within a week or by `livedata store verify`.
    """
    root = tmp_path_factory.mktemp("flipped") / "copy"
    shutil.copytree(store, root)
    path = part_of(root, "web-02")

    def turn(file: Path) -> None:
        content = bytearray(file.read_bytes())
        content[int(where * len(content))] ^= 1 << bit
        file.write_bytes(content)

    if quiet:
        quietly(path, turn)
        assert answer(root, OTHERS)[0] == answer(store, OTHERS)[0]
        assert set(answer(root)[0]) >= set(WHOLE[:2])
    else:
        turn(path)
        rows, said = answer(root)
        assert rows == [*WHOLE[:2]]
        assert said[0].startswith(f"{path}: its checksum is wrong")
    shutil.rmtree(root)

"""What is lost or damaged is named, and made good from what is left."""

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livedata.errors import StoreError, StoreLocked
from livedata.store import lock, manifest, segment, state
from livedata.store.layout import DAY_US, Layout
from livedata.store.verify import repair, verify
from livedata.store.writer import Writer

from .samples import LOAD, START_US, batch
from .test_store_compact import everything, keep, segments, some_ticks, tended


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "store"
    keep(root, [some_ticks(3, range(n * 3, n * 3 + 3)) for n in range(3)])
    return root


def lose_the_manifest(root: Path) -> None:
    for path in root.glob("manifest.sqlite*"):
        path.unlink()


def test_a_sound_store_is_said_to_be(root: Path) -> None:
    found = verify(root)
    assert (found.damage, found.strays, found.repaired) == ([], [], [])
    assert (found.files, found.rows) == (27, 3 * 9 * (2 + 1 + 2))
    assert found.bytes == sum(p.stat().st_size for p in Layout(root).lake.rglob("*.parquet"))
    assert repair(root, START_US).repaired == []


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.integers(0, 7))
def test_any_flipped_bit_is_found(where: int, bit: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "store"
        keep(root, [[batch(LOAD, f"h{h}", 0) for h in range(3)]])
        victim = segments(root)[1].path
        data = bytearray(victim.read_bytes())
        data[where % len(data)] ^= 1 << bit
        victim.write_bytes(data)
        (sentence,) = verify(root).damage
        assert sentence == f"{victim}: its checksum is wrong; 1 rows of load"
        repaired = repair(root, START_US)
        assert repaired.repaired == [f"{victim}: left out of every question: its checksum is wrong"]
        assert len(everything(root)["load"]) == 2
        assert victim.exists()


def test_what_is_put_back_is_asked_again(root: Path) -> None:
    victim = segments(root)[0].path
    sound = victim.read_bytes()
    victim.write_bytes(sound[:-1])
    repair(root, START_US)
    before = everything(root)
    victim.write_bytes(sound)
    assert everything(root) == before, "until it is said"
    assert repair(root, START_US).repaired == [f"{victim}: sound again, and no longer left out"]
    assert len(everything(root)["disk"]) == len(before["disk"]) + 6


@pytest.mark.parametrize("compacted", [False, True])
def test_a_lost_manifest_is_built_anew(root: Path, compacted: bool) -> None:
    if compacted:
        tended(root)
        keep(root, [some_ticks(2, range(9, 12))])
        tended(root, START_US, force=False)
    before = everything(root)
    lose_the_manifest(root)
    for call in (lambda: everything(root), lambda: verify(root), lambda: keep(root, [])):
        with pytest.raises(StoreError, match="the manifest is lost"):
            call()
    (said,) = repair(root, START_US).repaired
    assert "made anew" in said
    assert everything(root) == before
    keep(root, [some_ticks(2, range(20, 23))])
    tended(root)
    assert len(everything(root)["load"]) == len(before["load"]) + 6
    assert verify(root).damage == []


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0" + b"x" * 4_000, b"junk" * 2_000])
def test_a_damaged_manifest_is_set_aside(root: Path, content: bytes) -> None:
    before = everything(root)
    lose_the_manifest(root)
    Layout(root).manifest.write_bytes(content)
    with pytest.raises(StoreError, match="verify --repair"):
        everything(root)
    assert repair(root, START_US).repaired
    assert everything(root) == before
    assert (root / "manifest.sqlite.damaged").exists() or not content


SEAL_STEPS = [
    (segment.File, "close"),
    (segment, "move_in"),
    (state, "replay"),
    (state, "dump"),
    (manifest.Manifest, "commit"),
]
COMPACT_STEPS = [(segment.File, "close"), (segment, "move_in"), (manifest.Manifest, "commit")]


def failing_after(original, calls: int):
    """Does its work, and then fails as if the machine had died there; the first `calls` times it goes well."""
    left = [calls]

    def call(*args, **kwargs):
        left[0] -= 1
        result = original(*args, **kwargs)
        if left[0] < 0:
            raise OSError(5, os.strerror(5))
        return result

    return call


@pytest.mark.parametrize("calls", [0, 1, 3])
@pytest.mark.parametrize(
    ("step", "compacts"),
    [*((step, False) for step in SEAL_STEPS), *((step, True) for step in COMPACT_STEPS)],
    ids=str,
)
def test_a_manifest_lost_together_with_a_dying_job(
    root: Path, monkeypatch: pytest.MonkeyPatch, step: tuple[object, str], compacts: bool, calls: int
) -> None:
    with Writer.open(root, purpose="test", now_us=START_US) as writer:
        writer.append(some_ticks(2, range(9, 12)), START_US)
        before = everything(root)
        with monkeypatch.context() as patch, suppress(StoreError):
            patch.setattr(*step, failing_after(getattr(*step), calls))
            if compacts:
                tended(root)
            else:
                writer.seal(START_US)
    lose_the_manifest(root)
    repair(root, START_US)
    assert everything(root) == before
    keep(root, [[]])
    assert everything(root) == before
    tended(root)
    tended(root, START_US + 20 * DAY_US)
    tended(root, START_US + 30 * DAY_US)
    assert everything(root) == before
    lake = set(Layout(root).lake.rglob("*.parquet"))
    assert lake == {s.path for s in segments(root)}


@pytest.mark.parametrize("content", [None, b"", b"{}", b'{"format": 1'])
def test_tables_json_is_put_back(root: Path, content: bytes | None) -> None:
    before = everything(root)
    path = Layout(root).tables
    original = path.read_bytes()
    path.unlink() if content is None else path.write_bytes(content)
    assert repair(root, START_US).repaired == ["tables.json is put back as it was at the last sealing"]
    assert path.read_bytes() == original
    assert everything(root) == before


def test_what_is_no_part_of_the_store_is_moved_out(root: Path) -> None:
    before = everything(root)
    stray = next(Layout(root).lake.rglob("*.parquet"))
    copy = stray.with_name("copy.parquet")
    shutil.copy(stray, copy)
    assert verify(root).strays == [copy]
    assert "no part of the store" in repair(root, START_US).repaired[0]
    assert verify(root).strays == []
    assert everything(root) == before
    assert len(list((root / "strays").iterdir())) == 1


def test_a_file_that_cannot_be_read_costs_its_rows_only(root: Path) -> None:
    victim = next(s for s in segments(root) if s.table == "load")
    victim.path.write_bytes(victim.path.read_bytes()[:-20])
    lose_the_manifest(root)
    said = repair(root, START_US).repaired
    assert any(str(victim.path) in s and "can't be read" in s for s in said)
    assert len(everything(root)["load"]) == 27 - victim.rows


def test_a_column_by_another_name_is_damage(root: Path) -> None:
    """A footer has no checksum: a bit that turned in a name would make a column of it that nobody knows."""
    victim = next(s for s in segments(root) if s.table == "disk")
    data = victim.path.read_bytes()
    assert data.count(b"busy_seconds_increase") > 0
    victim.path.write_bytes(data.replace(b"busy_seconds_increase", b"bury_seconds_increase"))
    lose_the_manifest(root)
    said = repair(root, START_US).repaired
    assert any("its columns are not those that it should have" in s for s in said)
    assert len(everything(root)["disk"]) == 54 - victim.rows


def test_damage_in_a_log_is_said(root: Path) -> None:
    with Writer.open(root, purpose="test", now_us=START_US) as writer:
        for n in range(3):
            writer.append([batch(LOAD, "a", 100 + n)], START_US)
    path = max((root / "wal").iterdir())
    data = bytearray(path.read_bytes())
    data[40] ^= 1
    path.write_bytes(data)
    (sentence,) = verify(root).damage
    assert "their rows are lost" in sentence


def test_nobody_else_may_write_meanwhile(root: Path) -> None:
    fd = lock.acquire(Layout(root).lock, "somebody", START_US)
    with pytest.raises(StoreLocked, match="somebody"):
        repair(root, START_US)
    lock.release(fd)
    with pytest.raises(StoreError, match="there is no store"):
        repair(root / "nothing", START_US)
    with pytest.raises(StoreError, match="there is no store"):
        verify(root / "nothing")

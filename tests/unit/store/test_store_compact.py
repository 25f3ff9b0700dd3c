"""Compaction: the same rows in fewer files, sorted, whatever fails; readers see each once."""

import errno
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livedata.errors import StoreError, StoreLocked
from livedata.model.batch import Batch, arrow_schema
from livedata.model.probe import Column, Probe
from livedata.store import compact, expire, lock, manifest, segment
from livedata.store.keep import Keep, parse_keep
from livedata.store.layout import DAY_US, Layout, Segment
from livedata.store.reader import TableContent, open_store
from livedata.store.tend import Tended, due, tend
from livedata.store.thin import fill
from livedata.store.writer import Writer

from .samples import DISK, LOAD, LOG, START_US, TICK_US, batch

FOREVER = Keep(10**6)
LATER = START_US + 3 * DAY_US


def no_roll(probe: Probe, rows: pa.Table) -> None:
    """As where rollups can't be made."""


def tended(root: Path, now_us: int = LATER, keep: Keep = FOREVER, *, force: bool = True) -> Tended:
    return tend(root, keep, lambda: now_us, no_roll, force=force)


def read(part: Segment, probe: Probe) -> pa.Table:
    """A file's rows with every counter."""
    table = pq.ParquetFile(part.path).read()
    return fill(table.cast(arrow_schema(probe)), probe) if part.thin else table


def rows(content: TableContent) -> list[str]:
    tables = [read(p, content.probe) for p in content.parts] + [content.fresh]
    return sorted(str(row) for table in tables for row in table.to_pylist())


def everything(root: Path) -> dict[str, list[str]]:
    with open_store(root) as content:
        return {name: rows(table) for name, table in content.items()}


def segments(root: Path) -> list[Segment]:
    with manifest.reading(Layout(root)) as listed:
        return listed.segments() if listed else []


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "store"


def keep(root: Path, sealings: Iterator[list[Batch]] | list[list[Batch]], now_us: int = START_US) -> None:
    with Writer.open(root, purpose="test", now_us=now_us) as writer:
        for n, batches in enumerate(sealings):
            assert writer.append(batches, now_us) == []
            writer.seal(now_us + n)


def some_ticks(hosts: int, ticks: range) -> list[Batch]:
    return [
        batch(probe, f"web-{h:02}", n) for n in ticks for h in range(hosts) for probe in (DISK, LOAD, LOG)
    ]


@pytest.mark.parametrize("hosts", [2, segment.FEW_HOSTS + 2])
def test_the_rows_are_the_same_and_the_files_few_and_sorted(root: Path, hosts: int) -> None:
    keep(root, [some_ticks(hosts, range(n * 5, n * 5 + 5)) for n in range(4)])
    before = everything(root)
    done = tended(root, START_US)
    assert everything(root) == before
    assert (done.tasks, done.rows) == (3, hosts * 20 * (2 + 1 + 2))
    found = [s for s in segments(root) if s.table == "disk"]
    assert [s.level for s in found] == [1] * (hosts if hosts <= segment.FEW_HOSTS else 1)
    for s in found:
        file = pq.ParquetFile(s.path, page_checksum_verification=True)
        keys = [(r["host"], r["device"], r["ts"]) for r in file.read().to_pylist()]
        assert keys == sorted(keys)
        assert len(keys) == s.rows
    tended(root)
    assert {(s.level, s.table, s.thin) for s in segments(root)} == {
        (2, "disk", True), (2, "load", True), (2, "log", False),
    }  # fmt: skip
    assert everything(root) == before


@settings(max_examples=30)
@given(st.data())
def test_however_rows_come_and_go_through_compaction_none_is_lost_or_doubled(data: st.DataObject) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "store"
        now = START_US
        expected = 0
        tick = 0
        for _ in range(data.draw(st.integers(1, 8))):
            action = data.draw(st.sampled_from(["seal", "seal", "append", "tend", "force", "day"]))
            if action == "day":
                now += DAY_US
                tick += DAY_US // TICK_US
            elif action in ("tend", "force") and root.exists():
                tended(root, now, force=action == "force")
            else:
                hosts = data.draw(st.sets(st.integers(0, 14), min_size=1))
                with Writer.open(root, purpose="test", now_us=now) as writer:
                    writer.append([batch(DISK, f"h{h}", tick) for h in hosts], now)
                    if action == "seal":
                        writer.seal(now)
                tick += 1
                now += 1
                expected += 2 * len(hosts)
        if root.exists():
            for _ in range(2):
                with open_store(root) as content:
                    found = rows(content["disk"]) if "disk" in content else []
                assert len(found) == len(set(found)) == expected
                tended(root, now + 40 * DAY_US)


def test_a_slice_holds_few_rows_and_one_host_with_many_is_cut_by_time(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compact, "SLICE_ROWS", 30)
    keep(root, [some_ticks(3, range(n * 10, n * 10 + 10)) for n in range(4)])
    before = everything(root)
    seen: list[int] = []
    original = compact.by_series

    def watching(rows: pa.Table, probe: Probe) -> pa.Table:
        seen.append(rows.num_rows)
        return original(rows, probe)

    monkeypatch.setattr(compact, "by_series", watching)
    tended(root, START_US)
    assert max(seen) <= 30
    assert everything(root) == before


def test_old_columns_become_those_of_now(root: Path) -> None:
    wider = replace(DISK, columns=(*DISK.columns, Column("label", 9, "str", "text")))
    with Writer.open(root, purpose="test", now_us=START_US) as writer:
        writer.append([batch(DISK, "web-1", 0)], START_US)
        writer.seal(START_US)
        new = batch(DISK, "web-1", 1)
        renamed = replace(new, probe=wider, rows=[(*r[:5], "x", *r[5:]) for r in new.rows])
        assert writer.append([renamed], START_US) == []
        writer.seal(START_US)
    tended(root)
    (found,) = segments(root)
    assert found.version == 2
    assert pq.ParquetFile(found.path).read()["label"].to_pylist() == [None, "x", None, "x"]


@pytest.mark.parametrize("short", [errno.EMFILE, errno.ENFILE, errno.ENOMEM])
def test_what_this_machine_is_short_of_is_no_files_damage(
    root: Path, monkeypatch: pytest.MonkeyPatch, short: int
) -> None:
    keep(root, [[batch(LOAD, f"h{h}", n) for h in range(3)] for n in range(6)])
    before = everything(root)

    def failing(path: Path) -> int:
        raise OSError(short, os.strerror(short))

    with monkeypatch.context() as patch:
        patch.setattr("livedata.store.sound.checksum", failing)
        with pytest.raises(StoreError, match="can't compact the store"):
            tended(root)
    assert [s.damage for s in segments(root)] == [""] * 18
    tended(root)
    assert everything(root) == before


def test_months_come_out_right(root: Path) -> None:
    days = DAY_US // TICK_US
    keep(root, [[batch(LOAD, f"h{h}", n * days) for h in range(3)] for n in range(10)])
    before = everything(root)
    tended(root, START_US + 60 * DAY_US)
    assert sorted({(s.period, s.level) for s in segments(root)}) == [("2026-07", 3), ("2026-08", 3)]
    assert everything(root) == before


STEPS = {
    "begin": (manifest.Manifest, "begin"),
    "read": (compact, "by_series"),
    "open": (segment, "open_private"),
    "close": (segment.File, "close"),
    "move_in": (segment, "move_in"),
    "make_folder": (segment, "make_folder"),
    "sync": (segment, "sync_folder"),
    "commit": (manifest.Manifest, "commit"),
    "expire": (expire, "expire"),
    "sweep": (expire, "sweep"),
}


@pytest.mark.parametrize("call", [1, 3])
@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS.keys())
def test_a_failure_at_any_step_loses_and_doubles_nothing(
    root: Path, monkeypatch: pytest.MonkeyPatch, step: tuple[object, str], call: int
) -> None:
    keep(root, [some_ticks(2, range(n * 5, n * 5 + 5)) for n in range(4)])
    before = everything(root)
    original = getattr(*step)
    calls = 0

    def failing(*args, **kwargs):
        nonlocal calls
        calls += 1
        if calls == call:
            raise OSError(28, os.strerror(28))
        return original(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(*step, failing)
        expected = pytest.raises(StoreError, match="No space left") if call == 1 else suppress(StoreError)
        with expected:
            tended(root)
    assert everything(root) == before
    tended(root)
    assert everything(root) == before
    assert list(Layout(root).aside_compact.iterdir()) == []
    tended(root, LATER + DAY_US)
    lake = {p.resolve() for p in Layout(root).lake.rglob("*.parquet")}
    assert lake == {s.path for s in segments(root)}, "nothing is left over for other tools to read twice"


@pytest.mark.parametrize("harm", ["flip", "cut", "gone", "empty"])
def test_a_damaged_file_is_named_and_left_and_the_rest_goes_on(root: Path, harm: str) -> None:
    keep(root, [[batch(LOAD, f"h{h:02}", n) for h in range(12)] for n in range(4)])
    victim = segments(root)[1].path
    data = bytearray(victim.read_bytes())
    if harm == "gone":
        victim.unlink()
    else:
        data[len(data) // 3] ^= 0x40
        victim.write_bytes({"flip": data, "cut": data[:-9], "empty": b""}[harm])
    done = tended(root)
    assert len(done.damage) == 1
    assert str(victim) in done.damage[0]
    found = segments(root)
    assert sorted((s.level, s.rows, bool(s.damage)) for s in found) == [(0, 12, True), (2, 36, False)]
    assert not tended(root).damage


def flip(path: Path, *, quietly: bool = False) -> None:
    """Turn a bit in the middle of a file; quietly, as a disk does."""
    before = path.stat()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    if quietly:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_a_bit_that_turned_is_found_when_the_file_is_read(root: Path) -> None:
    keep(root, [[batch(LOAD, f"h{h}", 0) for h in range(3)]])
    victim = segments(root)[1].path
    flip(victim)
    with open_store(root) as content:
        assert len(rows(content["load"])) == 2
        (said,) = content["load"].damage
        assert said.startswith(f"{victim}: its checksum is wrong; its 1 rows of load are left out")
    flip(victim)
    with open_store(root) as content:
        assert len(rows(content["load"])) == 3, "who wrote to the file, and wrote what was there, did no harm"


def test_a_bit_that_turned_quietly_is_found_within_a_week(root: Path) -> None:
    keep(root, [[batch(LOAD, f"h{h}", 0) for h in range(3)]])
    begun = START_US + 40 * DAY_US
    tended(root, begun)
    victim = segments(root)[1].path
    flip(victim, quietly=True)
    assert tended(root, begun + 7 * DAY_US - 1).damage == []
    assert tended(root, begun + 7 * DAY_US).damage == [f"{victim}: its checksum is wrong"]
    assert len(everything(root)["load"]) == 2
    assert [s.checked for s in segments(root) if not s.damage] == [begun + 7 * DAY_US] * 2


def test_the_old_are_given_up_and_the_dead_deleted_after_a_while(root: Path) -> None:
    keep(root, [[batch(LOAD, "a", n * 8_640)] for n in range(4)])
    ages = parse_keep("2d", "1TB")
    now = START_US + 4 * DAY_US
    assert due(root, ages, now)
    done = tended(root, now, ages)
    assert done.expired == 2
    assert len(everything(root)["load"]) == 2
    assert len(list(Layout(root).lake.rglob("*.parquet"))) > 2
    assert not due(root, ages, now)
    later = now + expire.GRACE_US + 1
    assert due(root, ages, later)
    assert tended(root, later, ages).deleted > 0
    assert len(list(Layout(root).lake.rglob("*.parquet"))) == 2


def test_a_reader_keeps_what_it_may_open(root: Path) -> None:
    import time

    keep(root, [[batch(LOAD, "a", n)] for n in range(4)])
    now = time.time_ns() // 1000
    with open_store(root) as content:
        tended(root, now)
        tended(root, now + 100 * DAY_US)
        assert len(rows(content["load"])) == 4
    tended(root, now + 100 * DAY_US)
    assert not content["load"].parts[0].path.exists()
    assert list(Layout(root).pins.iterdir()) == []


def test_one_compacts_at_a_time(root: Path) -> None:
    keep(root, [[batch(LOAD, "a", 0)]])
    fd = lock.acquire(Layout(root).compacting, "somebody", START_US)
    with pytest.raises(StoreLocked, match="somebody"):
        tended(root)
    lock.release(fd)


def test_there_must_be_a_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no store"):
        tended(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()

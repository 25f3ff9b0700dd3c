"""Writing and reading the write-ahead log: what is appended is there, for the next process too, and is the owner's alone."""

import errno
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from livedata.errors import ProbeError, StoreError, StoreLocked
from livedata.model.probe import Column
from livedata.store import lock
from livedata.store.layout import Layout
from livedata.store.reader import table_definitions
from livedata.store.state import Last, State
from livedata.store.writer import Writer

from .samples import DISK, LOAD, LOG, PROBES, START_US, batch, read_store, tick


def open_writer(root: Path) -> Writer:
    return Writer.open(root, purpose="test", now_us=START_US)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def writer(root: Path) -> Iterator[Writer]:
    with open_writer(root) as opened:
        yield opened


def test_rows_come_back_as_they_were_given(root: Path, writer: Writer) -> None:
    assert writer.append(tick(0), START_US) == []
    found = read_store(root)
    assert set(found) == {"disk", "load", "log", "disk_1m", "disk_5m", "load_1m", "load_5m"}, (
        "rollups come with their tables"
    )
    first = found["disk"].fresh.to_pylist()[0]
    assert str(first.pop("ts")) == "2026-07-25 17:20:00+00:00"
    assert str(first.pop("busy_seconds_total")) == "0.00"
    assert str(first.pop("busy_seconds_increase")) == "1.00"
    assert first == {
        "host": "web-0", "boot_id": "b" * 36, "offset_ms": 3, "dt_ms": 10_000, "device": "sd0",
        "reads_total": 2**63, "queue": 0.0, "removable": True, "reads_increase": 1,
    }  # fmt: skip
    line = found["log"].fresh.to_pylist()[1]
    assert line["fields"] == [("unit", "ssh"), ("n", "1")]
    assert str(line["ts"]) == "2026-07-25 17:19:55.000001+00:00"


def test_each_append_is_there_for_a_reader_at_once(root: Path, writer: Writer) -> None:
    for n in range(1, 5):
        writer.append(tick(n), START_US)
        assert read_store(root)["disk"].fresh.num_rows == n * 4


def test_tables_and_times_that_are_not_asked_for_are_left_out(root: Path, writer: Writer) -> None:
    for n in range(5):
        writer.append(tick(n), START_US)
    assert set(read_store(root, ["log"])) == {"log"}
    since, until = batch(LOAD, "x", 3).ts, batch(LOAD, "x", 3).ts
    assert read_store(root, ["load"], since_us=since, until_us=until)["load"].fresh.num_rows == 2
    assert read_store(root, ["load"], since_us=until + 1)["load"].fresh.num_rows == 2


def test_definitions_need_neither_arrow_nor_the_log(root: Path, writer: Writer) -> None:
    writer.append(tick(0), START_US)
    defined = table_definitions(root)
    assert [c.name for c in defined["disk"].columns] == [c.name for c in DISK.columns]
    assert defined["disk"].derived == DISK.derived
    code = (
        "import sys, pathlib; from livedata.store.reader import table_definitions;"
        f"print(len(table_definitions(pathlib.Path({str(root)!r}))), 'pyarrow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "7 False\n"


def test_the_next_writer_goes_on_in_the_same_log_with_the_same_state(root: Path) -> None:
    for n in range(3):
        with open_writer(root) as writer:
            writer.append(tick(n), START_US)
    with open_writer(root) as writer:
        assert writer.warnings == []
        assert [p.name for p in (root / "wal").iterdir()] == ["00000001.wal"]
        last = writer.state.last["web-1", "disk"]
        assert last.counters == {("sd0",): (2**63 + 2, 200), ("sd1",): (2**63 + 2, 201)}
        assert (last.ts, last.boot_id, last.uptime_ms) == (batch(DISK, "x", 2).ts, "b" * 36, 20_000)
        assert writer.state.last["web-0", "load"].counters == {(): (2,)}
        assert writer.state.last["web-0", "log"].cursor == "cursor 2"
    assert read_store(root)["load"].fresh.num_rows == 6


def test_an_empty_pull_moves_the_time_and_keeps_the_cursor(root: Path) -> None:
    with open_writer(root) as writer:
        writer.append(tick(0), START_US)
        nothing = replace(batch(LOG, "web-0", 1, rows=0), cursor=None)
        writer.append([nothing, batch(DISK, "web-0", 1, rows=0)], START_US)
        assert writer.state.last["web-0", "log"] == Last(nothing.ts, "b" * 36, 10_000, {}, "cursor 0")
    with open_writer(root) as writer:
        assert writer.state.last["web-0", "log"].cursor == "cursor 0"
        assert writer.state.last["web-0", "log"].ts == nothing.ts
        assert writer.state.last["web-0", "disk"].counters == {}, "a device that is gone has no sample before"


def test_counters_of_another_shape_are_no_sample_before() -> None:
    last = Last(1, None, None, {("sda",): (5, 6)}, "c", (1, 0, 2, 3))
    state = State({("h", "disk"): last})
    assert state.before("h", DISK) is last
    columns = tuple(c for c in DISK.columns if c.name != "reads_total")
    before = state.before("h", replace(DISK, columns=columns))
    assert before is not None
    assert (before.counters, before.cursor, before.ts) == ({}, "c", 1)
    assert state.before("other", DISK) is None


BAD = {
    "a text for a number": lambda b: replace(b, rows=[("sda", "x", 1, 1.0, True, 1, 1)]),
    "too few values": lambda b: replace(b, rows=[("sda", 1)]),
    "uneven rows": lambda b: replace(b, rows=[*b.rows, ("sda",)]),
    "a number beyond 64 bits": lambda b: replace(b, rows=[("sda", 2**64, 1, 1.0, True, 1, 1)]),
    "no UTF-8": lambda b: replace(b, rows=[("\ud800", 1, 1, 1.0, True, 1, 1)]),
    "a hostile name": lambda b: replace(b, host="../../etc"),
    "an uptime that is no whole number": lambda b: replace(b, uptime_ms=1.5),
    "an event without its time": lambda b: replace(b, probe=LOG, rows=[(None, "m", None)]),
    "a map with a key twice": lambda b: replace(b, probe=LOG, rows=[(1, "m", [("a", "1"), ("a", "2")])]),
    "a header that contradicts the store": lambda b: replace(
        b, probe=replace(LOAD, columns=(Column("load1", 1, "str", "text"),)), rows=[("x",)]
    ),
}


@pytest.mark.parametrize("spoil", BAD.values(), ids=BAD.keys())
def test_a_bad_batch_is_refused_alone(root: Path, spoil) -> None:
    with open_writer(root) as writer:
        writer.append(tick(0), START_US)
        bad = spoil(batch(DISK, "web-1", 1))
        good = [batch(DISK, f"web-{n}", 1) for n in (0, 2, 3)]
        refused = writer.append([good[0], bad, *good[1:]], START_US)
        assert [r.batch for r in refused] == [bad]
        assert refused[0].reason
        assert read_store(root, ["disk"])["disk"].fresh.num_rows == 4 + 6
    with open_writer(root) as writer:
        assert writer.warnings == []
        assert writer.state.last["web-1", "disk"].ts == START_US
        assert writer.state.last["web-3", "disk"].ts == good[0].ts


def test_a_header_that_contradicts_the_store_is_said_beforehand(writer: Writer) -> None:
    assert [writer.register(p) for p in PROBES] == [1, 1, 1]
    with pytest.raises(ProbeError, match="is str, the store has it as d2"):
        writer.register(replace(LOAD, columns=(Column("load1", 1, "str", "text"),)))


def test_an_append_too_large_for_a_frame_becomes_several(
    root: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("livedata.store.frame.LONGEST", 6_000)
    assert writer.append([b for n in range(40) for b in tick(n)], START_US) == []
    found = read_store(root)
    assert {n: t.fresh.num_rows for n, t in found.items() if t.fresh.num_rows} == {
        "disk": 160,
        "load": 80,
        "log": 160,
    }
    huge = batch(DISK, "web-1", 41, rows=2_000)
    assert [r.batch for r in writer.append([huge], START_US)] == [huge]


def test_one_writer_at_a_time_and_the_second_is_told_who(root: Path, writer: Writer) -> None:
    with pytest.raises(StoreLocked, match=rf"test \(pid {os.getpid()} on .+\) since 2026-07-25 17:20:00 UTC"):
        open_writer(root)
    held = lock.holder(Layout(root).lock)
    assert held is not None
    assert held.purpose == "test"
    writer.close()
    writer.close()
    with pytest.raises(StoreError, match="Bad file descriptor"):
        writer.append(tick(0), START_US)
    assert lock.holder(Layout(root).lock) is None
    open_writer(root).close()


def test_rows_are_appended_while_the_log_is_sealed(root: Path, writer: Writer) -> None:
    for n in range(3):
        writer.append(tick(n), START_US)
    with ThreadPoolExecutor() as pool:
        sealing = [pool.submit(writer.seal, START_US) for _ in range(2)]
        for n in range(3, 30):
            writer.append(tick(n), START_US)
        for done in sealing:
            done.result()
    found = read_store(root)["load"]
    rows = sum(pq.ParquetFile(p.path).metadata.num_rows for p in found.parts) + found.fresh.num_rows
    assert rows == 60
    assert found.parts


def test_everything_is_the_owners_alone_whatever_the_umask(root: Path) -> None:
    before = os.umask(0)
    try:
        root.mkdir(0o777)
        with open_writer(root) as writer:
            writer.append(tick(0), START_US)
            writer.seal(START_US)
            writer.append(tick(1), START_US)
    finally:
        os.umask(before)
    paths = [root, *root.rglob("*")]
    assert {p.name for p in paths} >= {
        "lock",
        "tables.json",
        "manifest.sqlite",
        "00000002.wal",
        "00000001.state",
        "2026-07-25",
    }
    for path in paths:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    tmp_path.chmod(0o755)
    with pytest.raises(StoreError, match="it holds other things, and no store"):
        open_writer(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["letter.txt"]
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_a_store_that_cannot_be_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="can't make the store"):
        open_writer(tmp_path / "file")
    with pytest.raises(StoreError, match="there is no store"):
        read_store(tmp_path / "nothing")


@pytest.mark.parametrize("cut", [1, 13, 700])
def test_a_torn_tail_is_cut_and_the_rest_is_kept(root: Path, cut: int) -> None:
    with open_writer(root) as writer:
        writer.append(tick(0), START_US)
        writer.append(tick(1), START_US)
    path = Layout(root).wal(1)
    data = path.read_bytes()
    path.write_bytes(data[:-cut])
    assert read_store(root)["load"].fresh.num_rows == 2, "a reader passes over it"
    assert read_store(root)["load"].damage == ()
    with open_writer(root) as writer:
        assert len(writer.warnings) == 1
        assert "cut off" in writer.warnings[0]
        assert writer.state.last["web-0", "load"].counters == {(): (0,)}
        writer.append(tick(2), START_US)
    assert sorted(read_store(root)["load"].fresh["forks_total"].to_pylist()) == [0, 0, 2, 2]


def test_a_damaged_frame_is_said_and_costs_only_its_rows(root: Path) -> None:
    with open_writer(root) as writer:
        ends = []
        for n in range(3):
            writer.append(tick(n), START_US)
            ends.append(Layout(root).wal(1).stat().st_size)
    path = Layout(root).wal(1)
    data = bytearray(path.read_bytes())
    data[ends[0] + 50] ^= 1
    path.write_bytes(data)
    found = read_store(root)["load"]
    assert found.fresh["forks_total"].to_pylist() == [0, 0, 2, 2]
    assert len(found.damage) == 1
    assert "damaged" in found.damage[0]
    with open_writer(root) as writer:
        assert writer.warnings == list(found.damage)
        writer.seal(START_US)
        found = read_store(root)["load"]
        assert (found.fresh.num_rows, len(found.parts), found.damage) == (0, 2, ())
        for n in (3, 4):
            writer.append(tick(n), START_US)
            writer.seal(START_US)
    assert path.exists(), "what was damaged is kept"
    assert not Layout(root).wal(2).exists()


def test_a_cut_at_any_byte_is_read_as_whole_frames(root: Path) -> None:
    with open_writer(root) as writer:
        for n in range(2):
            writer.append(tick(n, hosts=1), START_US)
    path = Layout(root).wal(1)
    data = path.read_bytes()
    seen = set()
    for size in range(len(data), -1, -7):
        path.write_bytes(data[:size])
        seen.add(tuple(read_store(root, ["load"])["load"].fresh["forks_total"].to_pylist()))
    assert seen == {(), (0,), (0, 1)}


@pytest.mark.parametrize("broken", [["fdatasync"], ["fdatasync", "fstat"], ["pwrite"]], ids="+".join)
def test_an_append_that_failed_leaves_nothing_and_can_be_tried_again(
    root: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch, broken: list[str]
) -> None:
    writer.append(tick(0), START_US)

    def failing(*args: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        for name in broken:
            patch.setattr(os, name, failing)
        with pytest.raises(StoreError, match="can't write to the write-ahead log: Input/output error"):
            writer.append([b for n in range(1, 9) for b in tick(n)], START_US)
    if "fstat" not in broken:
        assert read_store(root)["load"].fresh.num_rows == 2
    assert writer.state.last["web-0", "load"].ts == START_US
    writer.append(tick(1), START_US)
    assert read_store(root)["load"].fresh["forks_total"].to_pylist() == [0, 0, 1, 1]
    end = writer._log.end
    assert not Layout(root).wal(1).read_bytes()[end:].strip(b"\0"), (
        "nothing of the failed write is left behind the rows"
    )
    writer.close()
    with open_writer(root) as again:
        assert (again.warnings, again._log.end) == ([], end)


def test_a_lost_registry_is_a_sentence(root: Path) -> None:
    with open_writer(root) as writer:
        writer.append(tick(0), START_US)
    Layout(root).tables.write_text('{"format": 1, "tabl')
    for attempt in (lambda: read_store(root), lambda: open_writer(root), lambda: table_definitions(root)):
        with pytest.raises(StoreError, match=r"tables\.json: it is damaged"):
            attempt()
    Layout(root).tables.write_text('{"format": 2, "tables": {}}')
    with pytest.raises(StoreError, match="a newer livedata wrote it"):
        read_store(root)

"""The promise itself: kill -9 at any moment, a full disk, readers in other processes: no row lost, none doubled."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from livedata.store import lock, manifest, reader
from livedata.store.layout import DAY_US, Layout
from livedata.store.writer import Writer

from .samples import START_US, TICK_US, read_store, tick
from .test_store_compact import segments, tended

HERE = Path(__file__).parent


def child(name: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(HERE / f"child_{name}.py"), *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def ticks(root: Path) -> list[int]:
    """Every tick in the store, sorted; each must be whole (in all tables and hosts) and there once."""
    tables = {"load": 2, "disk": 4, "log": 4}
    seen: dict[str, list[int]] = {name: [] for name in tables}
    for name, content in read_store(root, tables).items():
        assert content.damage == ()
        parts = [pq.ParquetFile(p.path).read(["host", "ts"]) for p in content.parts]
        stamps = [t for table in [*parts, content.fresh] for t in table["ts"].cast("int64").to_pylist()]
        numbers = sorted((t + TICK_US - 1 - START_US) // TICK_US for t in stamps)
        seen[name] = numbers[:: tables[name]]
        assert numbers == sorted(seen[name] * tables[name]), name
    assert seen["load"] == seen["disk"] == seen["log"]
    check_rollups(root)
    return seen["load"]


def check_rollups(root: Path) -> None:
    """The rollups hold the rows of the files that are rolled, each once."""
    found = read_store(root, ["load", "load_1m", "load_5m"])
    for name in ("load_1m", "load_5m") if found else ():
        rolled = sum(p.rows for p in found["load"].parts if p.rolled)
        samples = [pq.ParquetFile(p.path).read(["samples"])["samples"] for p in found[name].parts]
        assert sum(sum(column.to_pylist()) for column in samples) == rolled


def kill(process: subprocess.Popen[str], said: list[str]) -> None:
    """Kill what a child forked, and take in all that it said until then."""
    assert process.stdout is not None
    while not (pids := [line for line in said if line.startswith("pid")]):
        said.append(process.stdout.readline())
    os.kill(int(pids[0].split()[1]), signal.SIGKILL)
    while said[-1] != "dead\n":
        said.append(process.stdout.readline())


def kill_and_count(folder: Path, rounds: int, chance: random.Random) -> None:
    """Kill a writer and, in two rounds of three, a compactor beside it at random moments, look, let the next ones go on: `rounds`
    times, a new store every 20."""
    with child("writer") as server, child("compactor") as beside:
        assert server.stdin is not None
        assert beside.stdin is not None
        for number in range(rounds):
            root = folder / f"store-{number // 20}"
            before = ticks(root) if root.exists() else []
            first = before[-1] + 1 if before else 0
            compacts = chance.random() < 0.67
            print(root, first, chance.randint(1, 4), file=server.stdin, flush=True)
            if compacts:
                print(root, file=beside.stdin, flush=True)
            lines: list[str] = []
            time.sleep(chance.uniform(0, 0.12))
            if compacts and chance.random() < 0.5:
                kill(beside, [])
                time.sleep(chance.uniform(0, 0.03))
                compacts = False
            kill(server, lines)
            if compacts:
                time.sleep(chance.uniform(0, 0.03))
                kill(beside, [])
            durable = [int(line) for line in lines if line.strip().isdigit()]
            if not root.is_dir() or not Layout(root).tables.exists():
                assert not durable
                continue
            after = ticks(root)
            assert after == list(range(len(after)))
            assert len(after) - first - len(durable) in (0, 1), (
                "at most the tick under way besides those promised"
            )
            assert lock.holder(Layout(root).lock) is None, "the lock went with its process"
        server.stdin.close()
        beside.stdin.close()
    for root in folder.iterdir():
        expected = ticks(root)
        with Writer.open(root, purpose="test", now_us=START_US) as writer:
            assert ticks(root) == expected
            if expected:
                assert writer.state.last["web-1", "load"].counters == {(): (expected[-1],)}
                assert writer.state.last["web-0", "log"].cursor == f"cursor {expected[-1]}"
            writer.seal(START_US)
        assert ticks(root) == expected
        for years in (1, 2):  # the second one deletes what the first one replaced
            tended(root, time.time_ns() // 1000 + years * 365 * DAY_US)
        assert ticks(root) == expected
        lake = [pq.ParquetFile(p).metadata.num_rows for p in (root / "lake" / "load").rglob("*.parquet")]
        assert sum(lake) == 2 * len(expected), "nothing is left over for other tools to read twice"


def test_kill_9_at_random_moments(tmp_path: Path) -> None:
    kill_and_count(tmp_path, 25, random.Random(1))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_kill_9_at_random_moments_for_long(tmp_path: Path, seed: int) -> None:
    kill_and_count(tmp_path, 200, random.Random(seed + 100))


@contextmanager
def at_work(root: Path, every: int) -> Iterator[subprocess.Popen[str]]:
    """A writer that seals every so many ticks, and a compactor that waits for a line with the store's folder."""
    Writer.open(root, purpose="test", now_us=START_US).close()
    with child("writer") as writer, child("compactor") as compactor:
        assert writer.stdin is not None
        assert writer.stdout is not None
        print(root, 0, every, file=writer.stdin, flush=True)
        lines = [writer.stdout.readline() for _ in range(4)]
        yield compactor
        kill(writer, lines)
        writer.communicate()
        compactor.communicate()


def begin(compactor: subprocess.Popen[str], root: Path) -> None:
    assert compactor.stdin is not None
    print(root, file=compactor.stdin, flush=True)


def levels(root: Path) -> set[int]:
    return {s.level for s in segments(root)}


def test_readers_see_every_row_once_while_it_is_sealed_and_compacted(tmp_path: Path) -> None:
    root = tmp_path / "store"
    with at_work(root, 7) as compactor:
        begin(compactor, root)
        readers = [child("reader", str(root), "4") for _ in range(2)]
        results = [r.communicate()[0].split() for r in readers]
        kill(compactor, [])
    assert [r.returncode for r in readers] == [0, 0]
    for reads, last in results:
        assert int(reads) > 5
        assert int(last) > 20
    assert levels(root) >= {2}


def test_a_reader_that_is_overtaken_by_two_sealings_begins_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second sealing removes the logs that the reader's manifest sends it to."""
    original, overtaken = reader._logs, []
    with Writer.open(tmp_path / "store", purpose="test", now_us=START_US) as writer:
        writer.append(tick(0), START_US)

        def slow(layout: Layout, after: int) -> object:
            while len(overtaken) < 2:
                overtaken.append(after)
                writer.seal(START_US)
                writer.append(tick(len(overtaken)), START_US)
            return original(layout, after)

        monkeypatch.setattr(reader, "_logs", slow)
        assert ticks(tmp_path / "store") == [0, 1, 2]
    assert overtaken == [0, 0]


def test_a_full_disk_stops_nothing_for_good(tmp_path: Path) -> None:
    """In a user and a mount namespace, so that nobody need be root and nothing stays mounted."""
    command = [
        "unshare",
        "--map-root-user",
        "--mount",
        sys.executable,
        str(HERE / "child_full_disk.py"),
        str(tmp_path),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 3


@pytest.mark.parametrize("died", [False, True])
def test_a_store_that_cannot_be_written_to_can_be_asked(tmp_path: Path, died: bool) -> None:
    """Also as a copy of one whose writer died: the manifest's last transactions are in SQLite's own log then."""
    root, copy = tmp_path / "store", tmp_path / "copy"
    with Writer.open(root, purpose="test", now_us=START_US) as writer:
        writer.append(tick(0), START_US)
        with manifest.writing(Layout(root)) if died else nullcontext():
            writer.seal(START_US)
            writer.append(tick(1), START_US)
            shutil.copytree(root, copy)
    (copy / "manifest.sqlite-shm").unlink(missing_ok=True)
    assert (copy / "manifest.sqlite-wal").exists() is died
    command = [
        "unshare",
        "--map-root-user",
        "--mount",
        sys.executable,
        str(HERE / "child_read_only.py"),
        str(copy),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "2 2 4\n"

"""The fresh tier: what it costs to make a tick's rows durable, in livedata's log and in what could stand in its place.

Every contender gets the same rows, each tick is durable before the next begins, and of each it is asked whether another process can
count the rows meanwhile.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from livedata.model.batch import Batch, arrow_schema, stored_columns, to_arrow
from livedata.model.probe import Probe
from livedata.store.writer import Writer

from .batches import batches
from .dice import Dice
from .fleet import Boot, Series, boots, rows, steady
from .meter import Meter, file_bytes
from .tables import core_times, numbered

Keep = Callable[[Sequence[Batch], Sequence[tuple[Any, ...]]], None]
"""Makes a tick durable: as batches, and as the same rows flat, for those who take such; whoever needs Arrow makes it himself."""

ROWS_A_HOST = 43
"""With 100 hosts 4,300 rows a tick."""
TICKS = 10
"""Ticks of each contender in a round."""


def narrow(probe: Probe) -> Probe:
    """`core` with five of its counters: 16 stored columns."""
    counters = [probe.columns[i].name for i in probe.counters][:5]
    kept = tuple(c for c in probe.columns if c.kind != "counter" or c.name in counters)
    return replace(probe, columns=kept, derived=())


def _series(boot: Boot) -> Series:
    times = core_times(boot, 1, Dice(boot.key, "fresh"), ROWS_A_HOST)
    return Series(times, {"core": numbered(boot.ticks, ROWS_A_HOST)}, ROWS_A_HOST)


def ticks(probe: Probe, hosts: int, count: int) -> list[list[Batch]]:
    """So many ticks of so many hosts, 43 rows each."""

    made = [
        rows(probe, boot, _series(boot)) for machine in steady(hosts) for boot in boots(machine, count / 360)
    ]
    return list(batches(probe, pa.concat_tables(made)))


def livedata(folder: Path, probe: Probe, opened: ExitStack) -> Keep:
    writer = opened.enter_context(Writer.open(folder / "store", purpose="bench", now_us=0))

    def keep(tick: Sequence[Batch], _: Sequence[tuple[Any, ...]]) -> None:
        refused = writer.append(tick, tick[0].ts)
        if refused:
            raise RuntimeError(refused[0].reason)

    return keep


def _sqlite(folder: Path, opened: ExitStack, table: str) -> sqlite3.Connection:
    db = opened.enter_context(closing(sqlite3.connect(folder / "fresh.sqlite")))
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute(table)
    return db


def sqlite_blobs(folder: Path, probe: Probe, opened: ExitStack) -> Keep:
    """A row a tick, which holds an Arrow record batch packed by zstd."""
    db = _sqlite(folder, opened, "CREATE TABLE tick (ts INTEGER, size INTEGER, rows INTEGER, body BLOB)")
    codec = pa.Codec("zstd", compression_level=1)

    def keep(tick: Sequence[Batch], _: Sequence[tuple[Any, ...]]) -> None:
        record = to_arrow(tick)
        body = record.serialize()
        with db:
            db.execute(
                "INSERT INTO tick VALUES (?, ?, ?, ?)",
                (tick[0].ts, body.size, len(record), codec.compress(body, asbytes=True)),
            )

    return keep


def sqlite_rows(folder: Path, probe: Probe, opened: ExitStack) -> Keep:
    """A row a row."""
    names = ", ".join(f'"{c.name}"' for c in stored_columns(probe))
    db = _sqlite(folder, opened, f"CREATE TABLE fresh ({names})")
    insert = f"INSERT INTO fresh VALUES ({', '.join('?' * len(stored_columns(probe)))})"

    def keep(_: Sequence[Batch], flat: Sequence[tuple[Any, ...]]) -> None:
        with db:
            db.executemany(insert, flat)

    return keep


def duckdb_file(folder: Path, probe: Probe, opened: ExitStack) -> Keep:
    """A DuckDB database with its settings as they come."""
    db = opened.enter_context(closing(duckdb.connect(str(folder / "fresh.duckdb"))))
    db.register("empty", arrow_schema(probe).empty_table())
    db.execute("CREATE TABLE fresh AS SELECT * FROM empty")

    def keep(tick: Sequence[Batch], _: Sequence[tuple[Any, ...]]) -> None:
        db.register("tick", pa.Table.from_batches([to_arrow(tick)]))
        db.execute("INSERT INTO fresh SELECT * FROM tick")

    return keep


def small_parquet(folder: Path, probe: Probe, _: ExitStack) -> Keep:
    """A file a tick, synced and renamed."""
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)

    def keep(tick: Sequence[Batch], _: Sequence[tuple[Any, ...]]) -> None:
        new = folder / "new"
        with open(new, "wb") as file:
            pq.write_table(
                pa.Table.from_batches([to_arrow(tick)]), file, compression="zstd", compression_level=1
            )
            file.flush()
            os.fsync(file.fileno())
        new.rename(folder / f"{tick[0].ts}.parquet")
        os.fsync(place)

    return keep


COUNT = {
    "livedata": "import pathlib\nfrom livedata.query.engine import ask\n"
    "print(ask(pathlib.Path('store'), 'select count(*) from core').table.column(0)[0])",
    "SQLite WAL, Arrow blobs": "import sqlite3\nprint(*sqlite3.connect('fresh.sqlite').execute('SELECT sum(rows) FROM tick').fetchone())",
    "SQLite WAL, rows": "import sqlite3\nprint(*sqlite3.connect('fresh.sqlite').execute('SELECT count(*) FROM fresh').fetchone())",
    "DuckDB file": "import duckdb\nprint(*duckdb.connect('fresh.duckdb', read_only=True).execute('SELECT count(*) FROM fresh').fetchone())",
    "small Parquet files": "import duckdb\nprint(*duckdb.execute(\"SELECT count(*) FROM '*.parquet'\").fetchone())",
}  # fmt: skip
"""How another process counts the rows, in the contender's folder."""

CONTENDERS: dict[str, Callable[[Path, Probe, ExitStack], Keep]] = {
    "livedata": livedata, "SQLite WAL, Arrow blobs": sqlite_blobs, "SQLite WAL, rows": sqlite_rows,
    "DuckDB file": duckdb_file, "small Parquet files": small_parquet,
}  # fmt: skip


def unreadable(name: str, folder: Path, rows: int) -> str:
    """Why another process can't count all rows while the contender has its file open; empty where it can."""
    done = subprocess.run(
        [sys.executable, "-c", COUNT[name]], cwd=folder, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["it failed"])[-1][:200]
    return "" if done.stdout.split() == [str(rows)] else f"it counted {done.stdout.strip()} of {rows}"


def measure(work: Path, probe: Probe, hosts: int, rounds: int, alone: bool) -> dict[str, Any]:
    """Rounds of `TICKS` ticks of each contender in turn: {"rounds": contender → measure → values, "once": contender → facts}."""
    probe = narrow(probe)
    made = ticks(probe, hosts, TICKS * (rounds + 1))
    rows_a_tick = hosts * ROWS_A_HOST
    flat = [_flat(tick) for tick in made]
    names = ["livedata"] if alone else list(CONTENDERS)
    found: dict[str, dict[str, list[float]]] = {name: defaultdict(list) for name in names}
    facts: dict[str, Mapping[str, Any]] = {}
    with ExitStack() as opened:
        keeps = {}
        for name in names:
            folder = work / name.replace(" ", "-").replace(",", "")
            folder.mkdir()
            keeps[name] = CONTENDERS[name](folder, probe, opened)
        for number in range(rounds + 1):
            some = slice(number * TICKS, (number + 1) * TICKS)
            for name, keep in keeps.items():
                with Meter() as meter:
                    for tick, plain in zip(made[some], flat[some], strict=True):
                        keep(tick, plain)
                if number:  # the first round makes files and fills caches
                    found[name]["cpu_ms"].append(meter.cpu_ms / TICKS)
                    found[name]["wall_ms"].append(meter.wall_ms / TICKS)
                    found[name]["rows_per_s"].append(rows_a_tick * TICKS / meter.cpu_ms * 1e3)
        total = rows_a_tick * len(made)
        cannot = {n: unreadable(n, work / n.replace(" ", "-").replace(",", ""), total) for n in names}
    for name in names:
        folder = work / name.replace(" ", "-").replace(",", "")
        size = file_bytes(folder / "store" / "wal" if name == "livedata" else folder)
        facts[name] = {"bytes_per_row": round(size / total, 1), "unreadable_meanwhile": cannot[name]}
    return {"rows_a_tick": rows_a_tick, "columns": len(stored_columns(probe)), "rounds": found, "once": facts}


def _flat(tick: Sequence[Batch]) -> list[tuple[Any, ...]]:
    """The rows with the columns that all of a batch share."""
    return [(b.ts, b.host, b.boot_id, b.offset_ms, b.dt_ms, *row) for b in tick for row in b.rows]

"""What lies where in a store, and what the names of its files say; nothing here opens a file.

    STORE/lock           who writes into it
    STORE/tables.json    every table's columns, in every version
    STORE/checkpoint     which write-ahead logs have become Parquet
    STORE/wal/           write-ahead logs: 00000012.wal
    STORE/state/         last counters and cursors at the checkpoint: 00000012.state
    STORE/aside/         files in the making
    STORE/lake/          the only folder that SQL reads:
        TABLE/HOST/FIRST_LAST_wFROM-TO_vVERSION.parquet

A host's folder carries its bare name, not `host=NAME`: the files hold a `host` column, so that each is complete by itself, and
readers that take `host=` for a partition then find two columns of that name (pyarrow refuses), or read host 007 as 7.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ..model.host import valid_name

TABLE_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_TS = (datetime(1, 1, 1, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)
LAST_TS = (datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC) - EPOCH) // timedelta(microseconds=1)
"""The times that a file's name can say. A name that says one of them means: this or beyond."""

STAMP = r"\d{8}T\d{6}(?:\.\d{6})?Z"
PART_NAME = re.compile(rf"({STAMP})_({STAMP})_w(\d+)-(\d+)_v(\d+)\.parquet")


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of one store."""

    root: Path

    @property
    def lock(self) -> Path:
        return self.root / "lock"

    @property
    def tables(self) -> Path:
        return self.root / "tables.json"

    @property
    def checkpoint(self) -> Path:
        return self.root / "checkpoint"

    @property
    def aside(self) -> Path:
        return self.root / "aside"

    @property
    def lake(self) -> Path:
        return self.root / "lake"

    @property
    def sealing(self) -> Path:
        """Exists while a sealing is under way, or after one that died."""
        return self.root / "sealing"

    @property
    def folders(self) -> tuple[Path, ...]:
        return tuple(self.root / name for name in ("wal", "state", "aside", "lake"))

    def wal(self, number: int) -> Path:
        return self.root / "wal" / f"{number:08}.wal"

    def state(self, number: int) -> Path:
        return self.root / "state" / f"{number:08}.state"


@dataclass(frozen=True, slots=True)
class Part:
    """One Parquet file: one host's rows of one table. `first_ts` and `last_ts` enclose the rows' `ts` (microseconds UTC).

    `first_wal` and `last_wal`: the write-ahead logs whose rows it holds. `version`: the columns' (`tables.json`).
    """

    path: Path
    host: str
    table: str
    first_ts: int
    last_ts: int
    first_wal: int
    last_wal: int
    version: int


def stamp(ts: int) -> str:
    """Microseconds as `20260801T101010Z`, with a fraction where there is one (ISO 8601, basic form)."""
    moment = EPOCH + timedelta(microseconds=min(max(ts, FIRST_TS), LAST_TS))
    return moment.replace(tzinfo=None).isoformat().replace("-", "").replace(":", "") + "Z"


def unstamp(text: str) -> int:
    """The inverse of `stamp`; ValueError if there is no such time."""
    return (datetime.fromisoformat(text[:-1]).replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)


def part_path(
    lake: Path, table: str, host: str, *, span: tuple[int, int], wals: tuple[int, int], version: int
) -> Path:
    """Where a part lies: `span` are its first and last `ts`, `wals` the first and last log whose rows it holds."""
    name = f"{stamp(span[0])}_{stamp(span[1])}_w{wals[0]}-{wals[1]}_v{version}.parquet"
    return lake / table / host / name


def parse_part(path: Path) -> Part | None:
    """What a path says of its file; None where it is no file of livedata's."""
    match = PART_NAME.fullmatch(path.name)
    if match is None or not valid_name(path.parent.name):
        return None
    try:
        first, last = unstamp(match[1]), unstamp(match[2])
    except ValueError:
        return None
    first = -(2**63) if first == FIRST_TS else first
    last = 2**63 - 1 if last == LAST_TS else last
    return Part(
        path,
        path.parent.name,
        path.parent.parent.name,
        first,
        last,
        int(match[3]),
        int(match[4]),
        int(match[5]),
    )


def _folders(path: Path, names: Collection[str] | None) -> Iterator[Path]:
    """The named folders in `path`, sorted, or all of them; none where there is no `path`."""
    try:
        with os.scandir(path) as entries:
            found = sorted(e.name for e in entries if e.is_dir(follow_symlinks=False))
    except FileNotFoundError:
        return
    yield from (path / name for name in found if names is None or name in names)


def list_parts(
    lake: Path, tables: Collection[str] | None = None, hosts: Collection[str] | None = None
) -> list[Part]:
    """Every part of these tables and hosts (None: of all), by table, host and name. Raises OSError."""
    paths = (
        folder / name
        for table in _folders(lake, tables)
        for folder in _folders(table, hosts)
        for name in sorted(os.listdir(folder))
    )
    return [p for p in map(parse_part, paths) if p is not None]

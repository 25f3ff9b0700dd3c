"""What lies where in a store, what the names of its files say, and what is known of each; nothing here opens a file.

    STORE/lock             who collects into it
    STORE/compacting       who compacts it
    STORE/tables.json      every table's columns, in every version
    STORE/manifest.sqlite  which Parquet files hold its rows
    STORE/wal/             write-ahead logs: 00000012.wal
    STORE/state/           last counters and cursors at the last sealing: 00000012.state
    STORE/aside/           files in the making, the collector's
    STORE/aside-compact/   and the compactor's
    STORE/pins/            who reads, so that nothing is deleted under them
    STORE/lake/            the only folder that SQL reads:
        TABLE/PERIOD/HOSTS.JOB-N.parquet

A period is a day (`2026-11-24`) or a month (`2026-11`) of its rows' `ts`, UTC; HOSTS is a host's name, or how many hosts share
the file (`40-hosts`). Folders carry bare values, not `day=…`: the files are complete by themselves, and readers that take such names
for a partition would add a column.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

TABLE_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US

MANY_PERIODS = 40
"""Rows of one sealing that lie in more days than this are filed by month, in more months than this under `other`: times in a
host's log are the host's to choose, the number of files is not."""
OTHER = "other"

FILE_NAME = re.compile(r".*\.(\d{8,})-(\d+)\.parquet")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MONTH = re.compile(r"\d{4}-\d\d")


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of one store."""

    root: Path

    @property
    def lock(self) -> Path:
        return self.root / "lock"

    @property
    def compacting(self) -> Path:
        return self.root / "compacting"

    @property
    def tables(self) -> Path:
        return self.root / "tables.json"

    @property
    def manifest(self) -> Path:
        return self.root / "manifest.sqlite"

    @property
    def aside(self) -> Path:
        return self.root / "aside"

    @property
    def aside_compact(self) -> Path:
        return self.root / "aside-compact"

    @property
    def pins(self) -> Path:
        return self.root / "pins"

    @property
    def lake(self) -> Path:
        return self.root / "lake"

    @property
    def folders(self) -> tuple[Path, ...]:
        return tuple(self.root / name for name in ("wal", "state", "aside", "aside-compact", "pins", "lake"))

    def wal(self, number: int) -> Path:
        return self.root / "wal" / f"{number:08}.wal"

    def state(self, number: int) -> Path:
        return self.root / "state" / f"{number:08}.state"

    def file(self, table: str, period: str, hosts: str, job: int, n: int) -> Path:
        """Where a Parquet file lies: the `n`th of a job."""
        return self.lake / table / period / f"{hosts}.{job:08}-{n}.parquet"


@dataclass(frozen=True, slots=True)
class Segment:
    """One Parquet file of the lake.

    `first_host` and `last_host` enclose its `hosts` hosts in the order of their names' code points; `first_ts` and `last_ts`
    its rows' `ts` (microseconds UTC). `version`: of its columns (`tables.json`). `level`: 0 as sealed, 1 compacted within its
    period, 2 the whole of it, 3 a whole month. `crc`: CRC-32 of the file, `mtime` when it was
    written, nanoseconds. `rolled`: the table's rollups hold its rows as well.
    `thin`: raw counters that increments give back are left out (`livedata.store.thin`). `born`: when it came to life,
    microseconds UTC; `checked`: when it was last read whole and found sound. `damage`: what was found wrong with it, or "".
    """

    path: Path
    table: str
    period: str
    level: int
    version: int
    first_host: str
    last_host: str
    hosts: int
    first_ts: int
    last_ts: int
    rows: int
    bytes: int
    crc: int
    mtime: int
    rolled: bool = False
    thin: bool = False
    born: int = 0
    checked: int = 0
    damage: str = ""


def job_of(path: Path) -> int | None:
    """The job that wrote a file of the lake; None where its name says none."""
    match = FILE_NAME.fullmatch(path.name)
    return int(match[1]) if match else None


def lake_files(lake: Path, tables: Collection[str] | None = None) -> Iterator[Path]:
    """Every Parquet file in the lake, also those that the manifest does not know, sorted. Raises OSError."""
    if lake.is_dir():
        for table in sorted(lake.iterdir()):
            if table.is_dir() and (tables is None or table.name in tables):
                yield from sorted(table.rglob("*.parquet"))


def day(number: int) -> str:
    """The name of a day: `number` days after 1970-01-01."""
    try:
        return f"{EPOCH + timedelta(days=number):%Y-%m-%d}"
    except OverflowError:
        return OTHER


def periods(days: Collection[int]) -> dict[int, str]:
    """Day number → the period that its rows are filed under: days, or wider where there are too many."""
    named = {number: day(number) for number in days}
    if len(set(named.values())) > MANY_PERIODS:
        named = {number: name[:7] if name != OTHER else OTHER for number, name in named.items()}
    if len(set(named.values())) > MANY_PERIODS:
        named = dict.fromkeys(named, OTHER)
    return named


def period_end(period: str) -> int:
    """When a period is over, microseconds UTC; 0 for `other`."""
    if _DAY.fullmatch(period):
        return _us(datetime.strptime(period, "%Y-%m-%d")) + DAY_US
    if _MONTH.fullmatch(period):
        return _us((datetime.strptime(period, "%Y-%m") + timedelta(days=31)).replace(day=1))
    return 0


def _us(moment: datetime) -> int:
    return (moment.replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)

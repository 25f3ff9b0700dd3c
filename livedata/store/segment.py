"""One Parquet file of the lake: how its rows lie in it, written aside and moved in whole, and read back in slices of hosts.

Rows are sorted by host, then the series' labels, then `ts`; a host's rows lie in row groups of their own where they are many, so that
one host is read without the others. Encodings are those of docs/decisions/0003-store.md: delta for whole numbers, times and decimals (kept
as scaled integers), dictionaries for text, zstd. Field ids are the columns' permanent ids; pages carry checksums; the file's metadata
say enough to build the manifest anew.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from .. import __version__
from ..model.batch import arrow_schema, stored_columns
from ..model.probe import Probe, Type
from .files import make_folder, open_private, sync_folder
from .layout import DAY_US, Layout, periods
from .manifest import Segment

LARGEST_GROUP = 120_000
"""Rows in a row group, at most."""
OWN_GROUP = 2_000
"""A host with so many rows in a file has row groups of its own."""
SHARED_GROUP = 20_000
"""Rows of several hosts in one row group, at most."""
FEW_HOSTS = 10
"""As long as a table has so few hosts, each has a file of its own."""
LARGEST_FILE = 2_000_000
"""Rows in a shared file at which the next host begins a new one."""

SEAL_ZSTD = 3
COMPACT_ZSTD = 9
DELTA: tuple[Type, ...] = ("i64", "u64", "d2", "ts")
META = b"livedata.segment"


class Origin(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a file says of itself, in its metadata.

    `job_rows`: the rows of all raw files of its job: so many there are only if the job wrote all of them. `inputs`: the files that
    it replaced, relative to the lake. `wals`: first and last of the write-ahead logs that it replaced.
    """

    table: str
    version: int
    job: int
    job_rows: int
    level: int = 0
    rolled: bool = False
    rollup: bool = False
    inputs: tuple[str, ...] = ()
    wals: tuple[int, int] | None = None


def sort_keys(probe: Probe) -> list[str]:
    """The order of a file's rows: host, labels, `ts`."""
    labels = [probe.columns[i].name for i in probe.labels if probe.columns[i].name not in ("host", "ts")]
    return ["host", *labels, "ts"]


def by_series(rows: pa.Table, probe: Probe) -> pa.Table:
    """Rows sorted by the full series key: neighbours are alike, so they take little room."""
    return rows.sort_by([(name, "ascending") for name in sort_keys(probe)])


def span(rows: pa.Table) -> tuple[int, int]:
    """First and last `ts` of rows (at least one), microseconds UTC."""
    ends = pc.min_max(rows["ts"].cast(pa.int64())).as_py()
    return ends["min"], ends["max"]


def by_period(rows: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """The rows of each period, in their order."""
    first, last = span(rows)
    if first // DAY_US == last // DAY_US:
        yield periods({first // DAY_US})[first // DAY_US], rows
        return
    days = pc.divide(rows["ts"].cast(pa.int64()), DAY_US)
    named = periods(days.unique().to_pylist())
    keys = pa.array(list(named), pa.int64())
    names = pa.array(list(named.values()))
    of_row = names.take(pc.index_in(days, keys))
    for name in sorted(set(named.values())):
        yield name, rows.filter(pc.equal(of_row, name))


def host_runs(hosts: pa.ChunkedArray) -> list[tuple[str, int]]:
    """(host, rows) of a column that is sorted by host."""
    runs: list[tuple[str, int]] = []
    for chunk in hosts.chunks:
        encoded = pc.run_end_encode(chunk)
        start = 0
        for name, end in zip(encoded.values.to_pylist(), encoded.run_ends.to_pylist(), strict=True):
            if runs and runs[-1][0] == name:
                runs[-1] = (name, runs[-1][1] + end - start)
            else:
                runs.append((name, end - start))
            start = end
    return runs


def row_groups(runs: Sequence[tuple[str, int]]) -> Iterator[int]:
    """How many rows the next row group takes: a host's own, or those of several small hosts."""
    pooled = 0
    for _, rows in runs:
        if rows >= OWN_GROUP or pooled + rows > SHARED_GROUP:
            if pooled:
                yield pooled
            pooled = 0
        if rows < OWN_GROUP:
            pooled += rows
            continue
        parts = -(-rows // LARGEST_GROUP)
        for part in range(parts):
            yield rows * (part + 1) // parts - rows * part // parts
    if pooled:
        yield pooled


def shares(rows_of: Mapping[str, int]) -> Iterator[tuple[str, ...]]:
    """The hosts of each file: one a file while they are few, otherwise as many as fill it; in order of their names."""
    hosts: list[str] = []
    rows = 0
    for host in sorted(rows_of):
        if hosts and (len(rows_of) <= FEW_HOSTS or rows + rows_of[host] > LARGEST_FILE):
            yield tuple(hosts)
            hosts, rows = [], 0
        hosts.append(host)
        rows += rows_of[host]
    if hosts:
        yield tuple(hosts)


def encodings(probe: Probe, zstd: int) -> dict[str, Any]:
    """How a table's columns are written: pyarrow's options."""
    columns = stored_columns(probe)
    texts = {"str": ("",), "map": (".key_value.key", ".key_value.value")}
    return {
        "compression": "zstd",
        "compression_level": zstd,
        "store_schema": False,
        "store_decimal_as_integer": True,
        "write_page_checksum": True,
        "use_dictionary": [c.name + path for c in columns for path in texts.get(c.type, ())],
        "column_encoding": {c.name: "DELTA_BINARY_PACKED" for c in columns if c.type in DELTA},
    }


@dataclass(slots=True)
class Written:
    """A file in the making: what the manifest is to say of it."""

    aside: Path
    path: Path
    period: str
    origin: Origin
    hosts: set[str]
    first_ts: int
    last_ts: int
    rows: int
    bytes: int = 0

    def segment(self) -> Segment:
        return Segment(
            self.path, self.origin.table, self.period, self.origin.level, self.origin.version,
            min(self.hosts), max(self.hosts), len(self.hosts), self.first_ts, self.last_ts, self.rows, self.bytes,
            self.origin.rolled,
        )  # fmt: skip


def write(
    layout: Layout,
    aside: Path,
    rows: Iterable[pa.Table],
    probe: Probe,
    period: str,
    origin: Origin,
    n: int,
    zstd: int,
) -> Written | None:
    """Write a job's `n`th file into the folder `aside`, synced: `rows` come in its order (`by_series`), table by table. None if
    there is none.

    Raises:
        OSError: nothing is left behind.
    """
    aside = aside / f"{origin.job:08}-{n}.parquet"
    made = Written(aside, aside, period, origin, set(), 2**63 - 1, -(2**63), 0)
    try:
        with os.fdopen(open_private(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "wb") as file:
            with pq.ParquetWriter(file, arrow_schema(probe), **encodings(probe, zstd)) as parquet:
                for table in rows:
                    _add(parquet, table, made)
                parquet.add_key_value_metadata({META: msgspec.json.encode(origin), b"livedata": __version__})
            file.flush()
            os.fsync(file.fileno())
            made.bytes = file.tell()
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    if not made.rows:
        aside.unlink()
        return None
    hosts = min(made.hosts) if len(made.hosts) == 1 else f"{len(made.hosts)}-hosts"
    made.path = layout.file(origin.table, period, hosts, origin.job, n)
    return made


def _add(parquet: pq.ParquetWriter, table: pa.Table, made: Written) -> None:
    if not table.num_rows:
        return
    first, last = span(table)
    made.first_ts, made.last_ts = min(made.first_ts, first), max(made.last_ts, last)
    made.rows += table.num_rows
    runs = host_runs(table["host"])
    made.hosts.update(host for host, _ in runs)
    start = 0
    for count in row_groups(runs):
        parquet.write_table(table.slice(start, count), LARGEST_GROUP)
        start += count


def move_in(made: Sequence[Written]) -> None:
    """Move written files into the lake, durably, in their order. Raises OSError."""
    for folder in dict.fromkeys(file.path.parent for file in made):
        make_folder(folder.parent)
        make_folder(folder)
    for file in made:
        file.aside.replace(file.path)
    for folder in dict.fromkeys(file.path.parent for file in made):
        sync_folder(folder)

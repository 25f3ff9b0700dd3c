"""One Parquet file of the lake: how its rows lie in it, written aside and moved in whole, and read back in slices of hosts.

Rows are sorted by host, then the series' labels, then `ts`; a host's rows lie in row groups of their own where they are many, so that
one host is read without the others. Encodings are those of docs/decisions/0003-store.md: delta for whole numbers, times and decimals (kept
as scaled integers), dictionaries for text, zstd. Field ids are the columns' permanent ids; pages carry checksums; the file's metadata
say enough to build the manifest anew.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any
from zlib import crc32

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from .. import __version__
from ..model.batch import arrow_schema, stored_columns
from ..model.columns import TEMPLATE
from ..model.probe import Probe, Type
from .files import make_folder, open_private, sync_folder
from .layout import DAY_US, Layout, Segment, periods
from .terms import Filters

LARGEST_GROUP = 120_000
"""Rows in a row group, at most, of files that stay (level 2 and above)."""
SMALL_GROUP = 12_000
"""The same in files that are merged again soon: what merges them reads a few hosts of each at a time, and no row twice."""
SMALL_EVENT_GROUP = 5_000
"""The same of events, whose rows are long: what merges a day holds a group of each of its hours."""
OWN_SHARE = 0.5
"""A host whose rows fill so much of a row group has groups of its own; smaller ones share: the footer's 3 kB a group cost more to read than
the other hosts' rows."""
FEW_HOSTS = 10
"""As long as a table has so few hosts, each has a file of its own."""
LARGEST_FILE = 2_000_000
"""Rows in a shared file at which the next host begins a new one."""

ZSTD = 3
"""Level 9 takes 0.3 to 0.9 % less for numbers, for a quarter more CPU."""
EVENTS_ZSTD = 12
"""Of texts it takes a seventh less than level 3, for three times the CPU: for compacted events, which are few."""
REPEATED = ("offset_ms", "dt_ms")
"""Whole numbers of few values: a dictionary takes half of what deltas take."""
MAP_LEAVES = (".key_value.key", ".key_value.value")
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
    thin: bool = False
    inputs: tuple[str, ...] = ()
    wals: tuple[int, int] | None = None


def sort_keys(probe: Probe) -> list[str]:
    """The order of a file's rows: host, labels, template, `ts`."""
    labels = [probe.columns[i].name for i in probe.labels if probe.columns[i].name not in ("host", "ts")]
    return ["host", *labels, *([TEMPLATE] if probe.mined else []), "ts"]


def by_series(rows: pa.Table, probe: Probe) -> pa.Table:
    """Rows sorted by the full series key: neighbours are alike, so they take little room."""
    keys = {name: _sortable(rows[name]) for name in sort_keys(probe)}
    return rows.take(pc.sort_indices(pa.table(keys), [(name, "ascending") for name in keys]))


def _sortable(column: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
    """The column, or the ranks of its values where it is a dictionary's (which Arrow does not sort)."""
    if not pa.types.is_dictionary(column.type):
        return column
    array = pa.chunked_array(column).unify_dictionaries().combine_chunks()
    ranks = pc.sort_indices(pc.sort_indices(array.dictionary))
    return ranks.take(array.indices)


def repeated(probe: Probe) -> list[str]:
    """Texts of few values: they are read, sorted and written as dictionaries, at half the cost."""
    labels = {probe.columns[i].name for i in probe.labels}
    return [
        c.name
        for c in stored_columns(probe)
        if c.type == "str" and c.name in {"host", "boot_id", TEMPLATE} | labels
    ]


def read_as_dictionaries(probe: Probe) -> list[str]:
    """Those, and what is in maps: of a log's entry most is the same as of the one before it."""
    maps = [c.name for c in stored_columns(probe) if c.type == "map"]
    return [*repeated(probe), *(name + leaf for name in maps for leaf in MAP_LEAVES)]


def with_dictionaries(schema: pa.Schema, names: Collection[str]) -> pa.Schema:
    """A schema whose texts of these names are dictionaries; a file's schema is the same with and without."""
    kind = pa.dictionary(pa.int32(), pa.string())
    return pa.schema([field.with_type(kind) if field.name in names else field for field in schema])


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
        names = chunk.dictionary if pa.types.is_dictionary(chunk.type) else None
        encoded = pc.run_end_encode(chunk if names is None else chunk.indices)
        found = encoded.values if names is None else names.take(encoded.values)
        start = 0
        for name, end in zip(found.to_pylist(), encoded.run_ends.to_pylist(), strict=True):
            if runs and runs[-1][0] == name:
                runs[-1] = (name, runs[-1][1] + end - start)
            else:
                runs.append((name, end - start))
            start = end
    return runs


def row_groups(runs: Sequence[tuple[str, int]], largest: int) -> Iterator[int]:
    """How many rows the next row group takes: a host's own, or those of several small hosts."""
    pooled = 0
    for _, rows in runs:
        own = rows >= largest * OWN_SHARE
        if own or pooled + rows > largest:
            if pooled:
                yield pooled
            pooled = 0
        if not own:
            pooled += rows
            continue
        parts = -(-rows // largest)
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
    """How a table's columns are written: pyarrow's options. Statistics are kept of the columns that files are sorted by."""
    columns = stored_columns(probe)
    texts = {"str": ("",), "map": MAP_LEAVES}
    return {
        "compression": "zstd",
        "compression_level": zstd,
        "store_schema": False,
        "store_decimal_as_integer": True,
        "write_page_checksum": True,
        "write_statistics": sort_keys(probe),
        "use_dictionary": [
            *(c.name + path for c in columns for path in texts.get(c.type, ())),
            *(c.name for c in columns if c.name in REPEATED),
        ],
        "column_encoding": {
            c.name: "DELTA_BINARY_PACKED" for c in columns if c.type in DELTA and c.name not in REPEATED
        },
    }


class _Sink:
    """A file that is written to from begin to end, and the CRC-32 of its bytes; what pyarrow asks of a Python file."""

    closed = False

    def __init__(self, path: Path) -> None:
        self.crc = 0
        self.bytes = 0
        self._file = os.fdopen(open_private(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "wb")

    def write(self, data: bytes) -> int:
        self.crc = crc32(data, self.crc)
        self.bytes += len(data)
        return self._file.write(data)

    def tell(self) -> int:
        return self.bytes

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        """Synced."""
        if not self.closed:
            self.closed = True
            with self._file:
                self._file.flush()
                os.fsync(self._file.fileno())


class File:
    """A file in the making, written into the folder `aside`: `add` rows in its order (`by_series`), then `close`.

    `schema`: of the rows, if not `arrow_schema(probe)` itself (see `with_dictionaries`). `path`: where it will lie in the lake. Used as a context, an exception leaves nothing behind. Raises OSError.
    """

    def __init__(
        self,
        layout: Layout,
        aside: Path,
        probe: Probe,
        period: str,
        origin: Origin,
        n: int,
        zstd: int,
        *,
        schema: pa.Schema | None = None,
    ) -> None:
        self.origin = origin
        self.period = period
        self.hosts: set[str] = set()
        self.rows = 0
        self.aside = aside / f"{origin.job:08}-{n}.parquet"
        self._layout = layout
        self._n = n
        self._first_ts, self._last_ts = 2**63 - 1, -(2**63)
        self._mtime = 0
        self._sink = _Sink(self.aside)
        self._parquet = pq.ParquetWriter(self._sink, schema or arrow_schema(probe), **encodings(probe, zstd))
        small = SMALL_EVENT_GROUP if probe.is_events else SMALL_GROUP
        self._largest_group = LARGEST_GROUP if origin.level > 1 else small
        self._mined = probe.mined
        self._filters = Filters() if probe.mined and origin.level else None

    def add(self, rows: pa.Table) -> None:
        if not rows.num_rows:
            return
        first, last = span(rows)
        self._first_ts, self._last_ts = min(self._first_ts, first), max(self._last_ts, last)
        self.rows += rows.num_rows
        runs = host_runs(rows["host"])
        self.hosts.update(host for host, _ in runs)
        start = 0
        for count in row_groups(runs, self._largest_group):
            group = rows.slice(start, count)
            self._parquet.write_table(group, LARGEST_GROUP)
            if self._filters:
                self._filters.add(group[self._mined])
            start += count

    def close(self, *, rolled: bool = False) -> None:
        """Write the footer and sync."""
        self.origin = msgspec.structs.replace(self.origin, rolled=rolled)
        self._parquet.add_key_value_metadata(
            {META: msgspec.json.encode(self.origin), b"livedata": __version__}
        )
        if self._filters:
            self._sink.write(self._filters.block())
        self._parquet.close()
        self._sink.close()
        self._mtime = self.aside.stat().st_mtime_ns

    def drop(self) -> None:
        """Leave nothing behind."""
        with suppress(OSError, pa.ArrowException):
            self._parquet.close()
        with suppress(OSError):
            self._sink.close()
        self.aside.unlink(missing_ok=True)

    @property
    def path(self) -> Path:
        hosts = min(self.hosts) if len(self.hosts) == 1 else f"{len(self.hosts)}-hosts"
        return self._layout.file(self.origin.table, self.period, hosts, self.origin.job, self._n)

    def segment(self) -> Segment:
        """What the manifest is to say of it."""
        origin = self.origin
        return Segment(
            self.path, origin.table, self.period, origin.level, origin.version, min(self.hosts), max(self.hosts),
            len(self.hosts), self._first_ts, self._last_ts, self.rows, self._sink.bytes,
            self._sink.crc, self._mtime, origin.rolled, origin.thin,
        )  # fmt: skip

    def __enter__(self) -> File:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.drop()


def move_in(made: Sequence[File]) -> None:
    """Move written files into the lake, durably, in their order. Raises OSError."""
    for folder in dict.fromkeys(file.path.parent for file in made):
        make_folder(folder.parent)
        make_folder(folder)
    for file in made:
        file.aside.replace(file.path)
    for folder in dict.fromkeys(file.path.parent for file in made):
        sync_folder(folder)


def hosts_of(made: Sequence[File]) -> dict[str, set[str]]:
    """The hosts that have rows in files, by table."""
    found: dict[str, set[str]] = {}
    for file in made:
        found.setdefault(file.origin.table, set()).update(file.hosts)
    return found

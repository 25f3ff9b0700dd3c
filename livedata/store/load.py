"""Rows that come as Arrow tables instead of from hosts (an import), straight into Parquet."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from ..model.batch import arrow_schema
from ..model.host import valid_name
from ..model.probe import Probe
from . import seal, segment
from .manifest import Manifest
from .segment import File, Origin


def load(manifest: Manifest, probe: Probe, version: int, rows: Iterable[pa.Table], now_us: int) -> int:
    """Keep the tables' rows, in files a table of them; all live at once. How many they were.

    Raises:
        ValueError: a row has no `ts` or no `host`, or a host's name can't be one.
        OSError, StoreError: nothing is kept.
    """
    layout = manifest.layout
    job = manifest.begin("load", now_us)
    origin = Origin(probe.name, version, job, 0)
    made: list[File] = []
    for table in rows:
        if table.num_rows:
            made += seal.write_all(layout, _checked(table, probe), probe, origin, len(made))
    segment.move_in(made)
    manifest.commit(job, now_us, born=[file.segment() for file in made], hosts=segment.hosts_of(made))
    return sum(file.rows for file in made)


def _checked(rows: pa.Table, probe: Probe) -> pa.Table:
    table = rows.cast(arrow_schema(probe))
    for name in ("ts", "host"):
        if table[name].null_count:
            raise ValueError(f"{table[name].null_count} rows have no {name}")
    strangers = [host for host in table["host"].unique().to_pylist() if not valid_name(host)]
    if strangers:
        raise ValueError(f"{strangers[0]!r} can't be a host's name")
    return table

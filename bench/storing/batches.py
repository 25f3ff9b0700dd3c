"""Made-up rows as the collector hands them to the store: a batch a host, table and tick, of Python values."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from livedata.model.batch import Batch, Row, increase_name
from livedata.model.probe import Probe
from livedata.store.payload import values


def _values(column: pa.ChunkedArray) -> list[object]:
    """A column as parsers give it: decimals as hundredths, times as microseconds."""
    return values(column.combine_chunks())


def batches(probe: Probe, table: pa.Table) -> Iterator[list[Batch]]:
    """Tick after tick; the table's rows are the probe's samples of any hosts, in any order."""
    rows = table.sort_by([("ts", "ascending"), ("host", "ascending")])
    names = [c.name for c in probe.columns]
    names += [increase_name(c.name) for c in probe.columns if c.kind == "counter"]
    found: list[Row] = list(zip(*(_values(rows[name]) for name in names), strict=True))
    common = [
        _values(rows[n]) if n in rows.column_names else [None] * len(found)
        for n in ("ts", "host", "boot_id", "offset_ms", "dt_ms")
    ]
    tick: list[Batch] = []
    start = 0
    keys = list(zip(*common, strict=True))
    for end in range(1, len(keys) + 1):
        if end == len(keys) or keys[end][:2] != keys[start][:2]:
            ts, host, boot_id, offset, dt = keys[start]
            tick.append(Batch(probe, host, ts, found[start:end], boot_id, offset, dt))
            if end == len(keys) or keys[end][0] != ts:
                yield tick
                tick = []
            start = end

"""The rows of the write-ahead logs as Arrow tables, in the columns that their tables have now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from ..model.batch import TYPES, arrow_schema, mined, stored_columns
from ..model.probe import Probe
from . import payload
from .frame import Scan
from .registry import Tables, lookup

if TYPE_CHECKING:
    from .reader import Span


def conform(record: pa.RecordBatch, old: Probe, new: Probe) -> pa.RecordBatch:
    """Rows of an older version in the columns of a newer: found by id, renamed, widened, null where they had none; mined anew."""
    if old is new:
        return record
    positions = {c.id: i for i, c in enumerate(stored_columns(old))}
    arrays = [
        record.column(positions[c.id]).cast(TYPES[c.type])
        if c.id in positions
        else pa.nulls(len(record), TYPES[c.type])
        for c in stored_columns(new)
    ]
    return mined(pa.RecordBatch.from_arrays(arrays, schema=arrow_schema(new)), new)


def fresh_rows(logs: Sequence[Scan], known: Tables, spans: Mapping[str, Span]) -> dict[str, pa.Table]:
    """name → its rows; frames of a table that hold nothing of its span are passed over.

    Raises:
        StoreError: a frame can't be read, or its version is unknown.
    """
    found: dict[str, list[pa.RecordBatch]] = {name: [] for name in spans}
    for body in (body for log in logs for body in log.bodies):
        for entry in payload.unpack(body).entries:
            span = spans.get(entry.table)
            if entry.rows and span and entry.first_ts <= span.last_ts and entry.last_ts >= span.first_ts:
                old = lookup(known, entry.table, entry.version)
                table = known.tables[entry.table]
                rows = payload.record(entry, old)
                found[entry.table].append(conform(rows, old, table.versions[table.current]))
    return {
        name: pa.Table.from_batches(
            records, arrow_schema(known.tables[name].versions[known.tables[name].current])
        )
        for name, records in found.items()
    }

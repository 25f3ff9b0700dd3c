"""Raw counters of old rows are kept only where increments can't give them back: the same entropy is not stored twice.

In a file whose rows are sorted by series and time, a raw counter is null where it is the row's before it, of the same series, plus
the row's own increment, exactly; so it stays at the first row of each series, after a reboot, a reset, a gap. `fill` gives every
value back. Counters of type f64 stay whole: sums of doubles are not exact.
"""

from __future__ import annotations

from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc

from ..model.batch import increase_name, seen_as
from ..model.probe import Column, Probe

EXACT = ("i64", "u64", "d2")


def counters(probe: Probe) -> list[Column]:
    """The counters that can be thinned."""
    return [c for c in (probe.columns[i] for i in probe.counters) if c.type in EXACT]


def _whole(column: pa.ChunkedArray) -> pa.Array:
    """A column's values as signed whole numbers, whatever they stand for; sums of them wrap around."""
    return seen_as(column.combine_chunks(), pa.int64())


def _comparable(column: pa.ChunkedArray) -> pa.Array:
    """Values, or their places in the one dictionary that they share."""
    array = column.combine_chunks()
    return array.indices if pa.types.is_dictionary(array.type) else array


def _follows(rows: pa.Table, probe: Probe) -> pa.Array:
    """For each row but the first: whether it is of the same series as the one before, and later; nor is that one of the same time as
    the one before it, since who sorts by time alone may have those two the other way round."""
    keys = ["host", *(probe.columns[i].name for i in probe.labels if probe.columns[i].name != "host")]
    now, before = rows.slice(1), rows.slice(0, rows.num_rows - 1)

    def same(name: str) -> pa.Array:
        one, other = _comparable(now[name]), _comparable(before[name])
        both_null = pc.and_(one.is_null(), other.is_null())
        return pc.or_(pc.fill_null(pc.equal(one, other), False), both_null)

    series = reduce(pc.and_, map(same, keys))
    later = pc.greater(now["ts"].combine_chunks(), before["ts"].combine_chunks())
    twice = pc.and_(series, pc.invert(later))
    after_two = pa.concat_arrays([pa.array([False]), twice.slice(0, len(twice) - 1)])
    return pc.and_(pc.and_(series, later), pc.invert(after_two))


def thin(rows: pa.Table, probe: Probe) -> pa.Table:
    """Rows in the order of a file (`segment.by_series`), without the raw counters that `fill` gives back."""
    if rows.num_rows < 2:
        return rows
    follows = _follows(rows, probe)
    for counter in counters(probe):
        raw, grown = _whole(rows[counter.name]), _whole(rows[increase_name(counter.name)])
        expected = pc.add(raw.slice(0, len(raw) - 1), grown.slice(1))
        given = pc.fill_null(pc.and_(follows, pc.equal(raw.slice(1), expected)), False)
        given = pa.concat_arrays([pa.array([False]), given])
        kept = seen_as(
            pc.if_else(given, pa.scalar(None, pa.int64()), raw), rows.schema.field(counter.name).type
        )
        rows = rows.set_column(
            rows.schema.get_field_index(counter.name), rows.schema.field(counter.name), kept
        )
    return rows


def fill(rows: pa.Table, probe: Probe) -> pa.Table:
    """The inverse of `thin`. A raw counter that was null before is null again if its increment is."""
    for counter in counters(probe):
        raw, grown = _whole(rows[counter.name]), _whole(rows[increase_name(counter.name)])
        known = pc.or_(raw.is_valid(), grown.is_valid())
        total = pc.cumulative_sum(pc.fill_null(grown, 0))
        base = pc.fill_null_forward(pc.subtract(raw, total))
        filled = pc.if_else(known, pc.add(base, total), pa.scalar(None, pa.int64()))
        whole = seen_as(filled, rows.schema.field(counter.name).type)
        rows = rows.set_column(
            rows.schema.get_field_index(counter.name), rows.schema.field(counter.name), whole
        )
    return rows

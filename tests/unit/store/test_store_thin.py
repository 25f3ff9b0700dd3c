"""Thin counters: what was left out comes back, exactly."""

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from livedata.model.batch import arrow_schema
from livedata.store.segment import by_series
from livedata.store.thin import counters, fill, thin

from .samples import DISK, START_US

U64 = st.one_of(st.integers(0, 50), st.integers(2**64 - 50, 2**64 - 1))
"""Small and near where it wraps around."""


@st.composite
def samples(draw: st.DrawFn) -> pa.Table:
    """Rows as probes give them: chains of increments with resets, gaps, lost rows, and times that come twice."""
    rows = []
    for host in ("a", "b"):
        for device in ("x", "y", None):
            reads, busy = draw(U64), 0
            for n in range(draw(st.integers(0, 8))):
                what = draw(
                    st.sampled_from(["grow", "grow", "grow", "lost", "reset", "gap", "none", "twice"])
                )
                if what == "none":
                    rows.append((START_US + n, host, device, None, None, None, None))
                    continue
                grown, spent = draw(st.integers(0, 9)), draw(st.integers(0, 9))
                known = n > 0 and what not in ("reset", "gap")
                before = reads
                reads = draw(U64) if what == "reset" else min(reads + grown, 2**64 - 1)
                grown = reads - before
                busy = busy + spent
                if what == "lost":
                    continue
                ts = START_US + (n - 1 if what == "twice" else n)
                rows.append(
                    (ts, host, device, reads, busy, grown if known else None, spent if known else None)
                )
    schema = arrow_schema(DISK)
    columns = list(zip(*rows, strict=True)) if rows else [()] * 7
    names = (
        "ts",
        "host",
        "device",
        "reads_total",
        "busy_seconds_total",
        "reads_increase",
        "busy_seconds_increase",
    )
    arrays = {}
    for name, values in zip(names, columns, strict=True):
        of = schema.field(name).type
        if pa.types.is_decimal(of):
            whole = pa.array(values, pa.int64())
            arrays[name] = pa.Array.from_buffers(of, len(whole), whole.buffers(), whole.null_count)
        else:
            arrays[name] = pa.array(values, of)
    table = pa.table([arrays.get(f.name, pa.nulls(len(rows), f.type)) for f in schema], schema=schema)
    return by_series(table, DISK)


@settings(max_examples=300)
@given(samples(), st.integers(0, 50), st.integers(0, 50))
def test_fill_gives_back_what_thin_left_out(rows: pa.Table, offset: int, length: int) -> None:
    lean = thin(rows, DISK)
    assert fill(lean, DISK).combine_chunks().equals(rows.combine_chunks())
    part = rows.slice(min(offset, len(rows)), length)
    assert fill(thin(part, DISK), DISK).combine_chunks().equals(part.combine_chunks())


def test_only_the_first_of_a_steady_series_stays() -> None:
    schema = arrow_schema(DISK)
    n = 100
    values = {
        "ts": pa.array(range(n), schema.field("ts").type), "host": pa.array(["a"] * n), "device": pa.array(["x"] * n),
        "reads_total": pa.array([7 * i for i in range(n)], pa.uint64()),
        "reads_increase": pa.array([None] + [7] * (n - 1), pa.int64()),
    }  # fmt: skip
    rows = pa.table([values.get(f.name, pa.nulls(n, f.type)) for f in schema], schema=schema)
    assert thin(rows, DISK)["reads_total"].to_pylist() == [0] + [None] * (n - 1)
    assert [c.name for c in counters(DISK)] == ["reads_total", "busy_seconds_total"]


def test_what_follows_two_rows_of_one_time_stays() -> None:
    """Who sorts by time alone may have the two the other way round, and would reckon from the wrong one."""
    schema = arrow_schema(DISK)
    values = {
        "ts": pa.array([1, 2, 2, 3, 4], schema.field("ts").type), "host": pa.array(["a"] * 5),
        "device": pa.array(["x"] * 5), "reads_total": pa.array([10, 20, 30, 40, 50], pa.uint64()),
        "reads_increase": pa.array([None, 10, 10, 10, 10], pa.int64()),
    }  # fmt: skip
    rows = pa.table([values.get(f.name, pa.nulls(5, f.type)) for f in schema], schema=schema)
    assert thin(rows, DISK)["reads_total"].to_pylist() == [10, None, 30, 40, None]
    assert fill(thin(rows, DISK), DISK).equals(rows)

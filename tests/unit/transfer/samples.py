"""A table with a column of every type, and rows of it whose texts are as bad as a host may send them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from livedata.model.batch import arrow_schema
from livedata.model.probe import Column, Probe

EVERY_TYPE = Probe(
    "every_type",
    'Help with "quotes", a back\\slash and\na line.',
    (
        Column("device", 1, "str", "label", "A label"),
        Column("message", 2, "str", "text"),
        Column("ok", 3, "bool", "gauge"),
        Column("small", 4, "i64", "gauge"),
        Column("reads_total", 5, "u64", "counter", "Reads"),
        Column("busy_seconds_total", 6, "d2", "counter", "Busy"),
        Column("load", 7, "f64", "gauge"),
        Column("boot_time", 8, "ts", "time"),
        Column("fields", 9, "map", "text"),
    ),
)
START = 1_795_143_600_000_000
"""2026-11-20T03:00:00Z"""

NASTY = st.text(
    st.one_of(
        st.sampled_from("\"'\\,;\n\r\t\0 {}[]#@=\x1b\u2028\ufeff"),
        st.characters(exclude_categories=("Cs",)),
    ),
    max_size=12,
) | st.sampled_from(
    ["", " ", "NULL", "null", "nan", "007", "1e5", "true", "-", "2026-11-20T03:00:00Z", '{"a":"b"}']
)
HUNDREDTHS = st.integers(-(10**18) + 1, 10**18 - 1).map(lambda n: Decimal(n).scaleb(-2))
YEARS = st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999)


def rows(floats: st.SearchStrategy[float]) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Rows of `EVERY_TYPE`, each value of which may be null where the store allows it."""
    values: dict[str, st.SearchStrategy[Any]] = {
        "str": NASTY,
        "bool": st.booleans(),
        "i64": st.integers(-(2**63), 2**63 - 1),
        "u64": st.integers(0, 2**64 - 1),
        "d2": HUNDREDTHS,
        "f64": floats,
        "ts": YEARS,
        "map": st.dictionaries(NASTY, NASTY, max_size=3).map(lambda d: list(d.items())),
    }
    of = {
        "reads_increase": "i64",
        "busy_seconds_increase": "d2",
        "boot_id": "str",
        "offset_ms": "i64",
        "dt_ms": "i64",
    }
    of |= {c.name: c.type for c in EVERY_TYPE.columns}
    columns = {name: st.none() | values[kind] for name, kind in of.items()}
    columns["ts"] = YEARS
    columns["host"] = st.sampled_from(["web-01", "db.example.org", "7"])
    return st.lists(st.fixed_dictionaries(columns), min_size=1, max_size=8)


def table(found: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(found, arrow_schema(EVERY_TYPE))

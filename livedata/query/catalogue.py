"""What can be asked: the tables and their columns, as Arrow tables that every format can write."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pyarrow as pa

from ..model.batch import stored_columns
from ..model.probe import Probe
from .engine import stream
from .source import Source
from .views import identifier, rate_columns

UNITS = {"_bytes": "bytes", "_seconds": "s", "_ms": "ms", "_pct": "%"}
"""The end of a name says its unit; `_total` and `_increase` are an amount of it, `_per_second` a rate."""

_AMOUNTS = ("_total", "_increase")
_TEXT = pa.string()


def unit(name: str) -> str | None:
    """The unit that a column's name says: `read_bytes_per_second` → `bytes/s`; None where it says none."""
    rate = name.endswith("_per_second")
    base = name.removesuffix("_per_second")
    for suffix in _AMOUNTS:
        base = base.removesuffix(suffix)
    known = next((u for end, u in UNITS.items() if base.endswith(end)), None)
    return f"{known or '1'}/s" if rate else known


def cadence(every: float) -> str | None:
    """Seconds as a person writes them: `10s`, `5m`, `1d`; None for a table that no host is asked for."""
    for seconds, letter in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if every >= seconds and every % seconds == 0:
            return f"{every // seconds:g}{letter}"
    return f"{every:g}s" if every else None


def table_list(definitions: Mapping[str, Probe], kept: Collection[str]) -> pa.Table:
    """A row a table; `kept`: whether the store has it."""
    probes = [definitions[name] for name in sorted(definitions)]
    return pa.table(
        {
            "name": pa.array([p.name for p in probes], _TEXT),
            "every": pa.array([cadence(p.every) for p in probes], _TEXT),
            "kept": pa.array([p.name in kept for p in probes], pa.bool_()),
            "help": pa.array([p.help for p in probes], _TEXT),
        }
    )


def column_list(probe: Probe) -> pa.Table:
    """A row a column, in the view's order; `sql` says how a column is reckoned that is not stored.

    Raises:
        QueryError: a `[derived]` expression can't be reckoned.
    """
    source = Source(lambda: {probe.name: probe})
    with stream(source, f"DESCRIBE {identifier(probe.name)}") as (_, batches):
        types = {
            name: kind
            for b in batches
            for name, kind in zip(*(c.to_pylist() for c in b.columns[:2]), strict=True)
        }
    rows: list[tuple[str, str, str | None, str]] = [
        (c.name, c.kind, c.help, "") for c in stored_columns(probe)
    ]
    rows += [(d.name, "rate", d.help, d.sql) for d in rate_columns(probe)]
    rows += [(d.name, "derived", d.help, d.sql) for d in probe.derived]
    return pa.table(
        {
            "column": pa.array([name for name, _, _, _ in rows], _TEXT),
            "type": pa.array([types[name] for name, _, _, _ in rows], _TEXT),
            "unit": pa.array([unit(name) for name, _, _, _ in rows], _TEXT),
            "kind": pa.array([kind for _, kind, _, _ in rows], _TEXT),
            "help": pa.array([text for _, _, text, _ in rows], _TEXT),
            "sql": pa.array([sql or None for _, _, _, sql in rows], _TEXT),
        }
    )

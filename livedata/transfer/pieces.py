"""Cuts what is exported of a table into pieces that fit in memory, its days or its hosts, and reads their rows in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from ..model.batch import arrow_schema, stored_columns
from ..model.probe import Probe
from ..query.views import Scope, identifier

Ask = Callable[[str, Scope], AbstractContextManager[tuple[pa.Schema, Iterator[pa.RecordBatch]]]]
"""`livedata.query.engine.stream` over one store: SQL and what its tables are narrowed to → the answer as it comes."""

DAY_US = 86_400_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEAR_1 = _EPOCH.toordinal() * DAY_US
"""What makes every time of the calendar a positive number, so that division rounds down."""


@dataclass(frozen=True, slots=True)
class Piece:
    """`key`: its day (`2026-11-24`, UTC) or its host. `rows`: as many as there were when it was planned."""

    key: str
    scope: Scope
    rows: int


def _counts(ask: Ask, probe: Probe, key: str, scope: Scope) -> list[tuple[object, int]]:
    """How many rows a table has for each value of an expression, in its order."""
    sql = f"SELECT {key} AS k, count(*) AS n FROM {identifier(probe.name)} GROUP BY k ORDER BY k"
    with ask(sql, scope) as (_, batches):
        return [(k, n) for b in batches for k, n in zip(*(c.to_pylist() for c in b.columns), strict=True)]


def slices(ask: Ask, probe: Probe, scope: Scope, length_us: int) -> list[Piece]:
    """A piece for each stretch of time that has rows, in order; `length_us` divides a day."""
    pieces = []
    for number, rows in _counts(ask, probe, f"(epoch_us(ts) + {_YEAR_1}) // {length_us}", scope):
        begin = int(str(number)) * length_us - _YEAR_1
        since = begin if scope.since_us is None else max(begin, scope.since_us)
        end = begin + length_us
        until = end if scope.until_us is None else min(end, scope.until_us)
        day = (_EPOCH + timedelta(microseconds=begin)).date().isoformat()
        pieces.append(Piece(day, replace(scope, since_us=since, until_us=until), rows))
    return pieces


def days(ask: Ask, probe: Probe, scope: Scope) -> list[Piece]:
    """A piece for each day (UTC) that has rows, in order. Raises what `stream` does."""
    return slices(ask, probe, scope, DAY_US)


def hosts(ask: Ask, probe: Probe, scope: Scope) -> list[Piece]:
    """A piece for each host that has rows, in order. Raises what `stream` does."""
    return [
        Piece(str(host), replace(scope, hosts=(str(host),)), rows)
        for host, rows in _counts(ask, probe, "host", scope)
    ]


def series_order(probe: Probe) -> str:
    """What rows are sorted by: host, the labels of a series, time."""
    labels = [probe.columns[i].name for i in probe.labels if probe.columns[i].name != "host"]
    return ", ".join(map(identifier, ("host", *labels, "ts")))


def rows(ask: Ask, probe: Probe, pieces: Iterable[Piece]) -> Iterator[pa.RecordBatch]:
    """The stored columns (`arrow_schema(probe)`), piece after piece, each in the order of series and time.

    Raises what `stream` does.
    """
    columns = ", ".join(identifier(c.name) for c in stored_columns(probe))
    sql = f"SELECT {columns} FROM {identifier(probe.name)} ORDER BY {series_order(probe)}"
    for piece in pieces:
        with ask(sql, piece.scope) as (_, batches):
            for batch in batches:
                yield batch.cast(arrow_schema(probe))

"""Sends tables to a Prometheus by remote write: all of them together in the order of time, half an hour after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby

import pyarrow as pa

from ..errors import ReceiverError
from ..model.probe import Probe
from ..query.views import Scope, identifier
from . import wire
from .families import Family, families, label_names, label_sql, value_sql
from .pieces import Ask, Piece, series_order, slices

SLICE_US = 1_800_000_000
"""A receiver that keeps order takes nothing that is over an hour older than its newest sample."""
SAMPLES = 5_000
"""Samples in a request, at least, where there are so many."""

Post = Callable[[bytes], None]
Tell = Callable[[int], None]


def question(probe: Probe) -> str:
    """The SELECT of a table's samples: `ts`, each of `label_names`, each family's value, a series after the other."""
    columns = [label_sql(n) for n in label_names(probe)]
    columns += [f"CAST({value_sql(f)} AS DOUBLE)" for f in families(probe)]
    return f"SELECT ts, {', '.join(columns)} FROM {identifier(probe.name)} ORDER BY {series_order(probe)}"


def series(probe: Probe, found: Sequence[Family], batch: pa.RecordBatch) -> Iterator[tuple[bytes, int]]:
    """Each series of a batch as a `TimeSeries`, with its number of samples.

    Of two samples of a series within a millisecond the first is taken, as null values and labels are left out.
    """
    names = label_names(probe)
    labels = zip(*(batch.column(i).to_pylist() for i in range(1, 1 + len(names))), strict=True)
    millis = [us // 1000 for us in batch.column(0).view(pa.int64()).to_pylist()]
    times = [wire.sample_time(ms) for ms in millis]
    values = [c.to_pylist() for c in batch.columns[1 + len(names) :]]
    start = 0
    for key, run in groupby(labels):
        stop = start + sum(1 for _ in run)
        rows = [i for i in range(start, stop) if i == start or millis[i] != millis[i - 1]]
        suffix = b"".join(wire.label(n, v) for n, v in zip(names, key, strict=True) if v)
        for family, column in zip(found, values, strict=True):
            samples = [wire.sample(column[i], times[i]) for i in rows if column[i] is not None]
            if samples:
                yield wire.label("__name__", family.sample) + suffix + b"".join(samples), len(samples)
        start = stop


def _planned(ask: Ask, tables: Sequence[tuple[Probe, Scope]]) -> Mapping[int, list[tuple[Probe, Piece]]]:
    """What there is of each stretch of time: its beginning → tables and their pieces, in the order of time."""
    plan: dict[int, list[tuple[Probe, Piece]]] = {}
    for probe, scope in tables:
        if families(probe):
            for piece in slices(ask, probe, scope, SLICE_US):
                plan.setdefault((piece.scope.since_us or 0) // SLICE_US, []).append((probe, piece))
    return dict(sorted(plan.items()))


def send(ask: Ask, tables: Sequence[tuple[Probe, Scope]], post: Post, progress: Callable[[int], Tell]) -> int:
    """Hand everything over; how many samples they were. `progress` is told how many rows there are, what it gives of each lot.

    Raises:
        ReceiverError: the receiver does not take it; the hint says from when on to send again.
        What `stream` raises.
    """
    plan = _planned(ask, tables)
    tell = progress(sum(piece.rows for pieces in plan.values() for _, piece in pieces))
    samples = 0
    for number, pieces in plan.items():
        try:
            for probe, piece in pieces:
                samples += _send_piece(ask, probe, piece, post)
                tell(piece.rows)
        except ReceiverError as error:
            begin = datetime.fromtimestamp(number * SLICE_US / 1e6, UTC).isoformat().replace("+00:00", "Z")
            told = f"everything before {begin} is there: --since {begin} goes on" if samples else ""
            raise ReceiverError(
                error.problem, where=error.where, hint="\n  ".join(filter(None, (error.hint, told)))
            ) from None
    return samples


def _send_piece(ask: Ask, probe: Probe, piece: Piece, post: Post) -> int:
    """Hand over the samples of one table's piece; how many they were."""
    found = families(probe)
    waiting: list[bytes] = []
    count = sent = 0
    with ask(question(probe), piece.scope) as (_, batches):
        for batch in batches:
            for one, samples in series(probe, found, batch):
                waiting.append(one)
                count += samples
                if count >= SAMPLES:
                    post(wire.request(waiting))
                    sent, count, waiting = sent + count, 0, []
    if waiting:
        post(wire.request(waiting))
    return sent + count

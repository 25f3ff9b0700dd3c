"""Counters to increments: what a counter grew by since the sample before, or null where nobody can know. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import sub
from typing import Any

from ..model.probe import Probe

END = 2**63
"""An increment is kept in 64 bits with a sign; a host that is out of its mind must not stop the others' rows."""

Counters = Mapping[tuple[Any, ...], tuple[Any, ...]]
"""Series key (the label columns' values) → raw counters of the last sample."""


def elapsed_ms(
    boot_id: str | None, uptime_ms: int | None, last_boot: str | None, last_uptime: int | None
) -> int | None:
    """Uptime that passed between two samples; None across a boot, or where boot or uptime are unknown.

    A host whose boot id can't be read is taken to have rebooted only when its uptime went backwards.
    """
    if uptime_ms is None or last_uptime is None or boot_id != last_boot or uptime_ms <= last_uptime:
        return None
    return uptime_ms - last_uptime


def with_increases(
    probe: Probe, rows: Sequence[tuple[Any, ...]], last: Counters | None
) -> list[tuple[Any, ...]]:
    """Each row followed by one increment a counter; null at a first sample, where a counter went backwards, and where it leapt by
    more than an increment can hold.

    Args:
        rows: values in the order of the probe's columns.
        last: the counters of the sample before in this boot; None where there is none.
    """
    if not probe.counters:
        return list(rows)
    nothing = (None,) * len(probe.counters)
    if not last:
        return [row + nothing for row in rows]
    befores = map(last.get, map(probe.key_of, rows))
    samples = zip(rows, map(probe.counts_of, rows), befores, strict=True)
    return [row + (nothing if before is None else _grown(now, before)) for row, now, before in samples]


def _grown(now: tuple[Any, ...], before: tuple[Any, ...]) -> tuple[Any, ...]:
    try:
        grown = tuple(map(sub, now, before))
        if min(grown) >= 0 and max(grown) < END:
            return grown
    except TypeError:  # one of them is null
        pass
    pairs = zip(now, before, strict=True)
    return tuple([n - o if n is not None and o is not None and 0 <= n - o < END else None for n, o in pairs])


def counters_of(probe: Probe, rows: Sequence[tuple[Any, ...]]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """The raw counters of a sample's rows by series key; none where the probe has no counters."""
    if not probe.counters:
        return {}
    return dict(zip(map(probe.key_of, rows), map(probe.counts_of, rows), strict=True))

"""Ingest: what it costs to make the standard mix of tables durable, from the rows that parsers give."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pyarrow as pa

from livedata.model.batch import Batch
from livedata.model.probe import Probe
from livedata.store.writer import Writer

from .batches import batches
from .fleet import steady
from .meter import Meter
from .tables import sampled

MIX = ("cpu", "core", "load", "memory", "disk", "network", "process", "scrape")
TICKS = 3
"""Ticks of a round: one of them has processes."""


def mix(probes: Mapping[str, Probe], hosts: int, ticks: int) -> list[list[Batch]]:
    """Tick after tick, what all hosts gave of all tables."""
    by_table = []
    for name in MIX:
        table = pa.concat_tables([sampled(probes[name], m, ticks / 360) for m in steady(hosts)])
        made = list(batches(probes[name], table))
        by_table.append(made if name != "process" else [x for one in made for x in (one, [], [])])
    return [[b for part in tick for b in part] for tick in zip_longest(*by_table, fillvalue=[])]


def measure(work: Path, probes: Mapping[str, Probe], hosts: int, rounds: int) -> dict[str, Any]:
    """measure → a value a round, and how many rows a tick has."""
    made = mix(probes, hosts, TICKS * (rounds + 1))
    found: dict[str, list[float]] = defaultdict(list)
    with Writer.open(work / "ingest", purpose="bench", now_us=0) as writer:
        for number in range(rounds + 1):
            some = made[number * TICKS : (number + 1) * TICKS]
            rows = sum(len(batch.rows) for tick in some for batch in tick)
            before = (work / "ingest/wal/00000001.wal").stat().st_size
            with Meter() as meter:
                for tick in some:
                    if refused := writer.append(tick, tick[0].ts):
                        raise RuntimeError(refused[0].reason)
            if number:  # the first round writes the tables' columns down
                found["rows_per_cpu_s"].append(rows / meter.cpu_ms * 1e3)
                found["rows_per_s"].append(rows / meter.wall_ms * 1e3)
                found["bytes_per_row"].append(
                    ((work / "ingest/wal/00000001.wal").stat().st_size - before) / rows
                )
    return {"hosts": hosts, "rows_a_tick": rows // TICKS, "rounds": {"livedata": found}}

"""Sealing: what it costs to turn ten minutes of a collector's write-ahead log into Parquet, the log as it really comes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from livedata.model.probe import Probe
from livedata.store import manifest
from livedata.store.layout import Layout
from livedata.store.writer import Writer

from .fleet import START
from .ingest import mix
from .keeping import SLOT_MINUTES, Cost, worker
from .meter import Meter, peak_mb


def _seal(root: Path) -> Cost:
    """In a process of its own."""
    with Writer.open(root, purpose="bench", now_us=START) as writer, Meter() as meter:
        writer.seal(START)
    return Cost("", 0, meter.cpu_ms, meter.wall_ms, peak_mb())


def measure(work: Path, probes: Mapping[str, Probe], hosts: int) -> dict[str, Any]:
    """CPU seconds for a million rows, the most memory, bytes a row before and after, files."""
    root = work / "store"
    with Writer.open(root, purpose="bench", now_us=START) as writer:
        for tick in mix(probes, hosts, SLOT_MINUTES * 6):
            writer.append(tick, tick[0].ts)
    log = sum(path.stat().st_size for path in (root / "wal").iterdir())
    with worker() as pool:
        cost = pool.submit(_seal, root).result()
    with manifest.writing(Layout(root)) as listed:
        segments = listed.segments()
    rows = sum(s.rows for s in segments)
    return {
        "hosts": hosts,
        "rows": rows,
        "cpu_s_per_million": cost.cpu_ms / 1e3 / (rows / 1e6),
        "peak_mb": cost.peak_mb,
        "log_bytes_per_row": log / rows,
        "bytes_per_row": sum(s.bytes for s in segments) / rows,
        "files": len(segments),
    }

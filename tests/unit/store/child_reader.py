"""Run by tests as `child_reader.py ROOT SECONDS`: reads a store over and over while other processes write and compact it.

Every read must see each tick up to the last once, and never fewer than the read before. Prints the reads and the last tick.
"""

import sys
import time
from pathlib import Path

import pyarrow.parquet as pq

from livedata.store.reader import Span, open_store

root, seconds = Path(sys.argv[1]), float(sys.argv[2])
end = time.monotonic() + seconds
last = reads = 0
while time.monotonic() < end:
    with open_store(root, {"load": Span(), "disk": Span()}) as found:
        for name, rows_a_tick in (("load", 2), ("disk", 4)):
            tables = [pq.ParquetFile(part.path).read(["ts"]) for part in found[name].parts]
            times = sorted(t for table in [*tables, found[name].fresh] for t in table["ts"].to_pylist())
            ticks = sorted(set(times))
            assert len(times) == len(ticks) * rows_a_tick, f"{name}: {len(times)} rows of {len(ticks)} ticks"
            assert not ticks or (ticks[-1] - ticks[0]).total_seconds() == 10 * (len(ticks) - 1), (
                f"{name}: a tick is missing"
            )
            assert len(ticks) >= last, f"{name}: {len(ticks)} ticks after {last}"
            last = max(last, len(ticks))
    reads += 1
print(reads, last)

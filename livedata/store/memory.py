"""How the processes that write a store hold memory."""

from __future__ import annotations

import gc

import pyarrow as pa


def give_back() -> None:
    """Have Arrow take memory from the system's allocator, in this whole process: its own (mimalloc) keeps what was needed once, for each
    thread. That is 40 MB in a collector of 100 hosts, and 150 to 300 MB after a compaction."""
    pa.set_memory_pool(pa.system_memory_pool())


def collect_seldom() -> None:
    """Have Python look for circles of garbage every 50,000 objects, not every 700, and never among those that there are by now: nearly all
    that a tick makes goes with its last reference, and the looking was a tenth of a collector's CPU."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)

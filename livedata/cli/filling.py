"""The line on a terminal that says how far back the journals were read so far."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..collect.backfill import Filled

EVERY_SECONDS = 0.2


def line(hosts: dict[str, Filled], entries: int) -> str:
    """What is being read back, in at most 79 letters."""
    nearest = max(hosts.values(), key=lambda filled: filled.reached)
    others = f" and {len(hosts) - 1} more" if len(hosts) > 1 else ""
    back = datetime.fromtimestamp(nearest.reached / 1e6, UTC).strftime("%Y-%m-%d %H:%M")
    return f"{entries:,} older log entries: {nearest.host}{others}, back to {back} UTC"[:79]


def filling() -> Callable[[Filled], None]:
    """A function that is told each step, and shows it on stderr where that is a terminal."""
    if not sys.stderr.isatty():
        return lambda filled: None
    hosts: dict[str, Filled] = {}
    counts: dict[str, int] = {}
    shown = 0.0

    def told(filled: Filled) -> None:
        nonlocal shown
        counts[filled.host] = filled.entries
        hosts[filled.host] = filled
        if filled.done:
            del hosts[filled.host]
        now = time.monotonic()
        if not hosts or now - shown >= EVERY_SECONDS:
            shown = now
            text = line(hosts, sum(counts.values())) if hosts else ""
            print(f"\r{text}\x1b[K", end="", file=sys.stderr, flush=True)

    return told

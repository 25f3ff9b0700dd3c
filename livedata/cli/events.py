"""Entries that a search finds, on a terminal: as lines with what was searched for marked, below a picture of how many there are when."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

    from ..query.table import Look

NEEDED = frozenset({"ts", "host", "message"})
BARS = " ▁▂▃▄▅▆▇█"
"""Eighths of a character's height."""
HEIGHT = 3
"""Lines that the picture has."""


def shows_entries(names: Iterable[str], events: bool) -> bool:
    """Whether rows can be shown as entries of a log."""
    return events and set(names) >= NEEDED


def write_entries(
    schema: pa.Schema, batches: Iterable[pa.RecordBatch], out: IO[bytes], look: Look, terms: Sequence[str]
) -> int:
    """Writes as many entries as a screen may show, and gives how many there are."""
    import pyarrow as pa

    from ..query.logline import LogLines

    lines = LogLines(out, look, marked(terms))
    rows = shown = 0
    for batch in batches:
        room = batch.num_rows if look.rows is None else max(0, look.rows - shown)
        if room:
            lines.write(pa.Table.from_batches([batch.slice(0, room)], schema))
        rows += batch.num_rows
        shown += min(room, batch.num_rows)
    if rows > shown:
        out.write(f"… {rows - shown:,} more entries; head, --since and --format jsonl give others\n".encode())
    return rows


def marked(terms: Sequence[str]) -> re.Pattern[str] | None:
    """A pattern of the words of a search; `*` stands for anything but blanks."""
    pieces = [r"\S*".join(map(re.escape, term.split("*"))) for term in terms if term.strip("*")]
    return re.compile("|".join(sorted(pieces, key=len, reverse=True)), re.I) if pieces else None


def histogram(times: Sequence[int], counts: Sequence[int], columns: int) -> str:
    """How many entries there are when: bars, and below them the first and the last time. `times` are microseconds UTC."""
    if not counts or max(counts) == 0:
        return ""
    width = max(1, min(len(counts), columns - 12))
    sums = [0] * width
    for i, count in enumerate(counts):
        sums[i * width // len(counts)] += count
    most = max(sums)
    eighths = [-(-s * HEIGHT * 8 // most) for s in sums]
    lines = []
    for level in reversed(range(HEIGHT)):
        bars = "".join(BARS[min(8, max(0, e - level * 8))] for e in eighths)
        lines.append(f"{bars}  {most:,}" if level == HEIGHT - 1 else bars.rstrip())
    first, last = (_local(times[i]) for i in (0, -1))
    gap = max(1, width - len(first) - len(last))
    return "\n".join([*lines, f"{first}{' ' * gap}{last}", ""])


def _local(us: int) -> str:
    return time.strftime("%m-%d %H:%M", time.localtime(us // 1_000_000))

"""What changed since the sample before: most processes of a host do nothing most of the time, and cost nothing then. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2s

from ..model.batch import Row
from ..model.probe import Probe
from ..model.reading import Reading
from ..transport.compose import is_glob
from .schedule import SECOND

Seen = frozenset[int]
"""Hashes of what the sample before held: of files, of rows, or of a whole text."""
NOTHING: Seen = frozenset()


def changed(probe: Probe, reading: Reading, seen: Seen) -> tuple[Reading, Seen]:
    """The reading without what need not be parsed again, and what is seen now.

    Left out are files whose text is as before, but for those that the probe names without wildcards; and the text of a
    `snapshot` that is as before.
    """
    if probe.snapshot:
        now = frozenset([hash(reading.text)])
        return (replace(reading, text="") if now <= seen else reading), now
    if not probe.read:
        return reading, seen
    hashes = {path: hash((path, text)) for path, text in reading.files.items()}
    fixed = {path for path in probe.read if not is_glob(path)}
    fresh = {p: t for p, t in reading.files.items() if p in fixed or hashes[p] not in seen}
    return replace(reading, files=fresh), frozenset(hashes.values())


def changed_rows(probe: Probe, rows: Sequence[Row], seen: Seen, now: Seen) -> tuple[Sequence[Row], Seen]:
    """The rows of a script's `full` table that are not as before, and what is seen now; other rows as they are."""
    if probe.read or not probe.full:
        return rows, now
    hashes = [hash(repr(row)) for row in rows]
    return [row for row, own in zip(rows, hashes, strict=True) if own not in seen], frozenset(hashes)


def slot(host: str, probe: Probe, ts: int) -> int:
    """Which of the periods that begin with a whole sample `ts` lies in; hosts begin theirs at different ticks."""
    step = int((probe.full or probe.snapshot) * SECOND)
    late = int.from_bytes(blake2s(f"{host} {probe.name}".encode(), digest_size=4).digest()) % step
    return (ts - late) // step

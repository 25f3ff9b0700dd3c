"""What changed since the sample before: most processes of a host do nothing most of the time, and cost nothing then. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2s

from ..model.probe import Probe
from ..transport.compose import is_glob
from .schedule import SECOND

Seen = Mapping[str, int]
"""Path of a file → hash of its text in the sample before."""


def changed(probe: Probe, files: Mapping[str, str], seen: Seen) -> tuple[dict[str, str], dict[str, int]]:
    """The files whose text is new or another, with all that the probe names without wildcards; and what is seen now."""
    now = {path: hash(text) for path, text in files.items()}
    fixed = {path for path in probe.read if not is_glob(path)}
    return {p: t for p, t in files.items() if seen.get(p) != now[p] or p in fixed}, now


def slot(host: str, probe: Probe, ts: int) -> int:
    """Which of the periods that begin with a whole sample `ts` lies in; hosts begin theirs at different ticks."""
    step = int(probe.full * SECOND)
    late = int.from_bytes(blake2s(f"{host} {probe.name}".encode(), digest_size=4).digest()) % step
    return (ts - late) // step

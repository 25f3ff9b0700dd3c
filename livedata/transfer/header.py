"""A table's header as it travels within a Parquet or Arrow file, so that an import makes the same table of it."""

from __future__ import annotations

import msgspec

from ..errors import ProbeError, UsageError
from ..model.probe import Probe
from ..probe.rules import NAME
from ..store.registry import check, describe

KEY = b"livedata.probe"
"""Where a file's metadata hold it."""


def dump(probe: Probe) -> bytes:
    return msgspec.json.encode(describe(probe))


def load(data: bytes, where: str) -> Probe:
    """The header that a stranger's file holds, as far as it can be a table's.

    Raises:
        UsageError: it is none, or names what can't be named.
    """
    try:
        return checked(msgspec.json.decode(data, type=Probe), where)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"its header is damaged: {error}", where=where) from None


def checked(probe: Probe, where: str) -> Probe:
    """Raises UsageError: the names or types of a header that came from elsewhere can't be taken."""
    names = [c.name for c in probe.columns]
    bad = [n for n in (probe.name, *names, *(d.name for d in probe.derived)) if not NAME.fullmatch(n)]
    if bad:
        raise UsageError(f"its header has a name {bad[0]!r}", where=where)
    if len({c.id for c in probe.columns}) < len(names) or len(set(names)) < len(names):
        raise UsageError("its header says a column twice", where=where)
    try:
        check(probe, ())
    except ProbeError as error:
        raise UsageError(f"its header can't be used: {error.problem}", where=where) from None
    return describe(probe)

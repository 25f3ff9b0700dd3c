"""A table's header as it travels within a Parquet or Arrow file, so that an import makes the same table of it."""

from __future__ import annotations

import msgspec

from ..errors import ProbeError, UsageError
from ..model.columns import stored_columns
from ..model.probe import Probe
from ..model.rollup import WIDTHS
from ..probe.rules import IDS, NAME
from ..store.registry import check, describe

KEY = b"livedata.probe"
"""Where a file's metadata hold it."""


def metadata(probe: Probe) -> dict[bytes, bytes]:
    """What a file says of its table; nothing of a rollup, which is imported as a table like any other."""
    return {} if probe.rollup_of else {KEY: msgspec.json.encode(describe(probe))}


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
    """The header, if it says of itself what a table may. Raises UsageError: it does not."""
    stored = stored_columns(probe)
    own = {c.name for c in probe.columns}
    ids = [c.id for c in probe.columns]
    bad = [n for n in (probe.name, *own, *(d.name for d in probe.derived)) if not NAME.fullmatch(n)]
    types = {c.name: c.type for c in stored}
    rolled = {*(probe.rollup_by or ()), *(probe.rollup_keep or ())}
    problems = {
        f"a name {', '.join(map(repr, bad[:1]))}": bool(bad),
        "a column twice": len(set(ids)) < len(ids) or len(types) < len(stored),
        "an id that no column can have": not all(n in IDS for n in ids),
        "another ts or host than every table": (types["ts"], types["host"]) != ("ts", "str"),
        "a text to be mined that it has not": bool(probe.mined) and types.get(probe.mined) != "str",
        "rollups that it can't have": bool(probe.rollup_of)
        or probe.every < 0
        or not rolled <= own
        or not {*(probe.rollup or ())} <= WIDTHS.keys(),
    }
    for problem, found in problems.items():
        if found:
            raise UsageError(f"its header has {problem}", where=where)
    try:
        check(probe, ())
    except ProbeError as error:
        raise UsageError(f"its header can't be used: {error.problem}", where=where) from None
    return describe(probe)

"""Where each source of a table goes on, on one host: one text, since the store keeps one with a table's rows.

A table is fed by the probe that has its name and by those whose header says `into`. Every batch brings the cursors of all of them, so
whatever the store has last is what its rows imply, whoever they came from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import msgspec

from ..model.probe import Probe
from ..store.state import Last


def packed(cursors: Mapping[str, str], table: str) -> str | None:
    """One text of the cursors of a table's sources, by their names; that of the table alone stands as it is."""
    if cursors.keys() <= {table}:
        return cursors.get(table)
    return msgspec.json.encode(cursors, order="sorted").decode()


def unpacked(text: str | None, table: str) -> dict[str, str]:
    """What `packed` made a text of; any other text is the cursor of the table's own probe."""
    if not text:
        return {}
    try:
        return msgspec.json.decode(text, type=dict[str, str])
    except msgspec.MsgspecError:
        return {table: text}


def sources_known(known: Mapping[str, Last], probes: Iterable[Probe]) -> dict[str, Last]:
    """The last run of each probe, from what the store has of the tables: of one that feeds another's only its cursor is known."""
    last: dict[str, Last] = {}
    feeds = [(probe.into, probe.name) for probe in probes if probe.into]
    for table, run in known.items():
        cursors = unpacked(run.cursor, table)
        last[table] = replace(run, cursor=cursors.get(table))
        for name in cursors.keys() & {name for into, name in feeds if into == table}:
            last[name] = Last(0, None, None, {}, cursors[name])
    return last

"""The commands: a closed table, a file for each, or for a few that are one."""

from __future__ import annotations

from ..declare import Declaration
from . import (
    bin_,
    chart,
    dedup,
    eval_,
    eventstats,
    fields,
    fillnull,
    from_,
    head,
    makeresults,
    regex,
    rename,
    reverse,
    rex,
    search,
    sort,
    stats,
    table,
    tail,
    timechart,
    top,
    where,
)
from .refused import REFUSED

__all__ = ["COMMANDS", "DECLARATIONS", "REFUSED"]

DECLARATIONS: tuple[Declaration, ...] = (
    bin_.COMMAND, chart.COMMAND, dedup.COMMAND, eval_.COMMAND, eventstats.EVENTSTATS, eventstats.STREAMSTATS, fields.COMMAND, fillnull.COMMAND,
    from_.COMMAND, head.COMMAND, makeresults.COMMAND, regex.COMMAND, rename.COMMAND, reverse.COMMAND, rex.COMMAND, search.COMMAND, sort.COMMAND,
    stats.COMMAND, table.COMMAND, tail.COMMAND, timechart.COMMAND, top.TOP, top.RARE, where.COMMAND,
)  # fmt: skip
COMMANDS: dict[str, Declaration] = {name: d for d in DECLARATIONS for name in (d.name, *d.aliases)}
"""By name, also by the other names that a command has."""

"""The commands: a closed table, a file for each, or for a few that are one."""

from __future__ import annotations

from ..declare import Declaration
from . import (
    accum,
    addinfo,
    append,
    autoregress,
    bin_,
    chart,
    convert,
    dedup,
    delta,
    eval_,
    eventstats,
    extract,
    fieldformat,
    fields,
    filldown,
    fillnull,
    foreach,
    format_,
    from_,
    head,
    join,
    lookup,
    makeresults,
    multivalue,
    rangemap,
    regex,
    reltime,
    rename,
    replace,
    return_,
    reverse,
    rex,
    savedsearch,
    search,
    sort,
    spath,
    stats,
    strcat,
    table,
    tail,
    timechart,
    top,
    totals,
    transaction,
    transpose,
    trendline,
    tstats,
    untable,
    where,
    xyseries,
)
from .refused import REFUSED

__all__ = ["COMMANDS", "DECLARATIONS", "REFUSED"]

DECLARATIONS: tuple[Declaration, ...] = (
    append.APPEND, append.APPENDPIPE, append.APPENDCOLS, append.UNION, append.MULTISEARCH, convert.COMMAND, fieldformat.COMMAND, foreach.COMMAND, join.COMMAND, lookup.LOOKUP,
    lookup.INPUTLOOKUP, multivalue.MVEXPAND, multivalue.MAKEMV, multivalue.NOMV, multivalue.MVCOMBINE, addinfo.COMMAND, rangemap.COMMAND, return_.COMMAND,
    format_.COMMAND, filldown.COMMAND, reltime.COMMAND, replace.COMMAND, accum.COMMAND, delta.COMMAND, autoregress.COMMAND, spath.COMMAND, strcat.COMMAND,
    bin_.COMMAND, chart.COMMAND, dedup.COMMAND, eval_.COMMAND, eventstats.EVENTSTATS, eventstats.STREAMSTATS, fields.COMMAND, fillnull.COMMAND,
    from_.COMMAND, head.COMMAND, makeresults.COMMAND, regex.COMMAND, rename.COMMAND, reverse.COMMAND, rex.COMMAND, savedsearch.COMMAND, search.COMMAND, sort.COMMAND,
    extract.COMMAND, xyseries.COMMAND, untable.COMMAND, transpose.COMMAND, totals.ADDTOTALS, totals.ADDCOLTOTALS, transaction.COMMAND,
    trendline.COMMAND, tstats.COMMAND, stats.COMMAND, table.COMMAND, tail.COMMAND, timechart.COMMAND, top.TOP, top.RARE, where.COMMAND,
)  # fmt: skip
COMMANDS: dict[str, Declaration] = {name: d for d in DECLARATIONS for name in (d.name, *d.aliases)}
"""By name, also by the other names that a command has."""

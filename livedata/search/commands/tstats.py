"""`tstats`: aggregates of a table's rows, where no data model is named."""

from __future__ import annotations

import re

from ..arguments import truth
from ..base import searched
from ..buckets import time_buckets
from ..declare import Declaration, Opt
from ..frame import Field, Frame
from ..grouping import by_names, keys_of
from ..parser import Parser
from ..shapes import OPTION, aggregate, field, option
from ..terms import terms
from ..tree import Clause, Command, Condition, Every, Option, Part, Word
from .stats import compile_stats

_QUOTED_OR_BY = re.compile(r'"(?:[^"\\]|\\.)*"|\b(?:by|groupby)\b|\|', re.I)


def source(p: Parser, d: Declaration) -> None:
    """`FROM datamodel=…`, which is not here."""
    if p.keyword("FROM"):
        p.fail("there are no data models", "name a table: tstats count where index=TABLE by host")


def where(p: Parser, d: Declaration) -> Clause | None:
    """`WHERE` and search terms, up to `BY`."""
    at = p.pos
    if not p.keyword("WHERE"):
        return None
    end = next(
        (m.start() for m in _QUOTED_OR_BY.finditer(p.text, p.pos) if not m.group().startswith('"')),
        len(p.text),
    )
    p.stop = end
    start = p.pos
    terms(p, lambda q: q.fail("a subsearch can't stand here"))
    p.stop = None
    return Clause("WHERE", (Word(p.text[start:end].strip(), True, at=start),), at=at)


def by(p: Parser, d: Declaration) -> Clause | None:
    """`BY field, … span=SPAN`."""
    at = p.pos
    if not (p.keyword("BY") or p.keyword("GROUPBY")):
        return None
    parts: list[Part] = []
    while not p.ended():
        p.take(",")
        part = option(p, d) if OPTION.match(p.text, p.pos) else field(p, d)
        if part is None:
            break
        parts.append(part)
    if not parts:
        p.unexpected("behind BY")
    return Clause("BY", tuple(parts), at=at)


def compile_tstats(frame: Frame, command: Command) -> Frame:
    from ..grammar import parser_of

    build = frame.build
    if not build.first:
        frame.fail(command.at, "tstats stands first", "stats works on the rows before it")
    condition: Condition = Every(())
    span = command.option("span")
    kept: list[Part] = []
    for part in command.parts:
        if isinstance(part, Clause) and part.word == "WHERE":
            inner = part.parts[0]
            assert isinstance(inner, Word)
            p = parser_of(inner.text)
            p.space()
            condition = terms(p, lambda q: q.fail("a subsearch can't stand here"))
        elif isinstance(part, Clause):
            span = next((o.value for o in part.parts if isinstance(o, Option) and o.name == "span"), span)
            kept.append(Clause("BY", tuple(o for o in part.parts if isinstance(o, Word)), at=part.at))
        elif not isinstance(part, Option):
            kept.append(part)
    found = searched(build, condition)
    if not build.subsearch:
        build.told = build.span
    time = found.time()
    if span and time is not None:
        made, _ = time_buckets(found, time, span, 100, command.at)
        found.show("_time", Field(made, "time"))
    stats = Command("stats", tuple(kept), at=command.at)
    if truth(command, "prestats"):
        # What the aggregates of the next command are of: the rows themselves, those that have the fields.
        keys_of(found, by_names(stats))
        return found
    return compile_stats(found, stats)


COMMAND = Declaration(
    "tstats",
    "Aggregates of a table's rows, as stats makes them",
    "tstats FUNCTION(field) [AS name] … [where TERM …] [BY field … [span=SPAN]]",
    (source, where, by, option, aggregate),
    compile_tstats,
    options=(
        Opt("span", "span", "", "How wide the buckets of _time are"),
        Opt(
            "prestats",
            "bool",
            "false",
            "Whether it gives the rows for a stats, chart or timechart of the same aggregates behind it",
        ),
        Opt("append", "bool", "false", "Not here"),
        Opt("local", "bool", "false", "Taken"),
        Opt("summariesonly", "bool", "false", "Taken; there are no summaries"),
        Opt("allow_old_summaries", "bool", "false", "Taken"),
        Opt("fillnull_value", "text", "", "Not here"),
        Opt("chunk_size", "int", "", "Taken"),
        Opt("include_reduced_buckets", "bool", "false", "Taken"),
    ),
    notes="Data models are not there.",
    examples=("| tstats count where index=log by host", "| tstats count where index=log by _time span=1h"),
    generates=True,
)

"""Events that messages tell of, each recognised by a pattern: SQL that finds the first one that matches, and takes what its groups hold.

The SQL reads `nth`: the number of the event, as `nth_sql` finds it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from ..model.probe import Column
from .views import literal


class Event(NamedTuple):
    """`pattern`: a regular expression that both RE2 and Python's `re` read. More than one may tell of a kind."""

    kind: str
    pattern: str


def groups(event: Event) -> dict[str, int]:
    """Name → number of the groups that have one."""
    return dict(re.compile(event.pattern).groupindex)


def nth_sql(events: Sequence[Event], text: str) -> str:
    """The number of the first event that `text`, an SQL expression, tells of; null where it is none."""
    cases = (
        f"WHEN regexp_matches({text}, {literal(event.pattern)}) THEN {n}" for n, event in enumerate(events)
    )
    return f"CASE {' '.join(cases)} END"


def kind_sql(events: Sequence[Event]) -> str:
    """What it is."""
    cases = (f"WHEN {n} THEN {literal(event.kind)}" for n, event in enumerate(events))
    return f"CASE nth {' '.join(cases)} END"


def group_sql(events: Sequence[Event], text: str, group: str) -> str:
    """A group of each event that has it; null where it is empty."""
    cases = (
        f"WHEN {n} THEN regexp_extract({text}, {literal(event.pattern)}, {groups(event)[group]})"
        for n, event in enumerate(events)
        if group in groups(event)
    )
    return f"nullif(CASE nth {' '.join(cases)} END, '')"


def column_sql(events: Sequence[Event], text: str, column: Column) -> str:
    """The group of a column's name, as the column has it."""
    group = group_sql(events, text, column.name)
    return f"{f'TRY_CAST({group} AS BIGINT)' if column.type == 'i64' else group} AS {column.name}"

"""Questions as a person types them, in SQL or the search language, and what comes of one."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import QueryError
from ..query.source import Source

if TYPE_CHECKING:
    import pyarrow as pa

AT = "{at}"
"""Stands in the screen's questions where the moment comes."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as the engine takes it. `wide`: a column of the answer, a map whose keys are columns; `notes` are told beside the answer."""

    source: Source
    sql: str
    wide: str | None = None
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    table: pa.Table
    truncated: bool
    elapsed_s: float
    notes: Sequence[str]


Translate = Callable[[str, tuple[int, int], "Sequence[str] | None"], Asked]
"""Makes a search, over a time and hosts (None: all), a question. Raises QueryError."""

_SQL = re.compile(
    r"\s*(\(|(select|with|from|values|table|describe|summarize|show|explain|pivot)\b)", re.IGNORECASE
)
_NOW = re.compile(r"('(?:[^']|'')*'|\"(?:[^\"]|\"\")*\")|\bnow\(\)", re.IGNORECASE)


def is_sql(text: str) -> bool:
    """Whether it begins as SQL does; all else is a search."""
    return _SQL.match(text) is not None


def at_moment(sql: str) -> str:
    """The SQL with `now()` as the moment that is looked at, but for quoted text."""
    return _NOW.sub(lambda match: match.group(1) or AT, sql)


def no_searches(text: str, span: tuple[int, int], hosts: Sequence[str] | None) -> Asked:
    raise QueryError(
        "this is no SQL", where="question", hint="SELECT host, max(busy_pct) FROM cpu GROUP BY host"
    )

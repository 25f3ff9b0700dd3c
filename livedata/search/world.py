"""What a search is compiled for: the tables and lookups that there are, the hosts, the moment it is asked, and its notes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from .macros import Macro


class Lookup(Protocol):
    """A file of texts with a header."""

    @property
    def columns(self) -> tuple[str, ...]: ...

    def unique(self, names: tuple[str, ...], /) -> bool:
        """Whether no two rows agree in these columns."""


@dataclass(frozen=True, slots=True)
class World:
    """`tables`: the columns of each (name → type of `livedata.model.probe.Type`, or a DuckDB type of a reckoned one). `hosts`: every
    host that ever had a row, None where that isn't known. Times are microseconds UTC; `since` is included, `until` is not."""

    tables: Mapping[str, Mapping[str, str]]
    now_us: int
    hosts: Collection[str] | None = None
    since_us: int | None = None
    until_us: int | None = None
    lookups: Mapping[str, Lookup] = field(default_factory=dict)
    """By name; a lookup's rows are the table that `lookup_table` names."""
    macros: Mapping[str, Macro] = field(default_factory=dict)
    saved: Mapping[str, str] = field(default_factory=dict)
    """Saved searches, by name."""
    only: Collection[str] | None = None
    """The hosts that every table is narrowed to; None: all."""


def lookup_table(name: str) -> str:
    """The name under which a lookup's rows are a table."""
    return f"lookup {name}"


LOG = "log"
"""The table that is searched where none is named."""

"""Searches over a source: what they are compiled for, and which log entries one finds. Wires `search` to `query`, as `app` wires the rest."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from .clock import SystemClock
from .config import Config
from .errors import ConfigError
from .model.batch import arrow_schema
from .model.columns import stored_columns
from .model.probe import Column, Probe
from .query.engine import stream
from .query.instance import Pool
from .query.lookups import LookupFile, Lookups, with_lookups
from .query.source import Source, chosen_hosts, rows_source
from .query.views import reckoned_columns
from .search.macros import Macro
from .search.world import World, lookup_table

if TYPE_CHECKING:
    import pyarrow as pa

    from .search.compile import Compiled


class _Columns(Mapping[str, Mapping[str, str]]):
    """The columns of a source's tables with their types; those of reckoned columns are asked of the engine when a table is named."""

    def __init__(self, definitions: Mapping[str, Probe]) -> None:
        self._definitions = definitions
        self._known: dict[str, Mapping[str, str]] = {}

    def __getitem__(self, name: str) -> Mapping[str, str]:
        if name not in self._known:
            self._known[name] = _column_types(self._definitions[name])
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._definitions)

    def __len__(self) -> int:
        return len(self._definitions)


def _column_types(probe: Probe) -> dict[str, str]:
    stored: dict[str, str] = {c.name: c.type for c in stored_columns(probe)}
    reckoned = reckoned_columns(probe)
    if not reckoned:
        return stored
    from .query.catalogue import column_list

    listed = column_list(probe)
    types = dict(zip(listed.column("column").to_pylist(), listed.column("type").to_pylist(), strict=True))
    return stored | {d.name: types[d.name] for d in reckoned}


def search_world(
    source: Source,
    now_us: int,
    *,
    config: Config | None = None,
    since_us: int | None = None,
    until_us: int | None = None,
    only: Sequence[str] | None = None,
) -> World:
    """What searches over a source are compiled for: times in microseconds UTC, where a search says no other; `only` these hosts.
    Without a configuration there are no lookups, macros and saved searches.

    Raises:
        ConfigError: the file of macros and saved searches can't be used.
        UsageError: the store knows no such host.
    """
    macros, saved = _kept_searches(config.searches) if config else ({}, {})
    return World(
        _Columns(source.definitions()),
        now_us,
        source.hosts(),
        since_us,
        until_us,
        Lookups(config.lookups) if config else {},
        macros,
        saved,
        None if only is None else chosen_hosts(source, only),
    )


def _kept_searches(path: Path) -> tuple[dict[str, Macro], dict[str, str]]:
    """The macros and the saved searches of a file: `[macros.NAME]` with `search` and `arguments`, `[searches]` with `NAME = "…"`."""
    if not path.is_file():
        return {}, {}
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
        macros = {
            n: Macro(str(m["search"]), tuple(m.get("arguments", ())))
            for n, m in found.get("macros", {}).items()
        }
        saved = {n: str(text) for n, text in found.get("searches", {}).items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        hint = (
            'for example: [searches] and logins = "unit=ssh Accepted", [macros.bad] and search = "priority<4"'
        )
        raise ConfigError(f"can't read it: {error}", where=str(path), hint=hint) from error
    return macros, saved


def compiled(text: str, world: World, *, pretty: bool = False) -> Compiled:
    """The SQL of a search. Raises SearchError."""
    from .search.compile import compile_search

    return compile_search(text, world, pretty=pretty)


def searched(source: Source, world: World, found: Compiled) -> Source:
    """The source with the lookups that a search reads."""
    named = {lookup_table(n): world.lookups[n] for n in world.lookups if lookup_table(n) in found.tables}
    return with_lookups(source, {n: v for n, v in named.items() if isinstance(v, LookupFile)})


PASSING = frozenset({"search", "where", "regex", "rex", "eval", "spath", "extract"})
"""The commands that tell of an entry by itself whether it is meant."""


def log_filter(text: str, probe: Probe) -> Callable[[pa.Table], pa.Table]:
    """What gives, of rows of the table `log`, those that a search finds, in the order that they have; `probe` says their columns.

    Raises:
        SearchError: it is no search, or its commands need more than one entry at a time.
    """
    import pyarrow as pa

    from .search.errors import search_error

    number = Column("tail_row", max(c.id for c in probe.columns) + 1, "i64", "text")
    marked = replace(probe, columns=(*probe.columns, number), derived=())
    names = [column.name for column in stored_columns(marked)]
    pool = Pool()

    def search(rows: pa.Table) -> pa.Table:
        if not rows.num_rows:
            return rows
        numbers = pa.array(range(rows.num_rows), pa.int64())
        source = rows_source(marked, rows.append_column(number.name, numbers).select(names))
        found = compiled(f"{text} | fields {number.name}", search_world(source, SystemClock().now_us()))
        with stream(source, found.sql, pool=pool) as (schema, batches):
            table = pa.Table.from_batches(list(batches), schema)
        return rows.take(pa.array(sorted(table[number.name].to_pylist()), pa.int64()))

    nothing = arrow_schema(probe).empty_table()
    for command in compiled(
        text, search_world(rows_source(probe, nothing), SystemClock().now_us())
    ).tree.commands:
        if command.name not in PASSING:
            raise search_error(
                text,
                command.at,
                f"{command.name} needs all entries, and more come",
                "livedata fleet search asks those that there are",
            )
    return search

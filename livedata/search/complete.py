"""What may come next at any place of a search: the grammar itself is asked, by reading the text up to there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from .errors import SearchError
from .grammar import parser_of, top
from .parser import Parser
from .world import World

_PARTIAL = re.compile(r"(?:[\w@][\w.@:{}*-]*)?$")
_FIELD_VALUE = re.compile(r"""([\w.]+)\s*(?:=|!=|==)\s*"?([^\s"|()]*)$""")
MOST = 200


@dataclass(frozen=True, slots=True)
class Candidate:
    """`text` takes the place of what is written from `start`; `kind`: command, function, aggregate, option, keyword, symbol, field,
    table, value."""

    text: str
    kind: str
    start: int


def complete(text: str, cursor: int, names: Mapping[str, Iterable[str]] | None = None) -> list[Candidate]:
    """The candidates at `cursor`, best first. `names`: what is known by kind (`field`, `table`, `values of FIELD`)."""
    names = names or {}
    before = text[: max(0, min(cursor, len(text)))]
    if found := _FIELD_VALUE.search(before):
        field, partial = found.groups()
        known = names.get("table", ()) if field == "index" else names.get(f"values of {field}", ())
        kind = "table" if field == "index" else "value"
        values = [Candidate(v, kind, found.start(2)) for v in known if v.lower().startswith(partial.lower())]
        if values:
            return values[:MOST]
    match = _PARTIAL.search(before)
    start = match.start() if match else len(before)
    partial = before[start:].lower()
    offered = offers(before[:start], names)
    found_at = [
        Candidate(n, k, start)
        for k, n in offered
        if n and n.lower().startswith(partial) and (partial or k != "symbol" or n.strip())
    ]
    return list(dict.fromkeys(found_at))[:MOST]


def offers(text: str, names: Mapping[str, Iterable[str]]) -> list[tuple[str, str]]:
    """What the grammar would take at the end of a text, as (kind, name)."""
    p: Parser = parser_of(text, names)
    with suppress(SearchError):
        top(p)
    p.space()
    return [*p.offered] if p.furthest >= len(text.rstrip()) else []


def names_of(world: World, values: Mapping[str, Iterable[str]] | None = None) -> dict[str, list[str]]:
    """What is known of a world, for `complete`: tables, fields of all tables, hosts; further `values` by field."""
    fields: dict[str, None] = {"_time": None, "_raw": None, "index": None, "earliest": None, "latest": None}
    for table in ("log", *sorted(world.tables)):
        if table in world.tables:
            fields.update(dict.fromkeys(world.tables[table]))
    known = {f"values of {field}": list(found) for field, found in (values or {}).items()}
    return {
        "field": list(fields),
        "table": sorted(world.tables),
        "values of host": sorted(world.hosts or ()),
        **known,
    }

"""What a question needs of each table: the times and hosts that its own conditions leave, read out of DuckDB's plan of it.

DuckDB has done the hard part: names are resolved, `now() - INTERVAL 1 HOUR` is a constant, and a condition was pushed through views,
joins and WITHs only where that is right. What remains is to read the filters of each scan. Whatever is not understood narrows nothing.
Decision 0006 says why not the syntax tree.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from ..store.reader import Segment, Span

T = TypeVar("T", int, str)
Ranges = tuple[tuple[T, T], ...]
"""Apart from one another and in order, first and last included; none: nothing."""

FIRST, LAST = -(2**63), 2**63 - 1
LOWEST, HIGHEST = "", "\U0010ffff"

SCAN = "SEQ_SCAN"
HARMLESS = frozenset({"optional:", "Dynamic", "Filter"})
"""What may stand before a scan's filters: `optional:` is one that DuckDB checks again above the scan."""

_TOKEN = re.compile(r"'(?:[^']|'')*'(?:::TIMESTAMP WITH TIME ZONE)?|[(),]|[^\s(),']+")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Tokens = list[Any]
"""Words and literals (str), and what stands in brackets (Tokens)."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The rows that matter have a `ts` (microseconds UTC) in one of `times` and a host in one of `hosts`."""

    times: Ranges[int] = ((FIRST, LAST),)
    hosts: Ranges[str] = ((LOWEST, HIGHEST),)

    def __and__(self, other: Bounds) -> Bounds:
        return Bounds(_common(self.times, other.times), _common(self.hosts, other.hosts))

    def __or__(self, other: Bounds) -> Bounds:
        if not self:
            return other
        if not other:
            return self
        return Bounds(_joined(self.times + other.times), _joined(self.hosts + other.hosts))

    def __bool__(self) -> bool:
        """Whether any row can matter."""
        return bool(self.times and self.hosts)

    @property
    def names(self) -> tuple[str, ...] | None:
        """The hosts by their names, None where they are not that few."""
        return tuple(first for first, _ in self.hosts) if all(a == b for a, b in self.hosts) else None

    def span(self) -> Span:
        """The same for the store's reader, as far as that can be said of it."""
        from ..store.reader import Span

        return Span(self.times[0][0], self.times[-1][1], self.names) if self else Span(LAST, FIRST, ())

    def meets(self, part: Segment) -> bool:
        """Whether a file may hold rows that matter."""
        return any(a <= part.last_ts and part.first_ts <= b for a, b in self.times) and any(
            a <= part.last_host and part.first_host <= b for a, b in self.hosts
        )


EVERYTHING = Bounds()
NOTHING = Bounds((), ())


def _common(left: Ranges[T], right: Ranges[T]) -> Ranges[T]:
    found: list[tuple[T, T]] = []
    i = j = 0
    while i < len(left) and j < len(right):
        first, last = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if first <= last:
            found.append((first, last))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return tuple(found)


def _joined(ranges: Ranges[T]) -> Ranges[T]:
    found: list[tuple[T, T]] = []
    for first, last in sorted(ranges):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return tuple(found)


def bounds_of(plan: str, tables: Mapping[str, Iterable[str]]) -> dict[str, Bounds]:
    """What a plan (`EXPLAIN (FORMAT json)`) reads of `tables` (name → columns), which are scans of empty tables in it.

    A table of which no scan is left is not needed: DuckDB proved that, or can answer without.
    """
    needed = dict.fromkeys(tables, NOTHING)
    for node in _nodes(json.loads(plan)):
        about = node.get("extra_info", {})
        if "Table" not in about:
            continue
        name = str(about["Table"]).rpartition(".")[2].strip('"')
        if name not in needed or node["name"].strip() != SCAN:
            return dict.fromkeys(tables, EVERYTHING)
        filters = about.get("Filters", "")
        text = filters if isinstance(filters, str) else "\n".join(filters)
        # DuckDB writes a column's name as it is: only among plain names is what a filter says certain.
        plain = all(re.fullmatch(r"\w+", column) for column in tables[name])
        needed[name] |= read_filters(text) if plain else EVERYTHING
    return needed


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    stack = list(tree)
    while stack:
        node = stack.pop()
        yield node
        stack += node.get("children", ())


def read_filters(text: str) -> Bounds:
    """What the filters of a scan leave: conditions in brackets, all of which hold."""
    tokens = _nested(text)
    if any(isinstance(token, str) and token not in HARMLESS for token in tokens):
        return EVERYTHING
    try:
        return reduce(Bounds.__and__, (_condition(t) for t in tokens if isinstance(t, list)), EVERYTHING)
    except RecursionError:
        return EVERYTHING


def _nested(text: str) -> Tokens:
    """The tokens by their brackets; the text as it is where something in it is no token, or a bracket lacks its other."""
    if _TOKEN.sub("", text).strip():
        return [text]
    stack: list[Tokens] = [[]]
    for token in _TOKEN.findall(text):
        if token == "(":
            stack.append([])
        elif token == ")" and len(stack) > 1:
            inner = stack.pop()
            stack[-1].append(inner)
        else:
            stack[-1].append(token)
    return stack[0] if len(stack) == 1 else [text]


def _condition(tokens: Tokens) -> Bounds:
    """What is in one pair of brackets: conditions joined by AND or by OR, or one comparison."""
    words = {token for token in tokens if isinstance(token, str)}
    if "CASE" in words or {"AND", "OR"} <= words:
        return EVERYTHING
    if "OR" in words:
        return reduce(Bounds.__or__, map(_operand, _split(tokens, "OR")))
    return reduce(Bounds.__and__, map(_operand, _split([t for t in tokens if t != "optional:"], "AND")))


def _split(tokens: Tokens, word: str) -> Iterator[Tokens]:
    part: Tokens = []
    for token in tokens:
        if token == word:
            yield part
            part = []
        else:
            part.append(token)
    yield part


def _operand(tokens: Tokens) -> Bounds:
    match tokens:
        case [list() as inner]:
            return _condition(inner)
        case ["ts", "IN", list() as values]:
            return _listed([_times("=", value) for value in values if value != ","])
        case ["host", "IN", list() as values]:
            return _listed([_hosts("=", value) for value in values if value != ","])
        case ["ts", str() as operator, str() as value]:
            return _times(operator, value)
        case ["host", str() as operator, str() as value]:
            return _hosts(operator, value)
    return EVERYTHING


def _listed(values: list[Bounds]) -> Bounds:
    """Any one of them; joined at once, since a list may be long."""
    if EVERYTHING in values:
        return EVERYTHING
    times = _joined(tuple(r for v in values for r in v.times))
    return Bounds(times, _joined(tuple(r for v in values for r in v.hosts)))


def _times(operator: str, value: Any) -> Bounds:
    at = _microseconds(value)
    if at is None:
        return EVERYTHING
    match operator:
        case "=":
            return Bounds(times=((at, at),))
        case ">" | ">=":
            return Bounds(times=((at + (operator == ">"), LAST),))
        case "<" | "<=":
            return Bounds(times=((FIRST, at - (operator == "<")),))
    return EVERYTHING


def _microseconds(value: Any) -> int | None:
    if not isinstance(value, str) or not value.endswith("'::TIMESTAMP WITH TIME ZONE"):
        return None
    try:
        moment = datetime.fromisoformat(value[1:].partition("'")[0])
    except ValueError:  # infinity, before Christ, beyond the year 9999
        return None
    return (moment - _EPOCH) // timedelta(microseconds=1) if moment.tzinfo else None


def _hosts(operator: str, value: Any) -> Bounds:
    if not isinstance(value, str) or len(value) < 2 or value[0] != "'" or value[-1] != "'":
        return EVERYTHING
    name = value[1:-1].replace("''", "'")
    match operator:
        case "=":
            return Bounds(hosts=((name, name),))
        case ">" | ">=":
            return Bounds(hosts=((name, HIGHEST),))
        case "<" | "<=":
            return Bounds(hosts=((LOWEST, name),))
    return EVERYTHING

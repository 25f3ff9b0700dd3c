"""What a question needs of each table: the times, hosts and words that its own conditions leave, read out of DuckDB's plan of it.

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
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from .words import Words, like_words, term_words, whole_words

if TYPE_CHECKING:
    from ..store.reader import Segment, Span

T = TypeVar("T", int, str)
Ranges = tuple[tuple[T, T], ...]
"""Apart from one another and in order, first and last included; none: nothing."""

FIRST, LAST = -(2**63), 2**63 - 1
LOWEST, HIGHEST = "", "\U0010ffff"

SCAN = "SEQ_SCAN"
FILTER = "FILTER"
LIKE = frozenset({"~~", "~~*"})
FUNCTION = re.compile(r'"?[a-z]\w*"?')
"""What may stand before brackets; words that join conditions are capitals."""
HARMLESS = frozenset({"optional:", "Dynamic", "Filter"})
"""What may stand before a scan's filters: `optional:` is one that DuckDB checks again above the scan."""

ANY_WORDS: tuple[Words, ...] = (frozenset(),)
MANY_WAYS = 64
"""Sets of words that are told apart, at most."""

_TOKEN = re.compile(r"'(?:[^']|'')*'(?:::TIMESTAMP WITH TIME ZONE)?|[(),]|[^\s(),']+")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Tokens = list[Any]
"""Words and literals (str), and what stands in brackets (Tokens)."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The rows that matter have a `ts` (microseconds UTC) in one of `times`, a host in one of `hosts`, and in their mined text all words
    of one of `words`."""

    times: Ranges[int] = ((FIRST, LAST),)
    hosts: Ranges[str] = ((LOWEST, HIGHEST),)
    words: tuple[Words, ...] = ANY_WORDS

    def __and__(self, other: Bounds) -> Bounds:
        return Bounds(
            _common(self.times, other.times),
            _common(self.hosts, other.hosts),
            _all_of(self.words, other.words),
        )

    def __or__(self, other: Bounds) -> Bounds:
        if not self:
            return other
        if not other:
            return self
        return Bounds(
            _joined(self.times + other.times),
            _joined(self.hosts + other.hosts),
            _any_of(self.words + other.words),
        )

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


def _all_of(one: tuple[Words, ...], other: tuple[Words, ...]) -> tuple[Words, ...]:
    """Either is right by itself, so where there are too many the first will do."""
    if len(one) * len(other) > MANY_WAYS:
        return one if one != ANY_WORDS else other
    return _any_of(tuple(a | b for a in one for b in other))


def _any_of(ways: tuple[Words, ...]) -> tuple[Words, ...]:
    ways = tuple(dict.fromkeys(ways))
    return ANY_WORDS if frozenset() in ways or len(ways) > MANY_WAYS else ways


def bounds_of(
    plan: str, tables: Mapping[str, Iterable[str]], mined: Mapping[str, str] = MappingProxyType({})
) -> dict[str, Bounds]:
    """What a plan (`EXPLAIN (FORMAT json)`) reads of `tables` (name → columns), which are scans of empty tables in it. `mined`: the column
    of a table whose words its files know.

    A table of which no scan is left is not needed: DuckDB proved that, or can answer without.
    """
    needed = dict.fromkeys(tables, NOTHING)
    for node, above in _nodes(json.loads(plan)):
        about = node.get("extra_info", {})
        if "Table" not in about:
            continue
        name = str(about["Table"]).rpartition(".")[2].strip('"')
        if name not in needed or node["name"].strip() != SCAN:
            return dict.fromkeys(tables, EVERYTHING)
        text = _lines(about.get("Filters", ""))
        # DuckDB writes a column's name as it is: only among plain names is what a filter says certain.
        plain = all(re.fullmatch(r"\w+", column) for column in tables[name])
        of = mined.get(name, "")
        needed[name] |= read_filters(text, of) & read_filters(above, of) if plain else EVERYTHING
    return needed


def _nodes(tree: Any) -> Iterator[tuple[dict[str, Any], str]]:
    """Each node, and the condition of the FILTER right above it: what could not be pushed into a scan stands there."""
    stack = [(node, "") for node in tree]
    while stack:
        node, above = stack.pop()
        yield node, above
        condition = node["extra_info"].get("Expression", "") if node["name"].strip() == FILTER else ""
        stack += [(child, _lines(condition)) for child in node.get("children", ())]


def _lines(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "\n".join(text)


def read_filters(text: str, mined: str = "") -> Bounds:
    """What the filters of a scan leave: conditions in brackets, or functions, all of which hold. `mined`: the column whose words count."""
    conditions: list[Tokens] = []
    called: Tokens = []
    for token in _nested(text):
        if isinstance(token, list):
            conditions.append([*called, token])
            called = []
        elif token not in HARMLESS:
            if called or not FUNCTION.fullmatch(token):
                return EVERYTHING
            called = [token]
    if called:
        return EVERYTHING
    try:
        return reduce(Bounds.__and__, (_operand(c, mined) for c in conditions), EVERYTHING)
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


def _condition(tokens: Tokens, mined: str) -> Bounds:
    """What is in one pair of brackets: conditions joined by AND or by OR, or one comparison."""
    words = {token for token in tokens if isinstance(token, str)}
    if "CASE" in words or {"AND", "OR"} <= words:
        return EVERYTHING
    if "OR" in words:
        return reduce(Bounds.__or__, (_operand(part, mined) for part in _split(tokens, "OR")))
    parts = _split([t for t in tokens if t != "optional:"], "AND")
    return reduce(Bounds.__and__, (_operand(part, mined) for part in parts))


def _split(tokens: Tokens, word: str) -> Iterator[Tokens]:
    part: Tokens = []
    for token in tokens:
        if token == word:
            yield part
            part = []
        else:
            part.append(token)
    yield part


def _operand(tokens: Tokens, mined: str) -> Bounds:
    match tokens:
        case [list() as inner]:
            return _condition(inner, mined)
        case ["ts", "IN", list() as values]:
            return _listed([_times("=", value) for value in values if value != ","])
        case ["host", "IN", list() as values]:
            return _listed([_hosts("=", value) for value in values if value != ","])
        case ["ts", str() as operator, str() as value]:
            return _times(operator, value)
        case ["host", str() as operator, str() as value]:
            return _hosts(operator, value)
        case [str() as column, str() as operator, str() as value] if column == mined and operator in LIKE:
            return _having(like_words(_text(value)))
        case [str() as column, "=", str() as value] if column == mined:
            return _having(whole_words(_text(value), begins=True, ends=True))
        case ["contains", [str() as column, ",", str() as value]] if column == mined:
            return _having(whole_words(_text(value)))
        case ["contains", ["lower", [str() as column], ",", str() as value]] if column == mined:
            return _having(whole_words(_text(value)))
        case ["regexp_matches", ["lower", [str() as column], ",", str() as value]] if column == mined:
            return _having(term_words(_text(value)))
    return EVERYTHING


def _having(words: Words) -> Bounds:
    return Bounds(words=(words,))


def _literal(value: str) -> str | None:
    """What a literal says; None where it is none."""
    is_text = len(value) > 1 and value[0] == value[-1] == "'"
    return value[1:-1].replace("''", "'") if is_text else None


def _text(value: str) -> str:
    """The same, of which words are taken: nothing has none."""
    return _literal(value) or ""


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
    name = _literal(value) if isinstance(value, str) else None
    if name is None:
        return EVERYTHING
    match operator:
        case "=":
            return Bounds(hosts=((name, name),))
        case ">" | ">=":
            return Bounds(hosts=((name, HIGHEST),))
        case "<" | "<=":
            return Bounds(hosts=((LOWEST, name),))
    return EVERYTHING

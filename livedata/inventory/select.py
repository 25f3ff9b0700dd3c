"""Which hosts are meant: `web and not env=dev`, globs, groups, and machines named on the spot.

expression = term { "or" term }            term = factor { "and" factor }
factor     = "not" factor | "(" expression ")" | atom
atom       = NAME | GLOB | GROUP | LABEL=VALUE | LABEL!=VALUE       (quotes hold a text together)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from ..errors import UsageError
from ..model.host import Host
from .text import nearest, quoted

Adhoc = Callable[[str], Host | None]
"""Makes a host of `user@host:port` and the like; None where a text isn't such."""

_TOKEN = re.compile(r'\s*(?:([()])|((?:"[^"]*"|[^\s()"])+))')
_WORDS = ("and", "or", "not")
DEEPEST = 50


@dataclass(frozen=True, slots=True)
class Atom:
    """A name, glob or group; or a label's value glob, where `label` is given."""

    text: str
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Not:
    inner: Expression


@dataclass(frozen=True, slots=True)
class Both:
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Either:
    left: Expression
    right: Expression


Expression = Atom | Not | Both | Either


def select(
    hosts: Sequence[Host], expressions: Sequence[str], adhoc: Adhoc = lambda text: None
) -> tuple[Host, ...]:
    """The union of what the expressions select, in the inventory's order; all hosts where there is no expression.

    Raises:
        UsageError: an expression can't be read, or a name, group, label or value in it is nowhere to be found.
    """
    if not expressions:
        return tuple(hosts)
    chosen: dict[str, Host] = {}
    for text in expressions:
        made = adhoc(text)
        if made is not None:
            chosen[made.name] = made
        else:
            wanted = evaluate(parse(text), hosts)
            chosen |= {h.name: h for h in hosts if h.name in wanted and h.name not in chosen}
    if not chosen:
        raise UsageError(
            f"no host is selected by {' '.join(map(quoted, expressions))}",
            hint="livedata fleet hosts lists them",
        )
    order = {h.name: i for i, h in enumerate(hosts)}
    return tuple(sorted(chosen.values(), key=lambda h: order.get(h.name, len(order))))


def parse(text: str) -> Expression:
    """Read one expression.

    Raises:
        UsageError: it isn't one.
    """
    tokens = _tokens(text)
    if not tokens:
        raise UsageError("an empty selection selects nothing", where=quoted(text))
    parser = _Parser(text, tokens)
    expression = parser.either(0)
    if parser.next() is not None:
        raise parser.error(f"'and' or 'or' is missing before {quoted(parser.next() or '')}")
    return expression


def write(expression: Expression) -> str:
    """The text of an expression: `parse(write(e)) == e`."""
    match expression:
        case Atom(text, None):
            return _quote(text)
        case Atom(text, label):
            return _quote(f"{label}={text}")
        case Not(inner):
            return f"not ({write(inner)})"
        case Both(left, right):
            return f"({write(left)}) and ({write(right)})"
        case Either(left, right):
            return f"({write(left)}) or ({write(right)})"


def _quote(text: str) -> str:
    return f'"{text}"'


def _tokens(text: str) -> list[str]:
    """`(`, `)` and words, which keep their quotes so that a quoted `and` is a name."""
    tokens, at, end = [], 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise UsageError("a quote is left open", where=quoted(text))
        tokens.append(match[1] or match[2])
        at = match.end()
    return tokens


class _Parser:
    def __init__(self, text: str, tokens: Sequence[str]) -> None:
        self._text, self._tokens, self._at = text, tokens, 0

    def next(self) -> str | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def error(self, problem: str) -> UsageError:
        return UsageError(problem, where=quoted(self._text), hint="such as: web and not env=dev")

    def take(self, token: str) -> bool:
        if self.next() != token:
            return False
        self._at += 1
        return True

    def either(self, depth: int) -> Expression:
        left = self.both(depth)
        while self.take("or"):
            left = Either(left, self.both(depth))
        return left

    def both(self, depth: int) -> Expression:
        left = self.factor(depth)
        while self.take("and"):
            left = Both(left, self.factor(depth))
        return left

    def factor(self, depth: int) -> Expression:
        if depth > DEEPEST:
            raise self.error(f"this is more than {DEEPEST} deep")
        if self.take("not"):
            return Not(self.factor(depth + 1))
        if self.take("("):
            inner = self.either(depth + 1)
            if not self.take(")"):
                raise self.error("a ')' is missing")
            return inner
        token = self.next()
        if token is None or token == ")" or token in _WORDS:
            raise self.error(
                f"a host is missing before {quoted(token)}" if token else "a host is missing at the end"
            )
        self._at += 1
        return _atom(token.replace('"', ""))


def _atom(text: str) -> Expression:
    label, equals, value = text.partition("=")
    if not equals:
        return Atom(text)
    return Not(Atom(value, label[:-1])) if label.endswith("!") else Atom(value, label)


def evaluate(expression: Expression, hosts: Sequence[Host], *, strict: bool = True) -> frozenset[str]:
    """The names of the hosts an expression selects.

    `strict` is false behind a `not`: there a value that no host has is no mistake (`not env=dev`, where no dev is left).

    Raises:
        UsageError: a name, group, label or value that no host has.
    """
    match expression:
        case Atom():
            return _matching(expression, hosts, strict)
        case Not(inner):
            return frozenset(h.name for h in hosts) - evaluate(inner, hosts, strict=not strict)
        case Both(left, right):
            return evaluate(left, hosts, strict=strict) & evaluate(right, hosts, strict=strict)
        case Either(left, right):
            return evaluate(left, hosts, strict=strict) | evaluate(right, hosts, strict=strict)


def _matching(atom: Atom, hosts: Sequence[Host], strict: bool) -> frozenset[str]:
    if atom.label is not None:
        values = {h.name: h.labels[atom.label] for h in hosts if atom.label in h.labels}
        if not values:
            labels = _sorted(label for h in hosts for label in h.labels)
            raise UsageError(f"no host has a label {quoted(atom.label)}", hint=nearest(atom.label, labels))
        found = frozenset(name for name, value in values.items() if fnmatchcase(value, atom.text))
        if not found and strict:
            raise UsageError(
                f"no host's {quoted(atom.label)} is {quoted(atom.text)}",
                hint=nearest(atom.text, _sorted(values.values())),
            )
        return found
    found = frozenset(h.name for h in hosts if h.name == atom.text)
    found = found or frozenset(h.name for h in hosts if atom.text in h.groups)
    found = found or frozenset(h.name for h in hosts if fnmatchcase(h.name, atom.text))
    if not found:
        known = [h.name for h in hosts] + _sorted(g for h in hosts for g in h.groups)
        otherwise = (
            "the inventory has no hosts; user@host or host:port reaches one without it" if not hosts else ""
        )
        raise UsageError(
            f"there is no host or group {quoted(atom.text)}", hint=nearest(atom.text, known, otherwise)
        )
    return found


def _sorted(texts: Iterable[str]) -> list[str]:
    return sorted(set(texts))

"""Reads a whole search: commands between bars, each by the shapes that its declaration names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress

from .commands import COMMANDS, DECLARATIONS, REFUSED
from .declare import Shape
from .errors import SearchError, suggestion
from .expression import inner_search
from .parser import Parser
from .terms import terms
from .tree import Command, Part, Pipeline

LONGEST = 100_000
"""Characters of a search."""
MOST_COMMANDS = 200

COMMAND = re.compile(r"[A-Za-z_][\w-]*")
_FIRST_FROM = re.compile(r"\s*from\s+[\w.:-]+\s*(?:\||$)", re.I)


def parse(text: str, names: Mapping[str, Iterable[str]] | None = None) -> Pipeline:
    """The tree of a search.

    Raises:
        SearchError: it is no search; the error has the place.
    """
    return reading(text, names)[0]


def reading(text: str, names: Mapping[str, Iterable[str]] | None = None) -> tuple[Pipeline, Parser]:
    """The tree, and the parser that read it, which knows what could stand at the end."""
    p = parser_of(text, names)
    if len(text) > LONGEST:
        p.fail(f"it is longer than {LONGEST} characters", at=0)
    if (nul := text.find("\0")) >= 0:
        p.fail("it is not text: it holds a NUL", at=nul)
    return top(p), p


def top(p: Parser) -> Pipeline:
    """A whole search, up to the end of the text."""
    p.space()
    p.offer("symbol", ("|",))
    p.offer("keyword", ("search", "from"))
    tree = _piped(p) if _FIRST_FROM.match(p.text, p.pos) else pipeline(p)
    if p.pos < len(p.text):
        p.unexpected("in a search")
    return tree


def parser_of(text: str, names: Mapping[str, Iterable[str]] | None = None) -> Parser:
    p = Parser(text, names)
    p.pipeline = inner_pipeline
    return p


def pipeline(p: Parser) -> Pipeline:
    """Commands up to the end; without a bar before it the first is `search`."""
    p.space()
    if p.take("|"):
        return _piped(p)
    at = p.pos
    if re.match(r"search(?=[\s(\"\[]|$)", p.text[p.pos : p.pos + 7], re.I) and p.keyword("search"):
        pass
    first = Command("search", (), terms(p, inner_search), at=at)
    return _further(p, [first])


def inner_pipeline(p: Parser) -> Pipeline:
    """A subsearch's commands: it begins with the name of one, with or without a bar, or else is a search for its terms."""
    p.space()
    if p.take("|"):
        return _piped(p)
    p.offer("command", (d.name for d in DECLARATIONS if d.generates))
    name = COMMAND.match(p.text, p.pos)
    if (
        name
        and name.group().lower() in COMMANDS
        and re.match(r"[\s\]\[|\"]|$", p.text[name.end() : name.end() + 1])
    ):
        return _piped(p)
    return pipeline(p)


def _piped(p: Parser) -> Pipeline:
    return _further(p, [command(p)])


def _further(p: Parser, commands: list[Command]) -> Pipeline:
    while True:
        p.space()
        p.offer("symbol", ("|",))
        if not p.take("|"):
            return Pipeline(tuple(commands))
        if len(commands) >= MOST_COMMANDS:
            p.fail(f"it has more than {MOST_COMMANDS} commands")
        if p.ended() and not p.peek("|"):
            p.offer("command", COMMANDS)
            if p.pos >= len(p.text) or p.peek("]"):
                p.fail("there is no command behind the last |", "for example: | stats count BY host")
        commands.append(command(p))


def command(p: Parser) -> Command:
    """One command with its parts."""
    p.space()
    at = p.pos
    p.offer("command", COMMANDS)
    if p.peek("`"):
        p.fail("this macro is not known", "macros stand in searches.toml beside config.toml")
    name = COMMAND.match(p.text, p.pos)
    if not name:
        p.unexpected("as a command")
    end, low = name.end(), name.group().lower()
    if low not in COMMANDS and (stem := low.split("-")[0]) in COMMANDS:  # sort-count
        end, low = name.start() + len(stem), stem
    if low not in COMMANDS:
        if low in REFUSED:
            p.fail(f"{low} is not there", REFUSED[low])
        p.fail(
            f"there is no command {name.group()}",
            suggestion(low, COMMANDS, "livedata fleet search --help-command lists them"),
        )
    p.pos = end
    p.space()
    declaration = COMMANDS[low]
    if declaration.name == "search":
        return Command("search", (), terms(p, inner_search), at=at)
    parts: list[Part] = []
    while not p.ended():
        if parts:
            p.offer("symbol", (",",))
            if p.take(",") and p.ended():
                break
        part = next(
            (found for shape in declaration.takes if (found := shape(p, declaration)) is not None), None
        )
        if part is None:
            p.unexpected(f"in {declaration.name}")
        parts.append(part)
    if p.pos >= len(p.text):
        for shape in declaration.takes:
            _offer_only(p, shape, declaration.name)
    return Command(declaration.name, tuple(parts), at=at)


def _offer_only(p: Parser, shape: Shape, name: str) -> None:
    """At the end of a text there is nothing to take; what the shapes would take is offered all the same."""
    at = p.pos
    with suppress(SearchError):
        shape(p, COMMANDS[name])
    p.pos = at

"""A place in the text of a search: takes words, quoted texts and numbers, and remembers what could have stood where it stopped."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, NoReturn, TypeVar

from .errors import listed, search_error, suggestion

if TYPE_CHECKING:
    from .tree import Pipeline

DEEPEST = 60
"""Brackets within brackets."""

Read = TypeVar("Read")

SPACE = re.compile(r"(?:\s+|```.*?```)*", re.S)
WORD = re.compile(r"""[^\s,|"'`\[\]()=<>!]+""")
NUMBER = re.compile(r"(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]*[A-Za-z_])")
_QUOTED = {'"': re.compile(r'"((?:[^"\\]|\\.)*)"', re.S), "'": re.compile(r"'((?:[^'\\]|\\.)*)'", re.S)}
_ESCAPE = re.compile(r'\\(["\\])', re.S)


def unescaped(text: str) -> str:
    r"""What stands between double quotes: `\"` and `\\` are one character, any other backslash is itself."""
    return _ESCAPE.sub(r"\1", text)


def quote(text: str) -> str:
    """The text in double quotes, so that `unescaped` gives it back."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _no_pipeline(p: Parser) -> NoReturn:
    p.fail("a subsearch can't stand here")


class Parser:
    """Reads `text` from `pos`. `offered`: by place, what could stand there, as (kind, name); only of the furthest place."""

    def __init__(self, text: str, names: Mapping[str, Iterable[str]] | None = None) -> None:
        self.text = text
        self.pos = 0
        self.depth = 0
        self.within = 0
        """Subsearches around the place: a `]` ends it there."""
        self.names = names or {}
        """Known names by kind (field, table …), which completion offers."""
        self.stop: int | None = None
        """A place at which a command's part ends, whatever stands there."""
        self.pipeline: Callable[[Parser], Pipeline] = _no_pipeline
        self.furthest = 0
        self.offered: dict[tuple[str, str], None] = {}

    def offer(self, kind: str, names: Iterable[str] = ()) -> None:
        """Notes what could stand here."""
        if self.pos < self.furthest:
            return
        if self.pos > self.furthest:
            self.furthest = self.pos
            self.offered.clear()
        for name in (*names, *self.names.get(kind, ())):
            self.offered[kind, name] = None
        self.offered.setdefault((kind, ""))

    def space(self) -> None:
        match = SPACE.match(self.text, self.pos)
        self.pos = match.end() if match else self.pos

    def peek(self, text: str) -> bool:
        return self.text.startswith(text, self.pos)

    def ended(self) -> bool:
        """Whether a command ends here: the text's end, a bar, or the bracket of a subsearch."""
        self.space()
        if self.stop is not None and self.pos >= self.stop:
            return True
        return self.pos >= len(self.text) or self.peek("|") or (self.within > 0 and self.peek("]"))

    def take(self, text: str) -> bool:
        """Takes exactly this, and blanks behind it."""
        if not self.peek(text):
            return False
        self.pos += len(text)
        self.space()
        return True

    def need(self, text: str, why: str = "") -> None:
        self.offer("symbol", (text,))
        if not self.take(text):
            self.fail(f"{text} is missing{why}")

    def match(self, pattern: re.Pattern[str]) -> str | None:
        """Takes what the pattern matches, and blanks behind it."""
        found = pattern.match(self.text, self.pos)
        if not found or found.end() == self.pos:
            return None
        self.pos = found.end()
        self.space()
        return found.group()

    def keyword(self, *words: str) -> str | None:
        """Takes one of these words, whatever its case, where a word ends behind it; gives it as it stands in `words`."""
        self.offer("keyword", words)
        for word in words:
            end = self.pos + len(word)
            if self.text[self.pos : end].lower() == word.lower() and not re.match(
                r"[\w.:{*-]|\s*=(?!=)", self.text[end:]
            ):
                self.pos = end
                self.space()
                return word
        return None

    def quoted(self, marks: str = "\"'") -> str | None:
        """What stands between quotes, unescaped."""
        mark = self.text[self.pos : self.pos + 1]
        if not mark or mark not in marks:
            return None
        found = _QUOTED[mark].match(self.text, self.pos)
        if not found:
            self.fail(f"the quote {mark} is not closed", f"a {mark} within it is written \\{mark}")
        self.pos = found.end()
        self.space()
        return unescaped(found.group(1)) if mark == '"' else found.group(1).replace("\\'", "'")

    def word(self, pattern: re.Pattern[str] = WORD) -> tuple[str, bool] | None:
        """A bare or quoted word, and whether it was quoted."""
        text = self.quoted()
        if text is not None:
            return text, True
        bare = self.match(pattern)
        return None if bare is None else (bare, False)

    def met(self) -> str:
        """What stands here, for an error."""
        self.space()
        rest = self.text[self.pos :]
        if not rest:
            return "the search ends"
        word = re.match(r'"[^"]{0,30}"?|\w[\w.*-]{0,40}|.', rest, re.S)
        return f"{word.group() if word else rest[0]} can't stand"

    def fail(self, problem: str, hint: str = "", at: int | None = None) -> NoReturn:
        raise search_error(self.text, self.pos if at is None else at, problem, hint)

    def unexpected(self, where: str) -> NoReturn:
        """The error for what can't stand at this place, with what could."""
        met = self.met()
        offered = [(k, n) for k, n in self.offered if self.furthest == self.pos]
        names = [
            n
            for k, n in offered
            if n and k in {"command", "function", "aggregate", "option", "keyword", "symbol"}
        ]
        kinds = dict.fromkeys(
            f"a {k}" if k[0] not in "aeiou" else f"an {k}"
            for k, n in offered
            if not n and k not in {"keyword", "symbol"}
        )
        rest = re.match(r"[\w-]+", self.text[self.pos :])
        near = suggestion(rest.group(), names) if rest else ""
        could = listed([*kinds, *(n for k, n in offered if n and k in {"keyword", "symbol"})])
        ends = " too early" if met == "the search ends" else f" {where}"
        self.fail(f"{met}{ends}", near or (f"here could stand: {could}" if could else ""))

    def nested(self, read: Callable[[], Read]) -> Read:
        """Reads something within brackets; too many of them are an error, not a crash."""
        self.depth += 1
        if self.depth > DEEPEST:
            self.fail(f"it is nested more than {DEEPEST} deep")
        try:
            return read()
        finally:
            self.depth -= 1

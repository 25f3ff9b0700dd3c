"""Where a key stands in a TOML text, for messages: tomllib itself forgets it."""

from __future__ import annotations

import re

Path = tuple[str, ...]

_STRING = re.compile(
    r'"""(?:\\.|(?!""").)*"""' r"|'''(?:(?!''').)*'''" r'|"(?:\\.|[^"\\\n])*"' r"|'[^'\n]*'", re.DOTALL
)  # fmt: skip
_KEY = re.compile(r"""[ \t]*("(?:\\.|[^"\\\n])*"|'[^'\n]*'|[A-Za-z0-9_-]+)[ \t]*(\.?)""")


def key_lines(text: str) -> dict[Path, int]:
    """Each key and table of a TOML text with the line (from 1) it first stands on; in doubt it leaves one out."""
    found: dict[Path, int] = {}
    table: Path = ()
    for number, statement in _statements(text):
        if statement.startswith("["):
            table = _dotted(statement.lstrip("["))[0]
            _note(found, table, number)
            continue
        key, rest = _dotted(statement)
        if key and rest.startswith("="):
            _note(found, table + key, number)
            _inline(found, table + key, rest[1:].strip(), number)
    return found


def line_of(lines: dict[Path, int], path: tuple[int | str, ...]) -> int:
    """The line of the longest part of a path that stands in the text; 0 where none does."""
    names = tuple(p for p in path if isinstance(p, str))
    return next((lines[names[:n]] for n in range(len(names), 0, -1) if names[:n] in lines), 0)


def _note(found: dict[Path, int], path: Path, number: int) -> None:
    for n in range(1, len(path) + 1):
        found.setdefault(path[:n], number)


def _dotted(text: str) -> tuple[Path, str]:
    """A dotted key at the start of a text, and what follows it."""
    parts: list[str] = []
    at = 0
    while match := _KEY.match(text, at):
        parts.append(_bare(match[1]))
        at = match.end()
        if not match[2]:
            break
    return tuple(parts), text[at:].lstrip(" \t")


def _bare(key: str) -> str:
    if key.startswith("'"):
        return key[1:-1]
    if not key.startswith('"'):
        return key
    import tomllib

    try:
        return next(iter(tomllib.loads(f"{key} = 0")))
    except tomllib.TOMLDecodeError:
        return key[1:-1]


def _inline(found: dict[Path, int], path: Path, value: str, number: int) -> None:
    """The keys of an inline table."""
    if not value.startswith("{"):
        return
    for part in _split(value[1:]):
        key, rest = _dotted(part.strip())
        if key and rest.startswith("="):
            _note(found, path + key, number)
            _inline(found, path + key, rest[1:].strip(), number)


def _split(text: str) -> list[str]:
    """The parts between the commas of an inline table's inside."""
    parts, depth, start, at = [], 0, 0, 0
    while at < len(text) and depth >= 0:
        if text[at] in "\"'" and (string := _STRING.match(text, at)):
            at = string.end()
            continue
        depth += (text[at] in "[{") - (text[at] in "]}")
        if (text[at] == "," and depth == 0) or depth < 0:
            parts.append(text[start:at])
            start = at + 1
        at += 1
    return parts


def _statements(text: str) -> list[tuple[int, str]]:
    """Each `[table]` and `key = value` with the line it begins on; values over several lines are one, comments are gone."""
    statements: list[tuple[int, str]] = []
    parts: list[str] = []
    begun, line, depth, at = 1, 1, 0, 0
    while at < len(text):
        c = text[at]
        if c == "#":
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
            continue
        if c in "\"'" and (string := _STRING.match(text, at)):
            parts.append(string[0])
            line += string[0].count("\n")
            at = string.end()
            continue
        if c == "\n":
            line += 1
        if c == "\n" and depth <= 0:
            statements.append((begun, "".join(parts).strip()))
            parts, begun, depth = [], line, 0
        else:
            depth += (c in "[{") - (c in "]}")
            parts.append(c)
        at += 1
    statements.append((begun, "".join(parts).strip()))
    return [(number, statement) for number, statement in statements if statement]

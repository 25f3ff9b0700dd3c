"""The block of TOML in a probe's head, taken apart from the script below it, each key with its line for messages.

The shape is PEP 723's: a line `# /// probe`, lines that begin with `#`, a line `# ///`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from ..errors import ProbeError

START = "# /// probe"
END = "# ///"
_SH = re.compile(r"#!\s*(?:/usr/bin/env\s+|/[\w/]*/)?sh(?:\s+-[a-z]+)?\s*")
_TABLE = re.compile(r"\[([\w.-]+)\]")
_KEY = re.compile(r"""["']?([\w-]+)["']?\s*[=.]""")
_TOML_PLACE = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)")


@dataclass(frozen=True, slots=True)
class Block:
    """`values`: the TOML. `body`: the script below the block. `lines`: (table, …, key) → line in the file."""

    path: str
    values: Mapping[str, Any]
    body: str
    lines: Mapping[tuple[str, ...], int]
    body_line: int = 1
    """The line of the file at which the script begins."""

    def error(self, place: tuple[str, ...], problem: str, hint: str = "") -> ProbeError:
        """An error at a key, or at the nearest thing around it that has a line."""
        while place and place not in self.lines:
            place = place[:-1]
        return ProbeError(problem, where=f"{self.path}:{self.lines[place]}", hint=hint)

    def unknown(self, place: tuple[str, ...], known: Collection[str]) -> ProbeError:
        """An error at a key that isn't known, with the nearest that is."""
        near = get_close_matches(place[-1], known, 1)
        hint = f"did you mean {near[0]}?" if near else f"known are: {', '.join(known)}"
        return self.error(place, f"there is no key {place[-1]!r} here", hint)


def parse_block(text: str, path: str) -> Block:
    """Take a probe's file apart.

    Raises:
        ProbeError: no shebang, no block, carriage returns, or a block that is no TOML.
    """
    lines = text.rstrip("\n").split("\n")
    if "\r" in text:
        row = 1 + next(i for i, line in enumerate(lines) if "\r" in line)
        raise ProbeError(
            "it holds a carriage return, which sh would not take",
            where=f"{path}:{row}",
            hint="lines end with \\n",
        )
    if not lines[0].startswith("#!"):
        raise ProbeError("it has no shebang", where=f"{path}:1", hint="the first line must be #!/bin/sh")
    if not _SH.fullmatch(lines[0]):
        raise ProbeError(
            f"{lines[0]!r} says what it is not run by: every host's sh runs it",
            where=f"{path}:1",
            hint="the first line must be #!/bin/sh; another language can be called from there, where hosts have it",
        )
    stripped = [line.rstrip() for line in lines]
    if START not in stripped:
        raise ProbeError("it has no header", where=f"{path}:2", hint=f"it begins with the line {START!r}")
    first = stripped.index(START) + 1
    last = first
    while last < len(lines) and stripped[last] != END:
        if not lines[last].startswith("#"):
            raise ProbeError(
                "this line is in the header and no comment",
                where=f"{path}:{last + 1}",
                hint=f"the header ends with {END!r}",
            )
        last += 1
    if last == len(lines):
        raise ProbeError(
            "the header has no end", where=f"{path}:{first}", hint=f"it ends with the line {END!r}"
        )
    toml = [line[2:] if line.startswith("# ") else line[1:] for line in lines[first:last]]
    try:
        values = tomllib.loads("\n".join(toml))
    except tomllib.TOMLDecodeError as error:
        place = _TOML_PLACE.search(str(error))
        row = first + int(place[1]) if place and place[1] else last
        problem = _TOML_PLACE.sub("", str(error))
        raise ProbeError(f"the header is no TOML: {problem}", where=f"{path}:{row}") from error
    body = "\n".join(lines[last + 1 :]).strip("\n")
    begin = next((i for i, line in enumerate(lines[last + 1 :], last + 2) if line), last + 2)
    return Block(path, values, body + "\n" if body else "", _places(toml, first), begin)


def _places(toml: list[str], first: int) -> dict[tuple[str, ...], int]:
    """Where each key stands; () is the block itself."""
    places: dict[tuple[str, ...], int] = {(): first}
    table: tuple[str, ...] = ()
    for number, line in enumerate(toml, first + 1):
        if found := _TABLE.match(line.strip()):
            table = tuple(found[1].split("."))
            places.setdefault(table, number)
        elif found := _KEY.match(line.strip()):
            places.setdefault((*table, found[1]), number)
    return places

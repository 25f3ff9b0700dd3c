"""Macros: words in backquotes that stand for other text of a search, with arguments."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from .errors import search_error, suggestion
from .parser import quote

DEEPEST = 10
LONGEST = 100_000

_MACRO = re.compile(r"```.*?```|\"(?:[^\"\\]|\\.)*\"|`([^`\n]*)`", re.S)
_CALL = re.compile(r"\s*([\w:.-]+)\s*(?:\((.*)\))?\s*", re.S)
_ARGUMENT = re.compile(r"\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^,\"]*))\s*(?:,|$)", re.S)


@dataclass(frozen=True, slots=True)
class Macro:
    """`$name$` in `text` is the argument of that name."""

    text: str
    arguments: tuple[str, ...] = ()


def expanded(text: str, macros: Mapping[str, Macro]) -> str:
    """The text with each macro replaced by what it stands for, also those in macros.

    Raises:
        SearchError: one that there is not, with other arguments, or that never ends.
    """
    for _ in range(DEEPEST):
        found = _once(text, macros)
        if found == text:
            return text
        if len(found) > LONGEST:
            raise search_error(text, None, f"with its macros it is longer than {LONGEST} characters")
        text = found
    raise search_error(
        text, None, f"its macros stand in one another more than {DEEPEST} deep", "one of them may name itself"
    )


def _once(text: str, macros: Mapping[str, Macro]) -> str:
    def replaced(found: re.Match[str]) -> str:
        if found[1] is None:
            return found.group()
        call = _CALL.fullmatch(found[1])
        name = call[1] if call else found[1]
        given = _given(call[2]) if call and call[2] else []
        if name == "comment" and name not in macros:  # Splunk's own, which stands for nothing
            return ""
        macro = macros.get(name)
        if macro is None or not call:
            hint = suggestion(name, macros, "macros stand in searches.toml beside config.toml")
            raise search_error(text, found.start(), f"there is no macro {name}", hint)
        if len(given) != len(macro.arguments):
            wanted = f"{name}({', '.join(macro.arguments)})" if macro.arguments else name
            raise search_error(
                text,
                found.start(),
                f"the macro {name} does not take {len(given)} arguments",
                f"it is `{wanted}`",
            )
        body = macro.text
        for argument, value in zip(macro.arguments, given, strict=True):
            body = body.replace(f"${argument}$", value)
        return body

    return _MACRO.sub(replaced, text)


def _given(text: str) -> list[str]:
    """The arguments between commas; one in quotes may hold commas, and keeps its quotes where it has blanks."""
    found: list[str] = []
    at = 0
    while at < len(text):
        match = _ARGUMENT.match(text, at)
        if not match or match.end() == at:
            break
        found.append(
            quote(match[1])
            if match[1] is not None and re.search(r"[\s,]", match[1])
            else (match[1] or match[2] or "").strip()
        )
        at = match.end()
    return found

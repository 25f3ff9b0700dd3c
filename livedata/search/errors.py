"""What a search is refused with: a caret under the place, what was met, and what could stand there."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import QueryError
from ..query.problems import nearest
from ..query.text import plain, width

WIDEST = 100
"""Characters of the search's line that are quoted."""
MARGIN = 40
OFFERED = 8
"""Names that are listed where one of many could stand."""


class SearchError(QueryError):
    """A search that can't be read or run; exit code 4. `at` is the character where it is wrong, None for none in particular."""

    def __init__(self, problem: str, *, at: int | None = None, where: str = "search", hint: str = "") -> None:
        super().__init__(problem, where=where, hint=hint)
        self.at = at


def search_error(text: str, at: int | None, problem: str, hint: str = "") -> SearchError:
    """The error at character `at` of a search: its line is quoted with a caret below the place."""
    if at is None:
        return SearchError(problem, hint=hint)
    at = min(max(at, 0), len(text))
    start_of_line = text.rfind("\n", 0, at) + 1
    line = text[start_of_line:].partition("\n")[0]
    column = at - start_of_line
    start = max(0, column - MARGIN) if len(line) > WIDEST else 0
    quoted = plain(line[start : start + WIDEST])
    caret = " " * width(plain(line[start:column])) + "^"
    line_number = text.count("\n", 0, at) + 1
    place = (
        f"search, line {line_number}, column {column + 1}" if "\n" in text else f"search, column {column + 1}"
    )
    return SearchError(f"{problem}\n  {quoted}\n  {caret}", at=at, where=place, hint=hint)


def suggestion(name: str, names: Iterable[str], otherwise: str = "") -> str:
    """`did you mean …?` where a name is much like one that there is."""
    near = nearest(name, names)
    return f"did you mean {' or '.join(near)}?" if near else otherwise


def listed(names: Iterable[str]) -> str:
    """Some of many names, in one line."""
    every = list(dict.fromkeys(names))
    more = f" and {len(every) - OFFERED} more" if len(every) > OFFERED else ""
    return ", ".join(every[:OFFERED]) + more

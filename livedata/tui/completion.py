"""What the word before the cursor may become: tables, and the columns of those that the question names, of all but rollups where it names none; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ..model.rollup import WIDTHS

WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*$")
_TABLE_NEXT = re.compile(r"\b(?:from|join)\s+[A-Za-z0-9_]*$", re.IGNORECASE)
KEYWORDS = (
    "SELECT", "FROM", "WHERE", "GROUP BY", "ORDER BY", "LIMIT", "AND", "OR", "NOT", "IS NULL", "DESC", "INTERVAL", "JOIN", "USING",
    "QUALIFY", "HAVING", "avg", "max", "min", "sum", "count", "arg_max", "now()", "time_bucket", "round",
)  # fmt: skip
MOST = 8


def word_before(text: str, cursor: int) -> str:
    """What has been typed of a word."""
    found = WORD.search(text[:cursor])
    return found.group() if found else ""


def completions(text: str, cursor: int, tables: Mapping[str, Sequence[str]]) -> list[str]:
    """What the word before the cursor may become, the likeliest first; nothing where there is none, or where it is whole already."""
    word = word_before(text, cursor)
    plain = [name for name in tables if name.rpartition("_")[2] not in WIDTHS]
    if _TABLE_NEXT.search(text[:cursor]):
        found = [name for name in tables if name.startswith(word.lower())]
    elif not word:
        return []
    else:
        named = {w.lower() for w in re.findall(r"\w+", text)} & tables.keys() or plain
        columns = dict.fromkeys(c for name in sorted(named) for c in tables[name])
        found = [c for c in (*columns, *sorted(plain), *KEYWORDS) if c.lower().startswith(word.lower())]
    return [] if found == [word] else list(dict.fromkeys(found))[:MOST]


def completed(text: str, cursor: int, choice: str) -> tuple[str, int]:
    """The text with the word before the cursor made whole, and where the cursor is then."""
    begin = cursor - len(word_before(text, cursor))
    return text[:begin] + choice + text[cursor:], begin + len(choice)

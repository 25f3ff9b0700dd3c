"""`has_term(text, term)`: whether a text has a whole term in it, whatever its case; and the words that a text must have for a condition to hold.

A term stands by itself where neither a letter nor a digit adjoins it: `failed` is in `login-failed:` and not in `unfailed`, `10.1.2.3` in
`10.1.2.3:443`. In a term `*` stands for anything. What has to be there whole is looked up in the files' filters
(`livedata.store.terms`), which are of ASCII's letters exact: DuckDB and Arrow know different years of Unicode, but agree on what becomes one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_SQL_WORD = r"0-9a-z\x{80}-\x{10FFFF}"
_BEGIN = f"(?:^|[^{_SQL_WORD}])"
_END = f"(?:$|[^{_SQL_WORD}])"

MACROS = rf"""
CREATE MACRO has_term(text, term) AS
  contains(lower(text), split_part(lower(term), '*', 1)) AND regexp_matches(lower(text), '(?s)'
    || CASE WHEN regexp_matches(lower(term), '^[{_SQL_WORD}]') THEN '{_BEGIN}' ELSE '' END
    || replace(regexp_escape(lower(term)), '\*', '.*')
    || CASE WHEN regexp_matches(lower(term), '[{_SQL_WORD}]$') THEN '{_END}' ELSE '' END);
"""
"""What SQL can call besides DuckDB's own functions."""

_RUN = re.compile("[0-9A-Za-z\x80-\U0010ffff]+")
_FOUR = re.compile(
    "(?<![0-9A-Za-z\x80-\U0010ffff])(?=([0-9]+\\.[0-9]+\\.[0-9]+\\.[0-9]+)(?![0-9A-Za-z\x80-\U0010ffff]))"
)
_WILD = re.compile("[%_]+")
_ESCAPED = re.compile(r"\\x00|\\[^0-9A-Za-z]|(?P<wild>\.\*)|[0-9A-Za-z_\x80-\U0010ffff]|(?P<strange>.)", re.S)

SHORT = 5
"""Digits of a number that is no word in the files' filters."""

Words = frozenset[str]
NONE: Words = frozenset()


def whole_words(text: str, *, begins: bool = False, ends: bool = False) -> Words:
    """The words that stand whole in any text that has this one in it: those at its ends only where it `begins` or `ends` with it, or
    at a break."""
    found = [(m.start(), m.group()) for m in _RUN.finditer(text)]
    found += [(m.start(1), m.group(1)) for m in _FOUR.finditer(text)]
    return frozenset(
        word.lower()
        for at, word in found
        if word.isascii()
        and not (len(word) <= SHORT and word.isdigit())
        and (at > 0 or begins)
        and (at + len(word) < len(text) or ends)
    )


def _pieces(pieces: Sequence[str], *, begins: bool, ends: bool) -> Words:
    """Of pieces that follow one another with anything between them."""
    last = len(pieces) - 1
    each = (
        whole_words(piece, begins=begins and i == 0, ends=ends and i == last)
        for i, piece in enumerate(pieces)
    )
    return frozenset().union(*each)


def like_words(pattern: str) -> Words:
    """Of what is LIKE a pattern, or ILIKE it."""
    return _pieces(_WILD.split(pattern), begins=True, ends=True)


def term_words(pattern: str) -> Words:
    """Of what matches the regular expression that `has_term` makes; none of another one."""
    body = pattern.removeprefix("(?s)")
    if body == pattern:
        return NONE
    begins, ends = body.startswith(_BEGIN), body.endswith(_END)
    pieces = [""]
    for escaped, wild in _unescaped(body.removeprefix(_BEGIN).removesuffix(_END)):
        if escaped is None:
            return NONE
        if wild:
            pieces.append("")
        else:
            pieces[-1] += escaped
    return _pieces(pieces, begins=begins, ends=ends)


def _unescaped(body: str) -> Iterator[tuple[str | None, bool]]:
    """(character, whether it is a wildcard) of each; None for what `has_term` would not have written."""
    for found in _ESCAPED.finditer(body):
        if found["strange"]:
            yield None, False
        elif found["wild"]:
            yield "", True
        else:
            yield "\0" if found.group() == r"\x00" else found.group()[-1], False

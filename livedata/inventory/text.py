"""Words for people: text from files shown without harm, and the nearest of the names there are."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

LONGEST = 80


def shown(text: str) -> str:
    """Text from outside as it may stand on a screen: what isn't printable (controls, escape sequences, bidirectional
    marks, bytes that are no UTF-8) becomes a backslash escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def quoted(text: str) -> str:
    """`shown`, cut to a readable length, in quotes."""
    return f"'{shown(text if len(text) <= LONGEST else text[: LONGEST - 1] + '…')}'"


def nearest(word: str, names: Iterable[str], otherwise: str = "") -> str:
    """A hint: the name nearest to a mistyped one, or else all of them where they are few, or `otherwise`."""
    names = list(dict.fromkeys(names))
    near = get_close_matches(word, names, 1) or get_close_matches(word.lower(), names, 1)
    if near:
        return f"did you mean {shown(near[0])}?"
    if otherwise or not names or len(names) > 30:
        return otherwise
    return f"there are: {', '.join(shown(n) for n in names)}"

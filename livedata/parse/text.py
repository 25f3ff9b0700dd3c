"""What the parsers share: quoting what was met, taking a file out of a reading, and the limits of the types."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from operator import itemgetter
from typing import Any

from ..model.reading import ParseError, Reading

I64_END = 2**63
U64_END = 2**64
D2_END = 10**18
"""Hundredths that a decimal of 18 digits can't hold any more."""
TS_END = 253_402_300_800_000_000
"""Microseconds at which the year 10,000 begins."""


def quote(text: str, most: int = 80) -> str:
    """Text as it may stand in a message: on one line, printable, and cut where it is long."""
    return repr(text if len(text) <= most else text[:most] + "…")


def bad(what: str, text: str) -> ParseError:
    """An error that says what was expected, and quotes what came instead."""
    return ParseError(f"{what}: {quote(text)}")


def file(reading: Reading, path: str) -> str:
    """The text of one file.

    Raises:
        ParseError: it did not come.
    """
    text = reading.files.get(path)
    if text is None:
        raise ParseError(f"{path} did not come")
    return text


@lru_cache(maxsize=512)
def picker(what: str, known: tuple[str, ...], names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """A function from the values of all columns that are known to those that a probe has, in its order.

    Raises:
        ParseError: `what` does not give one of them.
    """
    try:
        places = [known.index(name) for name in names]
    except ValueError as error:
        raise ParseError(f"{what} gives {', '.join(known)}, and nothing else") from error
    return itemgetter(*places) if len(places) > 1 else lambda values: tuple([values[i] for i in places])


def natural(text: str, what: str, end: int = I64_END) -> int:
    """A whole number from 0 up to, and without, `end`.

    Raises:
        ParseError: it is none.
    """
    try:
        number = int(text)
    except ValueError:
        number = -1
    if not 0 <= number < end:
        raise bad(f"{what} is no number from 0 to {end - 1}", text)
    return number


def hundredths(text: str, what: str) -> int:
    """A number with two decimals, such as the kernel writes, in hundredths: `0.35` → 35.

    Raises:
        ParseError: it is none.
    """
    whole, point, part = text.partition(".")
    if not point or len(part) != 2 or not part.isdecimal():
        raise bad(f"{what} is no number with two decimals", text)
    return natural(whole + part, what, D2_END)

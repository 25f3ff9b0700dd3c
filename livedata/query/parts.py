"""The files of a question, and of files that know which words they hold only the row groups that may have those of the question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from .narrow import ANY_WORDS
from .views import Rows
from .words import Words

if TYPE_CHECKING:
    from ..store.reader import Segment

MANY_PARTIAL = 100
"""Files that are opened in part, at most: each is a branch of the view. The others are read whole."""
MANY_RANGES = 20
"""Stretches of rows of one file that are told apart, at most."""


class Part(NamedTuple):
    """A file, and the rows of it that may matter; None: all."""

    file: Segment
    rows: Rows | None = None


def having(files: Sequence[Segment], words: tuple[Words, ...]) -> list[Part]:
    """The files that may hold rows with all words of one of these sets."""
    if words == ANY_WORDS:
        return [Part(file) for file in files]
    from ..store.terms import may_hold

    found: list[Part] = []
    partial = 0
    for file in files:
        try:
            rows = may_hold(file.path, words)
        except OSError:  # the engine tells better what is wrong with it
            rows = None
        if rows == []:
            continue
        if rows is None or len(rows) > MANY_RANGES or partial >= MANY_PARTIAL or rows == [(0, file.rows)]:
            found.append(Part(file))
        else:
            partial += 1
            found.append(Part(file, rows))
    return found

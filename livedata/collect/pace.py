"""How many entries to ask a log for at one time: fewer over a slow link, which other lanes share. Pure."""

from __future__ import annotations

from ..model.scrape import Outcome

MOST_ENTRIES, FEWEST_ENTRIES = 2000, 50
ALONE = 1
"""The next entry by itself: it is larger than an answer may be, and asked for without its long fields."""
LONG_SECONDS = 5.0
"""An answer that took longer was too large."""
CUT = frozenset({Outcome.TRUNCATED, Outcome.TIMEOUT})
"""An answer that broke off: of a log, the entries that came whole are kept."""


def entries_next(asked: int, outcome: Outcome, text: str, seconds: float, most: int = MOST_ENTRIES) -> int:
    """Entries to ask for after an answer to `asked`.

    Args:
        outcome: of that answer.
        text: what came of it.
        seconds: how long it took.
        most: entries to ask for at the most.
    """
    if outcome in CUT and text and "\n" not in text:
        return ALONE
    if outcome in CUT or seconds > LONG_SECONDS:
        return min(asked, max(FEWEST_ENTRIES, asked // 4))
    return min(most, asked * 2) if seconds < LONG_SECONDS / 2 else asked

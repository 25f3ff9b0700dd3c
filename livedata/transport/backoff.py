"""How long to wait before a host is tried again. Pure: it is told the dice."""

from __future__ import annotations

from ..model.scrape import Outcome

FIRST_SECONDS, MOST_SECONDS, REFUSED_SECONDS = 2.0, 60.0, 300.0
OFFLINE_SECONDS, OFFLINE_PER_SECOND = 10.0, 5
"""While this machine has no network the first attempt that gets through calls all hosts: a few a second are enough to see it come back."""
REFUSALS = frozenset({Outcome.AUTH_FAILED, Outcome.HOSTKEY_CHANGED, Outcome.HOSTKEY_UNKNOWN, Outcome.DENIED})
"""What a person has to mend: asked again slowly, so that no account is locked by trying."""
KEYS = frozenset({Outcome.HOSTKEY_CHANGED, Outcome.HOSTKEY_UNKNOWN})
"""Refused by us before any account is named: no harm in looking again after a minute."""


def wait_seconds(outcome: Outcome, failures: int, dice: float, hosts: int = 1) -> float:
    """Full jitter: a random share of a ceiling that doubles, as AWS's "Exponential Backoff and Jitter" measured best.

    Args:
        outcome: of the last attempt.
        failures: attempts that failed in a row, from 1.
        dice: uniform in 0..1.
        hosts: how many wait alike, where it is this machine that has no network.
    """
    if outcome in REFUSALS:
        longest = MOST_SECONDS if outcome in KEYS else REFUSED_SECONDS
        return longest * (0.5 + dice / 2)
    if outcome is Outcome.OFFLINE:
        return max(0.5, dice * max(OFFLINE_SECONDS, hosts / OFFLINE_PER_SECOND))
    ceiling = min(MOST_SECONDS, FIRST_SECONDS * 2.0 ** min(failures - 1, 10))
    return max(0.5, ceiling * dice)

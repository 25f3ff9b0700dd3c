"""What of one host's logs is asked for, and which of what comes is new: how many entries at one time, from where, without those that came before."""

from __future__ import annotations

from dataclasses import replace
from math import inf

from ..model.host import Host
from ..model.probe import Probe
from ..model.reading import Reading
from ..model.scrape import Outcome
from .backfill import Backfill
from .pace import ALONE, CUT, entries_next
from .ways import Way

FOREVER = 3_000_000_000
"""Seconds of reading back that are all there is."""


class Entries:
    """`circles`: whether the journal's last answer was for the most part what came before."""

    def __init__(self, host: Host, backfill: Backfill | None) -> None:
        self._host = host
        self._backfill = backfill
        self._most: dict[tuple[str, str], int] = {}
        """Log and way → entries to ask for at one time."""
        self.circles = False

    def variables(self, probe: Probe, way: Way, cursor: str) -> dict[str, str]:
        """What a log's script is told for one answer."""
        entries = self._most.get((probe.name, way.name), way.most)
        resuming = bool(way.resume and cursor)
        state = {
            "LIVEDATA_CURSOR": cursor, "LIVEDATA_LIMIT": str(entries + resuming),
            "LIVEDATA_BRIEF": "y" if entries == ALONE else "", "LIVEDATA_FROM": "y" if resuming else "",
            "LIVEDATA_WAY": way.name,
        }  # fmt: skip
        if way.take:
            back = self._backfill.seconds if self._backfill else 86_400
            state["LIVEDATA_FILES"] = "\n".join(logs.path for logs in self._host.logs)
            state["LIVEDATA_BACKFILL"] = f"{min(back, FOREVER):.0f}"
        return state

    def unseen(
        self, probe: Probe, reading: Reading, seconds: float, way: Way, before: str | None
    ) -> tuple[Reading, str | None]:
        """A log's entries without those that came up to the cursor `before`, and what of it is lost; what came in how many `seconds`
        decides how many to ask for next."""
        came, lost = reading.text, None
        if way.take:
            patterns = tuple((logs.path, logs.pattern) for logs in self._host.logs if logs.pattern)
            self._pace(probe, way, reading.outcome, came, seconds)
            return way.take(replace(reading, patterns=patterns), before)
        if way.resume and before and reading.outcome in (Outcome.OK, *CUT):
            came, lost = way.resume(came, before)
        text = self.fresh(way, came, before)
        self._pace(probe, way, reading.outcome, came, inf if self.circles else seconds)
        return replace(reading, text=text), lost

    def fresh(self, way: Way, came: str, before: str | None) -> str:
        """The text without what came up to a cursor."""
        text = way.unseen(came, before)
        self.circles = len(text) < len(came) / 2
        return text

    def _pace(self, probe: Probe, way: Way, outcome: Outcome, came: str, seconds: float) -> None:
        log = probe.name, way.name
        self._most[log] = entries_next(self._most.get(log, way.most), outcome, came, seconds, way.most)


def following(cursor: str) -> dict[str, str]:
    """What a journal's script is told that goes on from there for good."""
    return {
        "LIVEDATA_CURSOR": cursor,
        "LIVEDATA_LIMIT": "",
        "LIVEDATA_BRIEF": "",
        "LIVEDATA_FROM": "",
        "LIVEDATA_WAY": "follow",
    }

"""Rows on their way to the store: kept in memory while it refuses them, within a bound; what is given up beyond it is said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from ..model.batch import Batch
from ..model.scrape import SCRAPE, Outcome

MOST_ROWS = 500_000
"""Rows kept in memory while the store can't take them: about a hundred megabytes."""
GIVEN_UP = "its rows were given up: the store could not take them (disk full?)"

_NAMES = [c.name for c in SCRAPE.columns]
_PROBE, _OUTCOME, _DETAIL, _ROWS, _WHOLE = map(_NAMES.index, ("probe", "outcome", "detail", "rows", "whole"))


@dataclass(slots=True)
class Pending:
    """Rows that are not yet in the store."""

    batches: list[Batch] = field(default_factory=list)
    rows: int = 0

    def add(self, batches: Iterable[Batch]) -> None:
        for batch in batches:
            self.batches.append(batch)
            self.rows += len(batch.rows)

    def take(self) -> list[Batch]:
        taken, self.batches, self.rows = self.batches, [], 0
        return taken

    def put_back(self, batches: Sequence[Batch], most: int = MOST_ROWS) -> int:
        """Keep what the store refused; how many rows were given up because they are more than `most`."""
        self.batches = [*batches, *self.batches]
        self.rows += sum(len(b.rows) for b in batches)
        if self.rows <= most:
            return 0
        gone: list[Batch] = []
        lost = 0
        for batch in sorted(filter(_may_go, self.batches), key=_worth):
            if self.rows - lost <= most:
                break
            gone.append(batch)
            lost += len(batch.rows)
        given_up = {id(b) for b in gone}
        missed = {(b.host, b.ts, b.probe.name) for b in gone}
        self.batches = [_said(b, missed) for b in self.batches if id(b) not in given_up]
        self.rows -= lost
        return lost


def _may_go(batch: Batch) -> bool:
    """Log rows stay: their cursor moved on with them, and nobody would ask for them again (no log is pulled meanwhile)."""
    return batch.cursor is None


def _worth(batch: Batch) -> tuple[bool, float, int]:
    """What goes first: samples that come often, the oldest of them; the account of the runs goes last."""
    return (batch.probe.name == SCRAPE.name, batch.probe.every, batch.ts)


def _said(batch: Batch, missed: set[tuple[str, int, str]]) -> Batch:
    """The account of runs without a claim to rows that were given up."""
    if batch.probe.name != SCRAPE.name:
        return batch
    rows = [_given_up(row) if (batch.host, batch.ts, row[_PROBE]) in missed else row for row in batch.rows]
    return replace(batch, rows=rows)


def _given_up(row: tuple[object, ...]) -> tuple[object, ...]:
    new = list(row)
    new[_OUTCOME], new[_DETAIL], new[_ROWS], new[_WHOLE] = Outcome.MISSED.value, GIVEN_UP, 0, None
    return tuple(new)

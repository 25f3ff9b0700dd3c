"""What a collector puts rows into when they are only looked at: it keeps none, but where each log goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa

from ..model.batch import Batch, to_arrow
from ..model.scrape import CONNECT, SCRAPE, Failure, Outcome
from ..store.payload import Refused
from ..store.state import State

_PROBE, _OUTCOME, _DETAIL = map([c.name for c in SCRAPE.columns].index, ("probe", "outcome", "detail"))


class Passing:
    """Hands the rows of one table on, in Arrow as they would be stored; those of other tables are let go. `hear` is called in another thread, and so
    is `said`: of what a host does not show, once, since whoever only looks would take its silence for peace.

    It stands where a `livedata.store.writer.Writer` does.
    """

    def __init__(
        self,
        table: str,
        hear: Callable[[pa.Table], None],
        said: Callable[[str, Failure], None] = lambda host, failure: None,
    ) -> None:
        self.state = State()
        self._table = table
        self._hear = hear
        self._said = said
        self._told: set[tuple[str, str]] = set()

    def append(self, batches: Sequence[Batch], now_us: int) -> list[Refused]:
        """Hand on what came. Gives the batches whose rows are not as their header promises."""
        records, refused = [], []
        for batch in batches:
            if batch.probe is SCRAPE:
                self._tell(batch)
            if batch.probe.name != self._table:
                continue
            try:
                records.append(to_arrow([batch]))
            except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
                refused.append(Refused(batch, str(error)))
                continue
            self.state.apply(batch)
        if records:
            self._hear(pa.Table.from_batches(records))
        return refused

    def _tell(self, batch: Batch) -> None:
        for row in batch.rows:
            denied = row[_OUTCOME] == Outcome.DENIED.value and row[_PROBE] != CONNECT
            if denied and (batch.host, row[_DETAIL]) not in self._told:
                self._told.add((batch.host, row[_DETAIL]))
                self._said(batch.host, Failure(Outcome.DENIED, row[_DETAIL]))

    def seal_due(self, now_us: int, every_s: float) -> bool:
        """Never: there is nothing to seal."""
        return False

    def seal(self, now_us: int) -> None:
        """Does nothing."""

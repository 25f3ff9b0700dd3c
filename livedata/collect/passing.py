"""What a collector puts rows into when they are only looked at: it keeps none, but where each log goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa

from ..model.batch import Batch, to_arrow
from ..store.payload import Refused
from ..store.state import State


class Passing:
    """Hands the rows of one table on, in Arrow as they would be stored; those of other tables are let go. `hear` is called in another thread.

    It stands where a `livedata.store.writer.Writer` does.
    """

    def __init__(self, table: str, hear: Callable[[pa.Table], None]) -> None:
        self.state = State()
        self._table = table
        self._hear = hear

    def append(self, batches: Sequence[Batch], now_us: int) -> list[Refused]:
        """Hand on what came. Gives the batches whose rows are not as their header promises."""
        records, refused = [], []
        for batch in batches:
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

    def seal_due(self, now_us: int, every_s: float) -> bool:
        """Never: there is nothing to seal."""
        return False

    def seal(self, now_us: int) -> None:
        """Does nothing."""

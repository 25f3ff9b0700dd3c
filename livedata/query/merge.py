"""Rows of many hosts put in order of time as they come: each is held back a moment, since one that is older may still come."""

from __future__ import annotations

from collections import deque

import pyarrow as pa
import pyarrow.compute as pc


class Merge:
    """Rows with a column `ts`. Those that come within `hold` seconds of one another leave in order of time, whatever host they are of;
    a row that comes later than that leaves at once, behind rows that are younger.
    """

    def __init__(self, hold: float) -> None:
        self._hold = hold
        self._held: pa.Table | None = None
        self._came: deque[tuple[float, int]] = deque()
        """When a lot came, and its last `ts`."""

    @property
    def held(self) -> int:
        """How many rows are."""
        return self._held.num_rows if self._held is not None else 0

    def add(self, rows: pa.Table, now: float) -> None:
        """Rows that came at `now`, seconds of any steady clock."""
        if rows.num_rows:
            self._held = rows if self._held is None else pa.concat_tables([self._held, rows])
            self._came.append((now, pc.max(rows["ts"]).value))

    def ready(self, now: float) -> pa.Table | None:
        """The rows that were held long enough, and those that stand before one of them; None: none."""
        last: int | None = None
        while self._came and self._came[0][0] + self._hold <= now:
            ts = self._came.popleft()[1]
            last = ts if last is None else max(last, ts)
        if last is None or self._held is None:
            return None
        limit = pa.scalar(last, self._held["ts"].type)
        over = pc.greater(self._held["ts"], limit)
        ready = self._held.filter(pc.invert(over))
        self._held = self._held.filter(over)
        # sort_indices is stable: rows of one time stay as they came.
        return ready.take(pc.sort_indices(ready["ts"])) if ready.num_rows else None

    def rest(self) -> pa.Table | None:
        """Whatever is held still."""
        return self.ready(float("inf"))

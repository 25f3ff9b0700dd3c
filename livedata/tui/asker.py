"""Asks the store for the screen: questions at a moment, and what is new since the last time, in a thread beside it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from ..errors import StoreError
from ..query.engine import Limits, Pool, stream
from ..query.source import Source, store_source
from ..query.spread import spread
from ..query.tail import first, noting
from ..query.views import EVERYTHING, Scope, column_names, timestamp_sql
from ..store.follow import rows_since, tables_since
from ..store.reader import Place, TableContent, host_names, kept, table_definitions
from .anomaly import Anomaly, anomalies, anomaly_sql
from .asked import AT, Answer, Asked, Translate, at_moment, is_sql, no_searches
from .pulse import TABLES, Pulse, pulse_sql

if TYPE_CHECKING:
    import pyarrow as pa

P = ParamSpec("P")
T = TypeVar("T")

LONGEST_SECONDS = 20.0
"""What a question after anomalies may take at most."""


class Asker:
    """One store. Questions take their turn in one thread, the long ones after anomalies in another; `close` stops those that are under way.

    What the functions raise is what `livedata.query.engine.stream` and the store's reader raise.
    """

    def __init__(self, root: Path, limits: Limits, translate: Translate = no_searches) -> None:
        self.root = root
        self._translate = translate
        self._pool = Pool(limits)
        self._fresh = Pool(limits)
        """For rows that are in no file: an instance that reaches none."""
        self._slow = Pool(replace(limits, seconds=min(limits.seconds, LONGEST_SECONDS)))
        self._thread = ThreadPoolExecutor(1, "livedata-ask")
        self._slow_thread = ThreadPoolExecutor(1, "livedata-ask-slow")

    async def ask(self, sql: str, at_us: int, hosts: Sequence[str] | None = None) -> pa.Table:
        """The answer over rows up to a moment (microseconds UTC), of hosts or of all; `{at}` in the SQL is that moment."""
        scope = Scope(None, at_us + 1, None if hosts is None else tuple(hosts))
        return await self._run(
            _answer, store_source(self.root), sql.replace(AT, timestamp_sql(at_us)), self._pool, scope
        )

    async def answer(
        self, text: str, span: tuple[int, int], hosts: Sequence[str] | None, limit: int
    ) -> Answer:
        """The first rows of the answer to a person's question, in SQL or the search language, about a time: from (where it says no other) and to."""
        return await self._run(self._answer, text, span, hosts, limit)

    async def pulse(self, names: Sequence[str], at_us: int) -> tuple[Pulse, Place]:
        """The fleet at a moment, and the place behind all the rows that were looked at."""
        return await self._run(self._whole_pulse, names, at_us)

    async def pulse_since(self, pulse: Pulse, place: Place) -> Place | None:
        """Add to a pulse what came behind a place, and give the next; None: too long ago, begin anew."""
        return await self._run(self._add, pulse, place)

    async def anomalies(
        self,
        since_us: int,
        until_us: int,
        *,
        hosts: Sequence[str] | None = None,
        last: bool = False,
        limit: int = 500,
    ) -> list[Anomaly]:
        """What is out of the ordinary from `since_us` on and before `until_us`: the first of it, or the last, the latest first."""
        order = "ts DESC" if last else "ts"
        call = partial(self._anomalies, since_us, until_us, hosts, order, limit)
        return await asyncio.get_running_loop().run_in_executor(self._slow_thread, call)

    async def hosts(self) -> list[str]:
        """Every host that ever had a row; none where there is no store."""
        return await self._run(host_names, self.root)

    async def kept(self) -> tuple[int, int] | None:
        """The first and the last time that the store has rows of; None where it has none."""
        return await self._run(kept, self.root)

    async def tables(self) -> Mapping[str, Sequence[str]]:
        """The columns of each table."""
        return await self._run(_columns, self.root)

    async def first(
        self, table: str, sql: str, at_us: int, hosts: Sequence[str] | None
    ) -> tuple[pa.Table | None, Place]:
        """As `livedata.query.tail.first`, up to a moment."""
        scope = Scope(None, at_us + 1, None if hosts is None else tuple(hosts))
        sql = sql.replace(AT, timestamp_sql(at_us))
        return await self._run(first, self.root, table, sql, scope=scope, limits=self._pool.limits)

    async def rows_since(self, table: str, place: Place) -> tuple[pa.Table | None, Place | None]:
        """Rows of a table behind a place, and the next; None: too long ago, begin anew."""
        return await self._run(self._rows_since, table, place)

    async def close(self) -> None:
        for thread, pool in ((self._thread, self._pool), (self._slow_thread, self._slow)):
            ending = asyncio.create_task(asyncio.to_thread(thread.shutdown, cancel_futures=True))
            while not (await asyncio.wait([ending], timeout=0.1))[0]:
                pool.interrupt()
            pool.close()
        self._fresh.close()

    async def _run(self, call: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, partial(call, *arguments, **named)
        )

    def _answer(self, text: str, span: tuple[int, int], hosts: Sequence[str] | None, limit: int) -> Answer:
        import pyarrow as pa

        begun = time.perf_counter()
        asked = self._asked_in_sql(text, span) if is_sql(text) else self._translate(text, span, hosts)
        scope = Scope(None, span[1] + 1, None if hosts is None else tuple(hosts))
        taken: list[pa.RecordBatch] = []
        with stream(asked.source, asked.sql, scope=scope, pool=self._pool, rows=limit + 1) as answer:
            schema, batches = spread(*answer, asked.wide) if asked.wide else answer
            for batch in batches:
                taken.append(batch)
                if sum(b.num_rows for b in taken) > limit:
                    break
        rows = pa.Table.from_batches(taken, schema)
        return Answer(rows.slice(0, limit), rows.num_rows > limit, time.perf_counter() - begun, asked.notes)

    def _asked_in_sql(self, text: str, span: tuple[int, int]) -> Asked:
        return Asked(store_source(self.root), at_moment(text).replace(AT, timestamp_sql(span[1])))

    def _anomalies(
        self, since_us: int, until_us: int, hosts: Sequence[str] | None, order: str, limit: int
    ) -> list[Anomaly]:
        since, until = timestamp_sql(since_us), timestamp_sql(until_us)
        sql = anomaly_sql(table_definitions(self.root), since, until, order)
        scope = Scope(hosts=None if hosts is None else tuple(hosts))
        return (
            anomalies(_answer(store_source(self.root), f"{sql} LIMIT {limit}", self._slow, scope))
            if sql
            else []
        )

    def _whole_pulse(self, names: Sequence[str], at_us: int) -> tuple[Pulse, Place]:
        pulse = Pulse(tuple(names))
        source, place = noting(self.root)
        sql = pulse_sql(source.definitions(), timestamp_sql(at_us))
        if sql:
            pulse.take(_answer(source, sql, self._pool))
        return pulse, place()

    def _add(self, pulse: Pulse, place: Place) -> Place | None:
        try:
            found, place = tables_since(self.root, TABLES, place)
        except StoreError:
            return None
        rows = {name: table for name, table in found.items() if table.num_rows}
        definitions = table_definitions(self.root) if rows else {}
        content = {name: TableContent(definitions[name], (), table) for name, table in rows.items()}
        source = Source(
            lambda: {name: definitions[name] for name in rows}, lambda spans: nullcontext(content)
        )
        if sql := pulse_sql(rows, None):
            pulse.take(_answer(source, sql, self._fresh))
        return place

    def _rows_since(self, table: str, place: Place) -> tuple[pa.Table | None, Place | None]:
        try:
            return rows_since(self.root, table, place)
        except StoreError:
            return None, None


def _answer(source: Source, sql: str, pool: Pool, scope: Scope = EVERYTHING) -> pa.Table:
    import pyarrow as pa

    with stream(source, sql, scope=scope, pool=pool) as (schema, batches):
        return pa.Table.from_batches(list(batches), schema)


def _columns(root: Path) -> dict[str, list[str]]:
    return {name: column_names(probe) for name, probe in table_definitions(root).items()}

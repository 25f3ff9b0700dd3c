"""The collector: all hosts' watches (or one pull of each), and the one loop that puts their rows into the store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from ..clock import Clock
from ..config import Config
from ..errors import StoreError
from ..model.batch import Batch
from ..model.host import Host
from ..model.own import COLLECTOR
from ..model.probe import Probe
from ..model.scrape import SCRAPE, Failure, Outcome, own_fault
from ..store.payload import Refused
from ..store.state import State
from ..transport.backoff import MOST_SECONDS
from ..transport.protocol import Transport
from . import own
from .asker import Asker
from .backfill import Backfill, Filled, parse_backfill
from .budget import Budget
from .gates import Gates
from .network import Network
from .pending import Pending
from .pull import pull
from .schedule import tick
from .watch import Surroundings, watch

MOST_WAITING = 100_000
"""Rows on their way to the store beyond which no more of logs is read."""

Tender = Callable[[], Coroutine[None, None, None]]


async def nothing() -> None:
    """A tender that leaves the store as it is."""


class Keeper(Protocol):
    """What rows are put into: the open store (`livedata.store.writer.Writer` says what these do), or `Passing`."""

    state: State

    def append(self, batches: Sequence[Batch], now_us: int) -> list[Refused]: ...
    def seal_due(self, now_us: int, every_s: float) -> bool: ...
    def seal(self, now_us: int) -> None: ...


class Collector:
    """Args:
    writer: what rows are put into.
    transports: by the name a host's `transport` has.
    said: told a host's name and why it can't be reached, or None once it can, when that changes; a blank name is this machine.
    complain: told in words what is wrong with the store.
    tender: after a sealing: does what keeps the store in order, if anything is due.
    filled: told how far back a host's journal was read.
    here: what this machine is called, in the table where the collector tells of itself.
    verbose: tell each failed attempt, not only when a host's state changed.
    """

    def __init__(
        self,
        writer: Keeper,
        hosts: Sequence[Host],
        probes: Mapping[str, Probe],
        transports: Mapping[str, Transport],
        clock: Clock,
        config: Config,
        said: Callable[[str, Failure | None], None],
        complain: Callable[[str], None],
        tender: Tender = nothing,
        filled: Callable[[Filled], None] = lambda filled: None,
        verbose: bool = False,
        here: str = "collector",
    ) -> None:
        self._writer = writer
        self._hosts = hosts
        self._probes = probes
        self._transports = dict(transports)
        self._clock = clock
        self._config = config
        self._tell = said
        self._here = here
        self._complain = complain
        self._pending = Pending()
        self._state: dict[str, Outcome] = {}
        self._gates = Gates(config.connect_concurrency)
        self._verbose = verbose
        self._network = Network(clock)
        self._offline = False
        self._watches: dict[str, asyncio.Task[None]] = {}
        self._meter = own.Meter()
        self._heavy = False
        self._budgets: dict[str, Budget] = {}
        self._refused = False
        self._backfill = Backfill(parse_backfill(config.backfill), told=filled)
        self._tender = tender
        # Always the same threads: each one that ever packed rows keeps the memory that it needed for it.
        self._appending = ThreadPoolExecutor(1, "livedata-append")
        self._sealing = ThreadPoolExecutor(1, "livedata-seal")
        self._tending: asyncio.Task[None] | None = None

    @property
    def ways(self) -> frozenset[str]:
        """The transports there are."""
        return frozenset(self._transports)

    async def watch(self, stop: asyncio.Event) -> None:
        """Watch every host until `stop` is set; all rows are in the store when this returns."""
        self._start(self._hosts)
        looking = asyncio.create_task(self._look_at_itself())
        try:
            while not stop.is_set():
                try:
                    async with asyncio.timeout(self._config.flush_seconds):
                        await stop.wait()
                except TimeoutError:
                    pass
                await self._flush()
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
            await self._end(tuple(self._watches))
            await self._flush()
            await self._close()
            if self._tending is not None:
                self._tending.cancel()
                await asyncio.gather(self._tending, return_exceptions=True)

    async def change(self, hosts: Sequence[Host], transports: Mapping[str, Transport]) -> tuple[int, int]:
        """From now on watch these hosts; the sessions of those that are as they were go on.

        Args:
            transports: ways that were not needed so far.
        Returns:
            How many are watched anew, because they are new or changed, and how many are not watched any more.
        """
        self._transports |= transports
        before, now = {h.name: h for h in self._hosts}, {h.name: h for h in hosts}
        self._hosts = hosts
        gone = [name for name, host in before.items() if now.get(name) != host]
        await self._end(gone)
        fresh = [host for name, host in now.items() if before.get(name) != host]
        self._start(fresh)
        return len(fresh), len(before.keys() - now.keys())

    def _start(self, hosts: Sequence[Host]) -> None:
        around = Surroundings(
            self._clock, len(self._hosts), self._gates, self._network, self._said, self._slow
        )
        for host in hosts:
            if host.transport == "ssh":
                self._network.join(host.name)
            self._watches[host.name] = asyncio.create_task(self._guard(host, around))

    async def _end(self, names: Sequence[str]) -> None:
        tasks = [self._watches.pop(name) for name in names]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for name in names:
            self._network.leave(name)
            self._budgets.pop(name, None)
            self._state.pop(name, None)

    async def snapshot(self, progress: Callable[[int, int], None]) -> dict[str, Failure | None]:
        """One pull of every host: each due probe once, and its log up to now.

        Returns:
            For each host why it could not be asked, or None.
        Raises:
            StoreError: the rows could not be written.
        """
        outcomes: dict[str, Failure | None] = {}

        async def one(host: Host) -> None:
            async with self._gates.through(host.route):
                asker = self._asker(host)
                try:
                    way = self._transports[host.transport]
                    outcomes[host.name] = await pull(asker, way, self._clock)
                except Exception as error:  # noqa: BLE001 - the boundary: one host never ends the others' pull
                    outcomes[host.name] = self._own_fault(asker, error)
            progress(len(outcomes), len(self._hosts))

        work = asyncio.gather(*(one(host) for host in self._hosts))
        try:
            while not work.done():
                await asyncio.wait([work], timeout=self._config.flush_seconds)
                self._append(self._pending.take())
            await work
        finally:
            work.cancel()
            await self._close()
        self._append(self._pending.take())
        if self._writer.seal_due(self._clock.now_us(), self._config.seal_seconds):
            self._writer.seal(self._clock.now_us())
            await self._tender()
        return outcomes

    async def _close(self) -> None:
        for way in self._transports.values():
            await way.close()

    async def _guard(self, host: Host, around: Surroundings) -> None:
        """The boundary: what no one foresaw is a word and a pause for one host, never the end of the others."""
        while True:
            asker = self._asker(host)
            try:
                await watch(asker, self._transports[host.transport], around)
            except Exception as error:  # noqa: BLE001
                self._said(host.name, self._own_fault(asker, error))
            await self._clock.sleep(MOST_SECONDS)

    def _own_fault(self, asker: Asker, error: Exception) -> Failure:
        """A fault of livedata's own leaves a row like any other."""
        failure = own_fault(error)
        asker.report_connect(self._clock.now_us(), failure)
        return failure

    async def _look_at_itself(self) -> None:
        """A row of what this process takes, every 10 s; and above its bound it asks less until it is below."""
        feeling = asyncio.create_task(self._meter.run())
        try:
            while True:
                await asyncio.sleep(own.EVERY_SECONDS)
                slowed = sum(budget.factor > 1 for budget in self._budgets.values())
                row = self._meter.row(len(self._hosts), self._network.sessions, slowed, self._pending.rows)
                self._pending.add(
                    [Batch(COLLECTOR, self._here, tick(self._clock.now_us(), own.EVERY_SECONDS), [row])]
                )
                heavy = own.rss_bytes() > self._config.memory_bytes
                if heavy != self._heavy:
                    self._heavy = heavy
                    self._complain(
                        "above memory_bytes: logs wait on their hosts, all else is asked half as often"
                        if heavy
                        else "below memory_bytes again"
                    )
        finally:
            feeling.cancel()
            await asyncio.gather(feeling, return_exceptions=True)

    def _slow(self, host: str) -> int:
        budget = self._budgets.get(host)
        return (budget.factor if budget else 1) * (2 if self._heavy else 1)

    def _asker(self, host: Host) -> Asker:
        state = self._writer.state
        known = {p.name: last for p in self._probes.values() if (last := state.before(host.name, p))}
        counted = [p.name for p in self._probes.values() if p.lane != "log"]
        budget = self._budgets[host.name] = Budget(
            self._config.host_cpu_pct, self._config.host_bytes, counted
        )

        def emit(batches: Sequence[Batch]) -> None:
            self._pending.add(batches)
            for batch in batches:
                if batch.probe is SCRAPE:
                    budget.add(self._clock.now_us(), batch.rows)
                    if word := budget.look(self._clock.now_us()):
                        asker.report(batch.ts, word)

        asker = Asker(
            host, self._probes.values(), known, self._clock, emit, self._full, self._config.redact, self._backfill,
        )  # fmt: skip
        return asker

    def _full(self) -> bool:
        """Whether logs are to wait on their hosts."""
        return self._refused or self._heavy or self._pending.rows > MOST_WAITING

    def _said(self, host: str, failure: Failure | None) -> None:
        outcome = failure.outcome if failure else Outcome.OK
        offline = outcome is Outcome.OFFLINE
        if self._offline != self._network.away and (offline or self._offline):
            self._offline = offline
            self._tell("", failure if offline else None)
        if not offline and (self._state.get(host) != outcome or (failure and self._verbose)):
            self._state[host] = outcome
            self._tell(host, failure)

    def _append(self, batches: Sequence[Batch]) -> None:
        """Put batches into the store; what can never be kept is said and given up.

        Raises:
            StoreError: the disk is full or failed.
        """
        for refused in self._writer.append(batches, self._clock.now_us()):
            self._complain(f"{refused.batch.host}: {refused.batch.probe.name}: not kept: {refused.reason}")

    async def _flush(self) -> None:
        """Put what is pending into the store, and have it sealed when it is time; a store that refuses stops nothing."""
        batches = self._pending.take()
        if batches:
            try:
                await asyncio.get_running_loop().run_in_executor(self._appending, self._append, batches)
            except StoreError as error:
                lost = self._pending.put_back(batches)
                if lost or not self._refused:
                    self._complain(
                        f"{error}\n  {self._pending.rows:,} rows wait in memory, {lost:,} were given up"
                    )
                self._refused = True
                return
            if self._refused:
                self._refused = False
                self._complain("the store takes rows again")
        idle = self._tending is None or self._tending.done()
        if idle and self._writer.seal_due(self._clock.now_us(), self._config.seal_seconds):
            self._tending = asyncio.create_task(self._tend())

    async def _tend(self) -> None:
        """Seal, and do what is due after it, beside the collecting: rows are appended meanwhile."""
        try:
            now_us = self._clock.now_us()
            await asyncio.get_running_loop().run_in_executor(self._sealing, self._writer.seal, now_us)
            await self._tender()
        except (StoreError, OSError) as error:
            self._complain(f"the store can't be sealed or compacted: {error}")

"""One host, watched until cancelled: connect, run each lane's probes when due, wait and connect again."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass

from ..clock import Clock
from ..model.probe import Lane
from ..model.scrape import CONNECT, Failure, Outcome, Scrape, own_fault
from ..transport.backoff import wait_seconds
from ..transport.protocol import Session, Transport
from .asker import LANES, Asker
from .gates import Gates
from .journal import attend
from .network import Network
from .schedule import SECOND, due_at, first_due, missed, next_due, phase, tick

NAP_SECONDS = 15.0
"""The longest sleep: timers stand still while a laptop sleeps, so wall time is looked at again."""
GAP_US = 60 * SECOND
LOOK_SECONDS = 5.0
"""How soon who waits to connect notices that this machine slept, or has its network again."""

Said = Callable[[str, Failure | None], None]
"""Told a host's name and why it can't be reached, or None once it can."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every host's watch shares."""

    clock: Clock
    hosts: int
    gates: Gates
    network: Network
    said: Said
    slow: Callable[[str], int] = lambda host: 1
    """How many times more rarely than its probes say a host is to be asked, but for its logs."""


async def watch(asker: Asker, transport: Transport, around: Surroundings) -> None:
    """Watch one host; every failure is a row and, when the state changed, a word to `said`."""
    clock, name, network = around.clock, asker.host.name, around.network
    _report_gap(asker, clock.now_us())
    due = {p.name: first_due(_last_ts(asker, p.name), p.every, clock.now_us()) for p in asker.probes}
    failures = 0
    last = Outcome.OK
    while True:
        seen = network.returns
        async with around.gates.through(asker.host.route):
            session = await transport.connect(asker.host)
        if isinstance(session, Failure):
            failure = network.judge(session)
        else:
            asker.report_connect(clock.now_us(), None, session.connect_s)
            asker.outcomes.clear()
            started = clock.monotonic()
            network.opened(name)
            try:
                failure = await _lanes(asker, session, around, due)
            finally:
                network.closed(name)
                await session.close()
            failure = network.judge(failure)
            if clock.monotonic() - started > NAP_SECONDS:
                failures = 0
        failures += 1
        if not failure.outcome is last is Outcome.OFFLINE:
            asker.report_connect(clock.now_us(), failure)
        last = failure.outcome
        if isinstance(session, Failure) or failure.outcome is not Outcome.UNREACHABLE:
            # A session that was lost is worth a word only if it can't be had again.
            around.said(name, failure)
        wait = wait_seconds(failure.outcome, failures, random.random(), network.hosts)
        if await _pause(clock, wait, lambda: network.returns != seen):  # noqa: B023 - asked before the next round
            failures = 0


async def _pause(clock: Clock, seconds: float, hurry: Callable[[], bool]) -> bool:
    """Wait so long by either clock, so that time slept through counts; whether `hurry` ended it before."""
    began, wall = clock.monotonic(), clock.now_us()
    while True:
        passed = max(clock.monotonic() - began, (clock.now_us() - wall) / SECOND)
        if passed >= seconds:
            return False
        await clock.sleep(min(LOOK_SECONDS, max(0.01, seconds - passed)))
        if hurry():
            return True


async def _lanes(asker: Asker, session: Session, around: Surroundings, due: dict[str, int]) -> Failure:
    """Run all lanes until the session is lost or the host turns out to have no shell; the reason."""
    tasks = [
        asyncio.create_task(_lane(asker, session, lane, around, due)) for lane in LANES if asker.of_lane(lane)
    ]
    if asker.followed:
        tasks.append(asyncio.create_task(attend(asker, session, asker.followed, around.clock)))
    tasks.append(asyncio.create_task(session.wait_lost()))
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return next(iter(done)).result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _lane(
    asker: Asker, session: Session, lane: Lane, around: Surroundings, due: dict[str, int]
) -> Failure:
    """The loop of one lane: sleep until the soonest probe is due, run all that are, note what was missed."""
    clock = around.clock
    probes = asker.of_lane(lane)
    late = phase(asker.host.name, around.hosts, min(p.every for p in probes))
    first = True
    while not session.lost:
        now = clock.now_us()
        slow = around.slow(asker.host.name) if lane != "log" else 1
        every = {p.name: asker.cadence(p) * slow for p in probes}
        due.update({p.name: due_at(due[p.name], every[p.name], now) for p in probes})
        soonest = min(due[p.name] for p in probes)
        wait = (soonest - now) / SECOND + (0.0 if first else late / SECOND)
        if wait > 0:
            await clock.sleep(min(wait, NAP_SECONDS))
            if wait > NAP_SECONDS:
                continue
        now = clock.now_us()
        ready = [p for p in probes if due[p.name] <= now]
        if not ready:
            continue
        ts = tick(now, min(p.every for p in ready))
        skipped = {p.name: missed(ts, due[p.name], every[p.name]) for p in ready}
        try:
            refused = await asker.run(session, asker.channel(lane), ready, ts)
        except Exception as error:  # noqa: BLE001 - the boundary: no host may end the others' watch
            fault = own_fault(error)
            asker.report(ts, *(Scrape(p.name, fault.outcome, fault.detail) for p in ready))
            refused = None
        if refused:
            return refused
        asker.report(
            ts, *(Scrape(n, Outcome.MISSED, f"{k} ticks were not asked") for n, k in skipped.items() if k)
        )
        if not asker.silent.get(lane) and not session.lost:
            around.network.heard()
        if lane == LANES[0] and not session.lost:
            around.said(asker.host.name, asker.silent.get(lane))
        first = False
        for probe in ready:
            due[probe.name] = next_due(ts, asker.cadence(probe) * slow)
    return session.lost


def _last_ts(asker: Asker, probe: str) -> int | None:
    last = asker.last.get(probe)
    return last.ts if last else None


def _report_gap(asker: Asker, now: int) -> None:
    """The row that says for how long nobody watched."""
    stamps = [last.ts for last in asker.last.values()]
    if stamps and now - max(stamps) > GAP_US:
        seconds = (now - max(stamps)) // SECOND
        asker.report(now, Scrape(CONNECT, Outcome.MISSED, f"not watched for {seconds} s"))

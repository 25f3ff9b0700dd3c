"""The journal of one host while it is connected: pulled up to now, read back as far as is wanted, then followed, which costs an idle host nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..clock import Clock
from ..model.probe import Probe
from ..model.reading import ParseError
from ..model.scrape import Failure, Outcome, Scrape
from ..parse.marks import place
from ..transport.compose import compose_follow
from .backfill import Filled
from .schedule import tick

if TYPE_CHECKING:
    from ..transport.protocol import Session
    from .asker import Asker

FOLLOW_SECONDS = 600.0
"""After that it is pulled once and followed anew: what was stopped or stuck on the host is noticed by then."""
GATHER_SECONDS = 0.3
"""Lines that come within this are kept together; it bounds what one host may say to a window in each."""
TELL_SECONDS = 60.0
"""How often following leaves a row in `scrape`, if something came; the last one, when it ends, has what it cost the host."""
REST = 3.0
"""Reading back pauses this many times as long as its last answer took, so that it takes a quarter of one core there at the most."""
SHORTEST_REST = 0.25
MOST_STEPS = 100
"""Answers that a single pull reads back: the next one goes on."""


async def attend(asker: Asker, session: Session, probe: Probe, clock: Clock) -> Failure:
    """Keep up with the journal until the session is lost, or the host turns out to have no shell; the reason."""
    follows, filled = True, 0
    while not session.lost:
        started = clock.monotonic()
        ts = tick(clock.now_us(), probe.every)
        if refused := await asker.run(session, "log", [probe], ts):
            return refused
        usable = asker.outcomes.get(probe.name) is Outcome.OK and not asker.circles and not asker.paused()
        if usable and _wanted(asker, probe, clock):
            filled, refused = await _fill(asker, session, probe, clock, filled)
            if refused:
                return refused
        elif usable and follows and asker.cursor(probe):
            follows = await _follow(asker, session, probe, clock)
            await clock.sleep(max(0.0, started + probe.every - clock.monotonic()))
        else:
            await clock.sleep(asker.cadence(probe))
    return session.lost


async def fill(asker: Asker, session: Session, probe: Probe, clock: Clock) -> Failure | None:
    """Read back as far as one pull may."""
    filled = 0
    for _ in range(MOST_STEPS):
        usable = asker.outcomes.get(probe.name) is Outcome.OK and not asker.paused() and not session.lost
        if not usable or not _wanted(asker, probe, clock):
            break
        filled, refused = await _fill(asker, session, probe, clock, filled)
        if refused:
            return refused
    return None


def _wanted(asker: Asker, probe: Probe, clock: Clock) -> bool:
    return asker.backfill is not None and asker.backfill.wanted(asker.cursor(probe), clock.now_us())


async def _fill(
    asker: Asker, session: Session, probe: Probe, clock: Clock, filled: int
) -> tuple[int, Failure | None]:
    """Read back one answer, and rest; how many entries came back so far."""
    assert asker.backfill
    async with asker.backfill.turns:
        started = clock.monotonic()
        before = asker.rows.get(probe.name, 0)
        refused = await asker.pull_back(session, "log", probe, tick(clock.now_us(), probe.every))
        took = clock.monotonic() - started
    filled += asker.rows.get(probe.name, 0) - before
    done = not _wanted(asker, probe, clock)
    asker.backfill.told(Filled(asker.host.name, filled, place(asker.cursor(probe)).reached, done))
    await clock.sleep(max(SHORTEST_REST, REST * took))
    return filled, refused


async def _follow(asker: Asker, session: Session, probe: Probe, clock: Clock) -> bool:
    """Keep what comes, as it comes, until it ends; whether this session can be followed on."""
    tally, told_at = [0, 0], clock.monotonic()

    def tell(cpu: float | None = None) -> None:
        if tally[0] or cpu is not None:
            spent = None if cpu is None else round(cpu * 1000, 3)
            said = Scrape(probe.name, Outcome.OK, remote_cpu_ms=spent, bytes=tally[0], rows=tally[1])
            asker.report(tick(clock.now_us(), probe.every), said)
        tally[:] = [0, 0]

    async def heard(data: bytes) -> bool:
        nonlocal told_at
        while asker.paused() and not session.lost:
            await clock.sleep(GATHER_SECONDS)
        try:
            rows = asker.hear(probe, data, tick(clock.now_us(), probe.every))
        except ParseError:
            return False  # the pull that follows says what is wrong
        tally[0] += len(data)
        tally[1] += rows
        if clock.monotonic() - told_at >= TELL_SECONDS:
            tell()
            told_at = clock.monotonic()
        await clock.sleep(GATHER_SECONDS)
        return not asker.circles

    request = compose_follow(probe, asker.following(probe))
    answer = await session.follow("log", request, FOLLOW_SECONDS, heard)
    tell(answer.cpu)
    return answer.failure is None or answer.failure.outcome is not Outcome.UNSUPPORTED

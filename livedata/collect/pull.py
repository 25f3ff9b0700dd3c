"""One pull of one host: each due probe once, its log up to now, then the session is closed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..clock import Clock
from ..model.batch import Batch
from ..model.host import Host
from ..model.probe import Probe
from ..model.scrape import SCRAPE, Failure, Scrape
from ..transport.protocol import Transport
from .asker import LANES, Asker
from .journal import fill
from .schedule import first_due, tick


async def pull(asker: Asker, transport: Transport, clock: Clock) -> Failure | None:
    """Ask everything that is due; why the host could not be asked, or None."""
    now = clock.now_us()
    due = [p for p in asker.probes if _due(asker, p, now)]
    session = await transport.connect(asker.host)
    if isinstance(session, Failure):
        asker.report_connect(clock.now_us(), session)
        return session
    try:
        asker.report_connect(clock.now_us(), None, session.connect_s)
        ts = tick(clock.now_us(), 10.0)
        refused: Failure | None = None
        for lane in LANES:
            ready = [p for p in due if p.lane == lane]
            if ready and not refused and not session.lost:
                # One pull does not wait on lane after lane for a host that says nothing.
                refused = await asker.run(session, lane, ready, ts) or asker.silent.get(lane)
                if asker.followed in ready and not refused:
                    refused = await fill(asker, session, asker.followed, clock)
        refused = refused or session.lost
        if refused:
            asker.report_connect(clock.now_us(), refused)
        return refused
    finally:
        await session.close()


async def pull_once(
    host: Host, probes: Iterable[Probe], transport: Transport, clock: Clock
) -> tuple[Scrape, ...]:
    """Ask a host every probe with nothing known before; what came of each run."""
    scrapes: list[Scrape] = []

    def keep(batches: Sequence[Batch]) -> None:
        for batch in batches:
            if batch.probe is SCRAPE:
                scrapes.extend(Scrape.of(row) for row in batch.rows)

    await pull(Asker(host, probes, {}, clock, keep), transport, clock)
    return tuple(scrapes)


def _due(asker: Asker, probe: Probe, now: int) -> bool:
    last = asker.last.get(probe.name)
    return first_due(last.ts if last else None, probe.every, now) <= now

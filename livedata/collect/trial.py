"""A trial of one probe on one host: what came back, word for word, and the rows it gave; for a person, nothing is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ..clock import Clock
from ..model.batch import Batch
from ..model.host import Host, Settings
from ..model.probe import Lane, Probe
from ..model.reading import Reading
from ..model.scrape import CONNECT, SCRAPE, Failure, Outcome, Scrape
from ..transport.compose import Request
from ..transport.protocol import Answer, Session, Transport
from .asker import Asker
from .pull import pull, scrape_of
from .reading import readings


@dataclass(frozen=True, slots=True)
class Trial:
    """`scrape`: what came of the run, or of the session where there was none. `said`: standard output of a script, as bytes.
    `errors`: the last of what it wrote to standard error, in one line. `batch`: the rows; None where there are none."""

    host: Host
    scrape: Scrape
    reading: Reading | None = None
    said: bytes = b""
    errors: str = ""
    batch: Batch | None = None


@dataclass(slots=True)
class _Tap:
    """A session, or a way to it, that keeps what is asked and answered."""

    transport: Transport
    told: list[tuple[Request, Answer]] = field(default_factory=list)

    async def connect(self, host: Host) -> Session | Failure:
        session = await self.transport.connect(host)
        return session if isinstance(session, Failure) else _Tapped(session, self.told)

    async def close(self) -> None:
        await self.transport.close()


class _Tapped:
    def __init__(self, session: Session, told: list[tuple[Request, Answer]]) -> None:
        self._session = session
        self._told = told
        self.connect_s = session.connect_s

    async def ask(self, lane: Lane, request: Request, timeout: float) -> Answer:
        answer = await self._session.ask(lane, request, timeout)
        self._told.append((request, answer))
        return answer

    @property
    def lost(self) -> Failure | None:
        return self._session.lost

    async def wait_lost(self) -> Failure:
        return await self._session.wait_lost()

    async def close(self) -> None:
        await self._session.close()


async def try_probe(host: Host, probe: Probe, transport: Transport, clock: Clock) -> Trial:
    """Run a probe once as collecting would, with nothing known before; also where the inventory has it disabled on this host."""
    settings = replace(host.probes.get(probe.name, Settings()), enabled=True)
    host = replace(host, probes={**host.probes, probe.name: settings})
    tap = _Tap(transport)
    scrapes: list[Scrape] = []
    batches: list[Batch] = []

    def keep(emitted: Sequence[Batch]) -> None:
        for batch in emitted:
            if batch.probe is SCRAPE:
                scrapes.extend(scrape_of(row) for row in batch.rows)
            else:
                batches.append(batch)

    await pull(Asker(host, [probe], {}, clock, keep), tap, clock)
    told = [(request, answer) for request, answer in tap.told if probe in request.probes]
    own = [s for s in scrapes if s.probe == probe.name] or [s for s in scrapes if s.outcome != Outcome.OK]
    scrape = own[-1] if own else Scrape(CONNECT, Outcome.MISSED, "it was not asked")
    if not told:
        return Trial(host, scrape)
    request, answer = told[-1]
    section = answer.sections.get(probe.name)
    return Trial(
        host,
        scrape,
        readings(answer, request, host)[probe.name],
        section.data if section else answer.partial,
        answer.errors,
        batches[-1] if batches else None,
    )

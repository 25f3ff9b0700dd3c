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
from ..transport.protocol import Answer, Heard, Session, Transport
from .asker import Asker
from .pull import pull
from .reading import readings


@dataclass(frozen=True, slots=True)
class Trial:
    """`scrape`: what came of the run, or of the session where there was none. `reading`, `said` (standard output of a script, as bytes)
    and `errors` (the last of its standard error, in one line): of its first answer; most probes give one. `batches`: the rows, one for
    each answer that was good."""

    host: Host
    scrape: Scrape
    reading: Reading | None = None
    said: bytes = b""
    errors: str = ""
    batches: tuple[Batch, ...] = ()


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

    async def follow(self, lane: Lane, request: Request, seconds: float, heard: Heard) -> Answer:
        return await self._session.follow(lane, request, seconds, heard)

    @property
    def lost(self) -> Failure | None:
        return self._session.lost

    async def wait_lost(self) -> Failure:
        return await self._session.wait_lost()

    async def close(self) -> None:
        await self._session.close()


async def try_probe(
    host: Host,
    probe: Probe,
    transport: Transport,
    clock: Clock,
    first: Sequence[Probe] = (),
    redact: tuple[str, ...] = (),
) -> Trial:
    """Run a probe once as collecting would, with nothing known before; also where the inventory has it disabled on this host.

    Args:
        first: the probe that it runs after, where it does.
        redact: as `Asker` takes it.
    """
    wanted = {p.name: replace(host.probes.get(p.name, Settings()), enabled=True) for p in (*first, probe)}
    host = replace(host, probes={**host.probes, **wanted})
    tap = _Tap(transport)
    scrapes: list[Scrape] = []
    batches: list[Batch] = []

    def keep(emitted: Sequence[Batch]) -> None:
        for batch in emitted:
            if batch.probe is SCRAPE:
                scrapes.extend(Scrape.of(row) for row in batch.rows)
            elif batch.probe is probe:
                batches.append(batch)

    await pull(Asker(host, [*first, probe], {}, clock, keep, redact=redact), tap, clock)
    told = [(r, a) for r, a in tap.told if probe.name in {p.name for p in r.probes}]
    own = [s for s in scrapes if s.probe == probe.name] or [s for s in scrapes if s.outcome != Outcome.OK]
    scrape = own[-1] if own else Scrape(CONNECT, Outcome.MISSED, "it was not asked")
    if not told:
        return Trial(host, scrape)
    request, answer = told[0]
    section = answer.sections.get(probe.name)
    return Trial(
        host,
        scrape,
        readings(answer, request, host)[probe.name],
        section.data if section else answer.partial,
        answer.errors,
        tuple(batches),
    )

"""Asks one host: composes what is due, sends it over a session, and emits the batches and `scrape` rows of what comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from ..clock import Clock
from ..model.batch import Batch
from ..model.host import Host, Settings
from ..model.probe import Lane, Probe
from ..model.reading import ParseError, Reading
from ..model.scrape import CONNECT, SCRAPE, Failure, Outcome, Scrape
from ..parse import CURSORS
from ..parse.marks import journals_own, place
from ..probe.load import apply_settings
from ..store.state import Last
from ..transport.compose import Request, compose_body, compose_reads
from ..transport.protocol import Answer, Session
from .backfill import Backfill
from .entries import Entries, following
from .lives import slash
from .reading import readings
from .samples import Emit, Samples
from .ways import BACK, JOURNAL, ONWARD, Way, followable, onward

LANES: tuple[Lane, ...] = ("main", "slow", "log")
MARGIN_SECONDS = 5.0
"""What an answer may take beyond its probes' own time-outs."""
LOG_PULLS = 100
"""Requests one pull of a log may take: what is left waits for the next."""
NO_SHELL = frozenset({Outcome.DENIED, Outcome.MALFORMED})
"""What an answer says that never began: there is no shell to ask anything."""
LACKING_SECONDS = 300.0
SKEW_EVERY_US = 300 * 1_000_000

CLOCK = Probe(
    name="clock", help="The host's wall clock.", columns=(), body="date +%s\n", lane="slow", timeout=5.0
)


class Asker:
    """What is known of one host while it is watched: its probes, the last sample of each, its clock's skew.

    Args:
        probes: all there are; the inventory's settings for this host are applied here.
        known: the last sample of each probe that the store has.
        emit: takes batches as they come.
        paused: whether logs should wait on their hosts, because the store takes no rows.
        redact: the user's own regular expressions for what must not be kept of command lines.
        backfill: how far back journals are read.
    """

    def __init__(
        self, host: Host, probes: Iterable[Probe], known: Mapping[str, Last], clock: Clock, emit: Emit,
        paused: Callable[[], bool] = lambda: False, redact: tuple[str, ...] = (), backfill: Backfill | None = None,
    ) -> None:  # fmt: skip
        self.host = host
        tables = {probe.name: probe for probe in probes}
        settings = ((p, host.probes.get(p.name, Settings())) for p in tables.values())
        enabled = [apply_settings(p, s) for p, s in settings if s.enabled]
        self.probes = tuple(p for p in enabled if not p.after)
        """Those with a cadence of their own."""
        self.followed = next(filter(followable, self.probes), None)
        """The journal, which a session that stays has a shell for."""
        self._followers = tuple(p for p in enabled if p.after)
        self._samples = Samples(host, tables, self._followers, known, emit)
        self._entries = Entries(host, backfill)
        self.emit = emit
        self.silent: dict[Lane, Failure | None] = {}
        """Why the last request on a lane had no answer at all, not even a beginning."""
        self.outcomes: dict[str, Outcome] = {}
        """Probe → what came of its last run."""
        self.backfill = backfill
        self.paused = paused
        self._redact = redact
        self._clock = clock
        self.rows: dict[str, int] = {}
        """Probe → rows that its answers gave so far."""
        self._requests: dict[tuple[str, ...], Request] = {}
        self._skew_ms: int | None = None
        self._skew_at = 0

    @property
    def last(self) -> Mapping[str, Last]:
        """Probe → its last run."""
        return self._samples.last

    @property
    def circles(self) -> bool:
        """Whether the journal's last answer was for the most part what came before."""
        return self._entries.circles

    def of_lane(self, lane: Lane) -> tuple[Probe, ...]:
        """The probes of a lane that are run when they are due: all but what is followed."""
        return tuple(p for p in self.probes if p.lane == lane and p is not self.followed)

    def cadence(self, probe: Probe) -> float:
        """Seconds until a probe is asked again: a script that told that the host has no such thing is not run each time to say so again."""
        lacks = bool(probe.body) and self.outcomes.get(probe.name) is Outcome.UNSUPPORTED
        return max(probe.every, LACKING_SECONDS) if lacks else probe.every

    def channel(self, lane: Lane) -> Lane:
        """The shell that a lane's probes run on: what is followed takes that of the log lane for itself."""
        return "slow" if lane == "log" and self.followed else lane

    def report(self, ts: int, *scrapes: Scrape, boot_id: str | None = None) -> None:
        """Leave rows in `scrape`."""
        rows = [s.row(self._skew_ms) for s in scrapes]
        if rows:
            self.emit([Batch(SCRAPE, self.host.name, ts, rows, boot_id)])

    def report_connect(self, ts: int, failure: Failure | None, connect_s: float | None = None) -> None:
        """The row of a session that was opened, refused or lost."""
        if failure:
            self.report(ts, Scrape(CONNECT, failure.outcome, failure.detail))
        else:
            self.report(ts, Scrape(CONNECT, Outcome.OK, connect_ms=round((connect_s or 0.0) * 1000, 1)))

    async def run(self, session: Session, lane: Lane, due: Sequence[Probe], ts: int) -> Failure | None:
        """Run probes of one lane, emitting batches; the failure, if the host has no usable shell at all."""
        if lane == "main":
            refused = await self._ask(session, lane, self._reads(due, ts), ts)
            return refused or await self._follow(session, lane, due, ts)
        if lane == "slow":
            await self._measure_skew(session)
        for probe in due:
            ask = self._pull if probe.parse in CURSORS else self._body
            refused = await ask(session, lane, probe, ts)
            if refused or session.lost:
                return refused
        return None

    def _reads(self, due: Sequence[Probe], ts: int) -> Request:
        names = tuple([p.name for p in due])
        if names not in self._requests:
            self._requests[names] = compose_reads(due, self.host)
        request = self._requests[names]
        held = tuple([self._samples.held(probe, ts) for probe in due if probe.name in request.compared])
        return replace(request, held=held) if held else request

    def _settings(self, probe: Probe) -> Settings:
        return self.host.probes.get(probe.name, Settings())

    async def _follow(self, session: Session, lane: Lane, due: Sequence[Probe], ts: int) -> Failure | None:
        """Ask about the processes that a sample was the first to see. Those that a host does not answer about in time are
        not asked about again: what stops `ps` there would stop every tick."""
        sampled = {probe.name for probe in due}
        for probe in self._followers:
            while probe.after in sampled and not session.lost:
                asked, cursor = self._samples.untold(probe)
                if not asked:
                    break
                request = compose_body(
                    probe, probe.timeout, self._settings(probe).sudo,
                    {"LIVEDATA_NEW": " ".join(str(pid) for pid, _ in asked), "LIVEDATA_SLASH": slash()},
                )  # fmt: skip
                refused = await self._ask(session, lane, request, ts, cursor)
                if refused or session.lost:
                    return refused
                self._samples.told(probe, asked)
                if self.silent[lane]:
                    break
        return None

    async def _body(self, session: Session, lane: Lane, probe: Probe, ts: int) -> Failure | None:
        request = compose_body(probe, probe.timeout, self._settings(probe).sudo)
        return await self._ask(session, lane, request, ts)

    async def _pull(self, session: Session, lane: Lane, probe: Probe, ts: int) -> Failure | None:
        """Pull a log from its cursor until no more comes, in bounded answers, each with its cursor."""
        way = ONWARD if probe.parse == JOURNAL else onward(probe.parse)
        for _ in range(LOG_PULLS):
            if self.paused():
                break
            before = self.cursor(probe)
            refused = await self._ask_log(session, lane, probe, ts, way, journals_own(before))
            if refused or session.lost or not (before or way.take) or self.cursor(probe) == before:
                return refused
            way = replace(way, resume=None)
        return None

    async def pull_back(self, session: Session, lane: Lane, probe: Probe, ts: int) -> Failure | None:
        """Pull entries of the journal older than the oldest that came, in one answer, newest first."""
        return await self._ask_log(session, lane, probe, ts, BACK, place(self.cursor(probe)).back)

    async def _ask_log(
        self, session: Session, lane: Lane, probe: Probe, ts: int, way: Way, cursor: str
    ) -> Failure | None:
        told = self._entries.variables(probe, way, cursor)
        request = compose_body(probe, probe.timeout, self._settings(probe).sudo, told)
        return await self._ask(session, lane, request, ts, way=way)

    def following(self, probe: Probe) -> dict[str, str]:
        """The variables of a journal's script that it goes on with from where it ended, for good."""
        return following(journals_own(self.cursor(probe)))

    def cursor(self, probe: Probe) -> str | None:
        """Where a log goes on."""
        return self._samples.cursor(probe)

    def hear(self, probe: Probe, data: bytes, ts: int) -> int:
        """Keep lines of a journal that is followed; how many entries were new. Raises ParseError: they are not what journalctl prints."""
        last = self.last[probe.name]
        text = self._entries.fresh(ONWARD, data.decode("utf-8", "backslashreplace"), last.cursor)
        if not text.strip():
            return 0
        answer = Answer(boot_id=last.boot_id, uptime_ms=last.uptime_ms)
        now = self._clock.now_us()
        said = self._samples.digest(probe, Reading(text=text), answer, ts, now, None, ONWARD)
        if said.batch is None:
            raise ParseError(said.detail or said.outcome.value)
        self.emit([said.batch])
        return len(said.batch.rows)

    async def _measure_skew(self, session: Session) -> None:
        """The host's clock against ours, now and then: `date` costs a fork and tells whole seconds."""
        now = self._clock.now_us()
        if self._skew_at and 0 <= now - self._skew_at < SKEW_EVERY_US:
            return
        answer = await session.ask(
            "slow", compose_body(CLOCK, CLOCK.timeout, False), CLOCK.timeout + MARGIN_SECONDS
        )
        section = answer.sections.get(CLOCK.name)
        if section and section.data.strip().isdigit() and answer.rtt is not None:
            self._skew_at = now
            asked_us = now + answer.rtt * 1e6
            self._skew_ms = round((int(section.data) * 1e6 + 5e5 - asked_us) / 1000)

    async def _ask(
        self, session: Session, lane: Lane, request: Request, ts: int, cursor: str | None = None, way: Way | None = None
    ) -> Failure | None:  # fmt: skip
        answer = await session.ask(lane, request, max([p.timeout for p in request.probes]) + MARGIN_SECONDS)
        # Reckoned from the end: before it was sent, a channel may have had to be opened.
        sent = self._clock.now_us() - round((answer.wall or 0.0) * 1e6)
        silent = self.silent[lane] = answer.failure if answer.rtt is None else None
        if silent and silent.outcome in NO_SHELL:
            return silent
        read = readings(answer, request, self.host)
        scrapes, batches = [], []
        rtt_ms, wall_ms = _ms(answer.rtt), _ms(answer.wall)
        cpu = None if answer.cpu is None else answer.cpu / (sum([r.bytes for r in read.values()]) or 1)
        for probe in request.probes:
            reading = read[probe.name]
            if way:
                seconds, before = answer.wall or 0.0, self.cursor(probe)
                reading, lost = self._entries.unseen(probe, reading, seconds, way, before)
                if lost:
                    scrapes.append(Scrape(probe.name, Outcome.MISSED, lost))
            if probe.after:
                reading = replace(reading, redact=self._redact)
            batch, outcome, detail, whole = self._samples.digest(
                probe, reading, answer, ts, sent, cursor, way
            )
            rows = len(batch.rows) if batch else 0
            if batch:
                batches.append(batch)
            self.outcomes[probe.name] = outcome
            self.rows[probe.name] = self.rows.get(probe.name, 0) + rows
            scrapes.append(
                Scrape(
                    probe.name, outcome, detail, rtt_ms=rtt_ms, wall_ms=wall_ms, bytes=reading.bytes,
                    remote_cpu_ms=None if cpu is None else _ms(cpu * reading.bytes),
                    rows=rows, exit_status=reading.status if probe.body else None, whole=whole,
                )
            )  # fmt: skip
        self.emit(batches)
        self.report(ts, *scrapes, boot_id=answer.boot_id)
        return None


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1000

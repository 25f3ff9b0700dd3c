"""Asks one host: composes what is due, sends it over a session, and makes batches of what comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from math import inf

from ..clock import Clock
from ..model.batch import Batch, Row
from ..model.host import Host, Settings
from ..model.probe import Lane, Probe
from ..model.reading import ParseError, Reading
from ..model.scrape import CONNECT, SCRAPE, Failure, Outcome, Scrape
from ..parse import CURSORS, PARSERS, UNSEEN
from ..parse.marks import journals_own
from ..probe.load import apply_settings
from ..store.state import Last
from ..transport.compose import Request, compose_body, compose_reads
from ..transport.protocol import Answer, Session
from .changed import NOTHING, Seen, changed, changed_rows, slot
from .increase import counters_of, elapsed_ms, with_increases
from .pace import ALONE, CUT, MOST_ENTRIES, entries_next
from .reading import readings

LANES: tuple[Lane, ...] = ("main", "slow", "log")
MARGIN_SECONDS = 5.0
"""What an answer may take beyond its probes' own time-outs."""
LOG_PULLS = 100
"""Requests one pull of a log may take: what is left waits for the next."""
NO_SHELL = frozenset({Outcome.DENIED, Outcome.MALFORMED})
"""What an answer says that never began: there is no shell to ask anything."""
SKEW_EVERY_US = 300 * 1_000_000

CLOCK = Probe(
    name="clock", help="The host's wall clock.", columns=(), body="date +%s\n", lane="slow", timeout=5.0
)

Emit = Callable[[Sequence[Batch]], None]


class Asker:
    """What is known of one host while it is watched: its probes, the last sample of each, its clock's skew.

    Args:
        probes: all there are; the inventory's settings for this host are applied here.
        known: the last sample of each probe that the store has.
        emit: takes batches as they come.
        paused: whether logs should wait on their hosts, because the store takes no rows.
    """

    def __init__(
        self, host: Host, probes: Iterable[Probe], known: Mapping[str, Last], clock: Clock, emit: Emit,
        paused: Callable[[], bool] = lambda: False,
    ) -> None:  # fmt: skip
        self.host = host
        self._tables = {probe.name: probe for probe in probes}
        """What rows belong to: the probe as its header has it, one object for all hosts, whatever one host's settings are."""
        settings = ((p, host.probes.get(p.name, Settings())) for p in self._tables.values())
        self.probes = tuple(apply_settings(p, s) for p, s in settings if s.enabled)
        self.last = dict(known)
        self.emit = emit
        self.silent: dict[Lane, Failure | None] = {}
        """Why the last request on a lane had no answer at all, not even a beginning."""
        self._paused = paused
        self._clock = clock
        self._seen: dict[str, tuple[int, str | None, Seen]] = {}
        """Probe → period and boot of its sample before and what it held, where what is unchanged gives no rows."""
        self._entries: dict[str, int] = {}
        """Log → entries to ask for at one time."""
        self._requests: dict[tuple[str, ...], Request] = {}
        self._skew_ms: float | None = None
        self._skew_at = 0

    def of_lane(self, lane: Lane) -> tuple[Probe, ...]:
        return tuple(p for p in self.probes if p.lane == lane)

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
            return await self._ask(session, lane, self._reads(due), ts)
        if lane == "slow":
            await self._measure_skew(session)
        for probe in due:
            ask = self._pull if probe.parse in CURSORS else self._body
            refused = await ask(session, lane, probe, ts)
            if refused or session.lost:
                return refused
        return None

    def _reads(self, due: Sequence[Probe]) -> Request:
        names = tuple(p.name for p in due)
        if names not in self._requests:
            self._requests[names] = compose_reads(due, self.host)
        return self._requests[names]

    def _settings(self, probe: Probe) -> Settings:
        return self.host.probes.get(probe.name, Settings())

    async def _body(self, session: Session, lane: Lane, probe: Probe, ts: int) -> Failure | None:
        request = compose_body(probe, probe.timeout, self._settings(probe).sudo)
        return await self._ask(session, lane, request, ts)

    async def _pull(self, session: Session, lane: Lane, probe: Probe, ts: int) -> Failure | None:
        """Pull a log from its cursor until no more comes, in bounded answers, each with its cursor."""
        for _ in range(LOG_PULLS):
            if self._paused():
                break
            last = self.last.get(probe.name)
            before = last.cursor if last else None
            entries = self._entries.get(probe.name, MOST_ENTRIES)
            state = {
                "LIVEDATA_CURSOR": journals_own(before), "LIVEDATA_LIMIT": str(entries),
                "LIVEDATA_BRIEF": "y" if entries == ALONE else "",
            }  # fmt: skip
            request = compose_body(probe, probe.timeout, self._settings(probe).sudo, state)
            refused = await self._ask(session, lane, request, ts)
            last = self.last.get(probe.name)
            if refused or session.lost or not before or not last or last.cursor == before:
                return refused
        return None

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

    async def _ask(self, session: Session, lane: Lane, request: Request, ts: int) -> Failure | None:
        sent = self._clock.now_us()
        answer = await session.ask(lane, request, max(p.timeout for p in request.probes) + MARGIN_SECONDS)
        silent = self.silent[lane] = answer.failure if answer.rtt is None else None
        if silent and silent.outcome in NO_SHELL:
            return silent
        read = readings(answer, request, self.host)
        scrapes, batches = [], []
        total = sum(r.bytes for r in read.values()) or 1
        for probe in request.probes:
            reading = read[probe.name]
            if probe.parse in CURSORS:
                reading = self._unseen(probe, reading, answer.wall or 0.0)
            batch, outcome, detail = self._digest(probe, reading, answer, ts, sent)
            if batch:
                batches.append(batch)
            scrapes.append(
                Scrape(
                    probe.name, outcome, detail, rtt_ms=_ms(answer.rtt), wall_ms=_ms(answer.wall), bytes=reading.bytes,
                    remote_cpu_ms=_ms(answer.cpu * reading.bytes / total) if answer.cpu is not None else None,
                    rows=len(batch.rows) if batch else 0, exit_status=reading.status if probe.body else None,
                )
            )  # fmt: skip
        self.emit(batches)
        self.report(ts, *scrapes, boot_id=answer.boot_id)
        return None

    def _news(
        self, probe: Probe, reading: Reading, boot_id: str | None, ts: int
    ) -> tuple[Sequence[Row], bool]:
        """Rows of what is not as it was, and whether they are the whole sample's. Raises ParseError."""
        if not probe.full and not probe.snapshot:
            return PARSERS[probe.parse](probe, reading), True
        period = slot(self.host.name, probe, ts)
        # What can't be parsed is not taken as seen, and the next sample is whole.
        before, boot, seen = self._seen.pop(probe.name, (None, None, NOTHING))
        whole = (before, boot) != (period, boot_id)
        fresh, now = changed(probe, reading, NOTHING if whole else seen)
        rows: Sequence[Row] = PARSERS[probe.parse](probe, fresh) if fresh.files or fresh.text or whole else ()
        rows, now = changed_rows(probe, rows, NOTHING if whole else seen, now)
        self._seen[probe.name] = (period, boot_id, now)
        return rows, whole

    def _unseen(self, probe: Probe, reading: Reading, seconds: float) -> Reading:
        """A log's entries without those that came before; what came decides how many to ask for next."""
        last = self.last.get(probe.name)
        text = UNSEEN[probe.parse](reading.text, last.cursor if last else None)
        asked = self._entries.get(probe.name, MOST_ENTRIES)
        useless = len(text) < len(reading.text) / 2
        self._entries[probe.name] = entries_next(
            asked, reading.outcome, reading.text, inf if useless else seconds
        )
        return replace(reading, text=text)

    def _digest(
        self, probe: Probe, reading: Reading, answer: Answer, ts: int, sent: int
    ) -> tuple[Batch | None, Outcome, str | None]:
        """Rows with their increments from a reading, and what to say of the run."""
        cut_log = reading.outcome in CUT and probe.parse in CURSORS and "\n" in reading.text
        if reading.outcome is not Outcome.OK and not reading.files and not cut_log:
            return None, reading.outcome, reading.detail
        try:
            rows, whole = self._news(probe, reading, answer.boot_id, ts)
        except ParseError as error:
            return None, Outcome.MALFORMED, str(error)[:300]
        except Exception as error:  # noqa: BLE001 - a parser's fault is one probe's, not its neighbours'
            return None, Outcome.FAILED, f"livedata itself failed: {type(error).__name__}: {error}"[:300]
        last = self.last.get(probe.name)
        cursor = last.cursor if last else None
        if probe.parse in CURSORS:
            cursor = CURSORS[probe.parse](reading, cursor, answer.boot_id) or cursor
        dt = elapsed_ms(answer.boot_id, answer.uptime_ms, last.boot_id, last.uptime_ms) if last else None
        full = with_increases(probe, rows, last.counters if last and dt else None)
        middle = sent + ((answer.rtt or 0.0) + (answer.wall or 0.0)) / 2 * 1e6
        batch = Batch(
            self._tables[probe.name], self.host.name, ts, full, answer.boot_id,
            offset_ms=round((middle - ts) / 1000), dt_ms=dt,
            uptime_ms=answer.uptime_ms, cursor=cursor,
        )  # fmt: skip
        counters = counters_of(probe, rows)
        if last and not whole:
            counters = last.counters | counters
        self.last[probe.name] = Last(
            ts=ts, boot_id=answer.boot_id, uptime_ms=answer.uptime_ms, counters=counters, cursor=cursor
        )
        return batch, reading.outcome, reading.detail


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 3)

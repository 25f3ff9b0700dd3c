"""Asks one host: composes what is due, sends it over a session, and makes batches of what comes back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from math import inf
from operator import itemgetter
from typing import NamedTuple

from ..clock import Clock
from ..model.batch import Batch, Row
from ..model.host import Host, Settings
from ..model.probe import Lane, Probe
from ..model.reading import ParseError, Reading
from ..model.scrape import CONNECT, SCRAPE, Failure, Outcome, Scrape
from ..parse import CURSORS, PARSERS
from ..parse.marks import journals_own, place
from ..probe.load import apply_settings
from ..store.state import Last
from ..transport.compose import Request, compose_body, compose_reads
from ..transport.protocol import Answer, Session
from .backfill import Backfill
from .changed import NOTHING, Seen, changed, changed_rows, slot
from .cursors import packed, sources_known, unpacked
from .increase import Counters, counters_of, elapsed_ms, with_increases
from .lives import (
    MOST_PIDS,
    Family,
    Key,
    Told,
    began,
    end_rows,
    ended,
    family,
    from_zero,
    our_own,
    slash,
    told_before,
)
from .pace import ALONE, CUT, entries_next
from .reading import readings
from .ways import BACK, JOURNAL, ONWARD, Way, followable, onward

LANES: tuple[Lane, ...] = ("main", "slow", "log")
MARGIN_SECONDS = 5.0
"""What an answer may take beyond its probes' own time-outs."""
LOG_PULLS = 100
"""Requests one pull of a log may take: what is left waits for the next."""
NO_SHELL = frozenset({Outcome.DENIED, Outcome.MALFORMED})
"""What an answer says that never began: there is no shell to ask anything."""
FOREVER = 3_000_000_000
"""Seconds of reading back that are all there is."""
SKEW_EVERY_US = 300 * 1_000_000

CLOCK = Probe(
    name="clock", help="The host's wall clock.", columns=(), body="date +%s\n", lane="slow", timeout=5.0
)

LIVES = ("pid", "start_seconds")
"""The labels of a probe whose series are processes: they begin and end."""

Emit = Callable[[Sequence[Batch]], None]


class _Sample(NamedTuple):
    """Rows of one reading. `whole`: they are all there are, not only what changed. `goes_on`: the sample before is known as a whole."""

    rows: Sequence[Row]
    whole: bool
    goes_on: bool


class _Digest(NamedTuple):
    """What came of one run, as its row in `scrape` says it; and its rows."""

    batch: Batch | None
    outcome: Outcome
    detail: str | None
    whole: bool | None = None


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
        self._tables = {probe.name: probe for probe in probes}
        """What rows belong to: the probe as its header has it, one object for all hosts, whatever one host's settings are."""
        settings = ((p, host.probes.get(p.name, Settings())) for p in self._tables.values())
        enabled = [apply_settings(p, s) for p, s in settings if s.enabled]
        self.probes = tuple(p for p in enabled if not p.after)
        """Those with a cadence of their own."""
        self.followed = next(filter(followable, self.probes), None)
        """The journal, which a session that stays has a shell for."""
        self._followers = tuple(p for p in enabled if p.after)
        self._waiting: dict[str, set[Key]] = {p.name: set() for p in self._followers}
        """Follower → processes that it is still to be asked about."""
        self._told: dict[str, Told] = {}
        """Follower → what will be known once it was asked about all of these."""
        self.last = sources_known(known, self._tables.values())
        self._cursors = {t: unpacked(known[t].cursor if t in known else None, t) for t in self._tables}
        """Table → the cursors of its sources, also of those that are not run any more."""
        self.emit = emit
        self.silent: dict[Lane, Failure | None] = {}
        """Why the last request on a lane had no answer at all, not even a beginning."""
        self.outcomes: dict[str, Outcome] = {}
        """Probe → what came of its last run."""
        self.backfill = backfill
        self.paused = paused
        self._redact = redact
        self._clock = clock
        self._family: Family | None = None
        self._seen: dict[str, tuple[int, str | None, Seen | str]] = {}
        """Probe → period and boot of its sample before and what it held, where what is unchanged gives no rows: the answer's nonce where
        the host's reader keeps that."""
        self._entries: dict[tuple[str, str], int] = {}
        """Log and way → entries to ask for at one time."""
        self.rows: dict[str, int] = {}
        """Log → rows that its answers gave so far."""
        self.circles = False
        """Whether the journal's last answer was for the most part what came before."""
        self._requests: dict[tuple[str, ...], Request] = {}
        self._skew_ms: int | None = None
        self._skew_at = 0

    def of_lane(self, lane: Lane) -> tuple[Probe, ...]:
        """The probes of a lane that are run when they are due: all but what is followed."""
        return tuple(p for p in self.probes if p.lane == lane and p is not self.followed)

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
        names = tuple(p.name for p in due)
        if names not in self._requests:
            self._requests[names] = compose_reads(due, self.host)
        request = self._requests[names]
        held = tuple(self._held(probe, ts) for probe in due if probe.name in request.compared)
        return replace(request, held=held) if held else request

    def _held(self, probe: Probe, ts: int) -> str:
        """Since which answer a host's reader is to say what changed; "" for a whole sample."""
        period, _, seen = self._seen.get(probe.name, (None, None, NOTHING))
        return seen if isinstance(seen, str) and period == slot(self.host.name, probe, ts) else ""

    def _settings(self, probe: Probe) -> Settings:
        return self.host.probes.get(probe.name, Settings())

    async def _follow(self, session: Session, lane: Lane, due: Sequence[Probe], ts: int) -> Failure | None:
        """Ask about the processes that a sample was the first to see, oldest first. Those that a host does not answer about in time are
        not asked about again: what stops `ps` there would stop every tick."""
        sampled = {probe.name for probe in due}
        for probe in self._followers:
            waiting = self._waiting[probe.name]
            while probe.after in sampled and waiting and not session.lost:
                asked = sorted(waiting, key=itemgetter(1))[:MOST_PIDS]
                told = self._told.get(probe.name) if len(asked) == len(waiting) else None
                request = compose_body(
                    probe, probe.timeout, self._settings(probe).sudo,
                    {"LIVEDATA_NEW": " ".join(str(pid) for pid, _ in asked), "LIVEDATA_SLASH": slash()},
                )  # fmt: skip
                refused = await self._ask(session, lane, request, ts, str(told) if told else None)
                if refused or session.lost:
                    return refused
                waiting.difference_update(asked)
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
        entries = self._entries.get((probe.name, way.name), way.most)
        resuming = bool(way.resume and cursor)
        state = {
            "LIVEDATA_CURSOR": cursor, "LIVEDATA_LIMIT": str(entries + resuming),
            "LIVEDATA_BRIEF": "y" if entries == ALONE else "", "LIVEDATA_FROM": "y" if resuming else "",
            "LIVEDATA_WAY": way.name,
        }  # fmt: skip
        if way.take:
            state["LIVEDATA_FILES"] = "\n".join(logs.path for logs in self.host.logs)
            state["LIVEDATA_BACKFILL"] = (
                f"{min(self.backfill.seconds if self.backfill else 86_400, FOREVER):.0f}"
            )
        request = compose_body(probe, probe.timeout, self._settings(probe).sudo, state)
        return await self._ask(session, lane, request, ts, way=way)

    def following(self, probe: Probe) -> dict[str, str]:
        """The variables of a journal's script that it goes on with from where it ended, for good."""
        own = journals_own(self.cursor(probe))
        return {
            "LIVEDATA_CURSOR": own,
            "LIVEDATA_LIMIT": "",
            "LIVEDATA_BRIEF": "",
            "LIVEDATA_FROM": "",
            "LIVEDATA_WAY": "follow",
        }

    def cursor(self, probe: Probe) -> str | None:
        """Where a log goes on."""
        last = self.last.get(probe.name)
        return last.cursor if last else None

    def hear(self, probe: Probe, data: bytes, ts: int) -> int:
        """Keep lines of a journal that is followed; how many entries were new. Raises ParseError: they are not what journalctl prints."""
        last = self.last[probe.name]
        text = ONWARD.unseen(data.decode("utf-8", "backslashreplace"), last.cursor)
        self.circles = len(text) < len(data) / 2
        if not text.strip():
            return 0
        answer = Answer(boot_id=last.boot_id, uptime_ms=last.uptime_ms)
        said = self._digest(probe, Reading(text=text), answer, ts, self._clock.now_us(), None, ONWARD)
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
        answer = await session.ask(lane, request, max(p.timeout for p in request.probes) + MARGIN_SECONDS)
        # Reckoned from the end: before it was sent, a channel may have had to be opened.
        sent = self._clock.now_us() - round((answer.wall or 0.0) * 1e6)
        silent = self.silent[lane] = answer.failure if answer.rtt is None else None
        if silent and silent.outcome in NO_SHELL:
            return silent
        read = readings(answer, request, self.host)
        scrapes, batches = [], []
        total = sum(r.bytes for r in read.values()) or 1
        for probe in request.probes:
            reading = read[probe.name]
            if way:
                reading, lost = self._unseen(probe, reading, answer.wall or 0.0, way)
                if lost:
                    scrapes.append(Scrape(probe.name, Outcome.MISSED, lost))
            if probe.after:
                reading = replace(reading, redact=self._redact)
            batch, outcome, detail, whole = self._digest(probe, reading, answer, ts, sent, cursor, way)
            self.outcomes[probe.name] = outcome
            if batch:
                batches.append(batch)
            self.rows[probe.name] = self.rows.get(probe.name, 0) + (len(batch.rows) if batch else 0)
            scrapes.append(
                Scrape(
                    probe.name, outcome, detail, rtt_ms=_ms(answer.rtt), wall_ms=_ms(answer.wall), bytes=reading.bytes,
                    remote_cpu_ms=_ms(answer.cpu * reading.bytes / total) if answer.cpu is not None else None,
                    rows=len(batch.rows) if batch else 0, exit_status=reading.status if probe.body else None,
                    whole=whole,
                )
            )  # fmt: skip
        self.emit(batches)
        self.report(ts, *scrapes, boot_id=answer.boot_id)
        return None

    def _news(self, probe: Probe, reading: Reading, boot_id: str | None, ts: int) -> _Sample:
        """Rows of what is not as it was. Raises ParseError."""
        if not _keeps_changes(probe):
            return _Sample(PARSERS[probe.parse](probe, reading), True, False)
        period = slot(self.host.name, probe, ts)
        # What can't be parsed is not taken as seen, and the next sample is whole.
        before, boot, seen = self._seen.pop(probe.name, (None, None, NOTHING))
        goes_on = before is not None and boot == boot_id
        if reading.kept:
            rows: Sequence[Row] = PARSERS[probe.parse](probe, reading)
            self._seen[probe.name] = (period, boot_id, reading.kept)
            return _Sample(rows, not reading.since, goes_on)
        whole = (before, boot) != (period, boot_id) or isinstance(seen, str)
        known = NOTHING if whole or isinstance(seen, str) else seen
        fresh, now = changed(probe, reading, known)
        rows = PARSERS[probe.parse](probe, fresh) if fresh.files or fresh.text or whole else ()
        rows, now = changed_rows(probe, rows, known, now)
        self._seen[probe.name] = (period, boot_id, now)
        return _Sample(rows, whole, goes_on)

    def _unseen(self, probe: Probe, reading: Reading, seconds: float, way: Way) -> tuple[Reading, str | None]:
        """A log's entries without those that came before, and what of it is lost; what came decides how many to ask for next."""
        before, came, lost = self.cursor(probe), reading.text, None
        if way.take:
            patterns = tuple((logs.path, logs.pattern) for logs in self.host.logs if logs.pattern)
            self._entries[probe.name, way.name] = entries_next(
                self._entries.get((probe.name, way.name), way.most), reading.outcome, came, seconds, way.most
            )
            return way.take(replace(reading, patterns=patterns), before)
        if way.resume and before and reading.outcome in (Outcome.OK, *CUT):
            came, lost = way.resume(came, before)
        text = way.unseen(came, before)
        asked = self._entries.get((probe.name, way.name), way.most)
        self.circles = len(text) < len(came) / 2
        self._entries[probe.name, way.name] = entries_next(
            asked, reading.outcome, came, inf if self.circles else seconds, way.most
        )
        return replace(reading, text=text), lost

    def _lives(
        self, probe: Probe, reading: Reading, sample: _Sample, known: Collection[Key], answer: Answer, ts: int
    ) -> tuple[list[Key], list[Key]]:
        """The processes that began since the sample before, and those that ended. What follows the probe is to ask about the
        former, now and then about all, and is given a row for each of the latter."""
        new = began(probe, sample.rows, known)
        gone = ended(reading, known, new)
        self._family = family(reading, self._family, new)
        for follower in self._followers:
            if follower.after != probe.name:
                continue
            waiting, last = self._waiting[follower.name], self.last.get(follower.name)
            told = told_before(last.cursor if last else None, answer.boot_id)
            period = slot(self.host.name, follower, ts)
            if sample.whole and (told is None or told.period != period):
                unknown = [probe.key_of(row) for row in sample.rows]
            else:
                period = told.period if told else period - 1
                unknown = [key for key in new if told is None or key[1] >= told.until]
            waiting.update(unknown)
            waiting -= our_own(reading, self._family, unknown, answer.uptime_ms)
            waiting.difference_update(gone)
            self._told.pop(follower.name, None)
            if answer.boot_id:
                self._told[follower.name] = Told(answer.boot_id, period, (answer.uptime_ms or 0) // 10)
            if gone:
                table = self._tables[follower.name]
                rows = end_rows(table, gone, ts)
                self.emit([Batch(table, self.host.name, ts, rows, answer.boot_id)])
        return new, gone

    def _digest(
        self, probe: Probe, reading: Reading, answer: Answer, ts: int, sent: int, cursor: str | None, way: Way | None = None
    ) -> _Digest:  # fmt: skip
        """Rows with their increments from a reading, and what to say of the run."""
        kept = reading.outcome in CUT or (reading.outcome is Outcome.DENIED and way is not None)
        cut = kept and (probe.parse in CURSORS or probe.after) and "\n" in reading.text
        if reading.outcome is not Outcome.OK and not reading.files and not cut:
            return _Digest(None, reading.outcome, reading.detail)
        try:
            sample = self._news(probe, reading, answer.boot_id, ts)
        except ParseError as error:
            return _Digest(None, Outcome.MALFORMED, str(error)[:300])
        except Exception as error:  # noqa: BLE001 - a parser's fault is one probe's, not its neighbours'
            return _Digest(
                None, Outcome.FAILED, f"livedata itself failed: {type(error).__name__}: {error}"[:300]
            )
        rows = sample.rows
        last = self.last.get(probe.name)
        cursor = cursor or (last.cursor if last else None)
        if way:
            cursor = way.cursor(reading, cursor, answer.boot_id) or cursor
        dt = elapsed_ms(answer.boot_id, answer.uptime_ms, last.boot_id, last.uptime_ms) if last else None
        before = last.counters if last and last.boot_id == answer.boot_id else {}
        base: Counters = before
        gone: list[Key] = []
        if tuple(probe.columns[i].name for i in probe.labels) == LIVES and probe.read:
            new, gone = self._lives(probe, reading, sample, before, answer, ts)
            if sample.goes_on:
                base = from_zero(probe, before, new, last.uptime_ms if last else None)
        full = with_increases(probe, rows, base if dt else None)
        table = self._tables.get(probe.into, self._tables[probe.name])
        if cursor:
            self._cursors[table.name][probe.name] = cursor
        middle = sent + ((answer.rtt or 0.0) + (answer.wall or 0.0)) / 2 * 1e6
        batch = Batch(
            table, self.host.name, ts, full, answer.boot_id,
            offset_ms=round((middle - ts) / 10_000) * 10, dt_ms=dt,
            uptime_ms=answer.uptime_ms, cursor=packed(self._cursors[table.name], table.name),
        )  # fmt: skip
        counters = counters_of(probe, rows)
        if not sample.whole:
            counters = before | counters
            for key in gone:
                del counters[key]
        self.last[probe.name] = Last(
            ts=ts, boot_id=answer.boot_id, uptime_ms=answer.uptime_ms, counters=counters, cursor=cursor
        )
        return _Digest(
            batch, reading.outcome, reading.detail, sample.whole if _keeps_changes(probe) else None
        )


def _keeps_changes(probe: Probe) -> bool:
    """Whether what is as it was gives no rows."""
    return bool(probe.full or probe.snapshot) and not probe.after


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 2)

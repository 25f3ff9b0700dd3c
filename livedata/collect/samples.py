"""What is known of one host's samples while it is watched, and the batches that readings make with it: increments, what changed, who is new."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple

from ..model.batch import Batch, Row
from ..model.host import Host
from ..model.probe import Probe
from ..model.reading import ParseError, Reading
from ..model.scrape import Outcome, own_fault
from ..parse import CURSORS, PARSERS
from ..store.state import Last
from ..transport.protocol import Answer
from .changed import NOTHING, Seen, changed, changed_rows, slot
from .cursors import packed, sources_known, unpacked
from .increase import counters_of, elapsed_ms, with_increases
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
    told_before,
)
from .pace import CUT
from .packed import Counts, Packed
from .ways import Way

LIVES = ("pid", "start_seconds")
"""The labels of a probe whose series are processes: they begin and end."""

Emit = Callable[[Sequence[Batch]], None]


class _Sample(NamedTuple):
    """Rows of one reading. `whole`: they are all there are, not only what changed. `goes_on`: the sample before is known as a whole."""

    rows: Sequence[Row]
    whole: bool
    goes_on: bool


class Digest(NamedTuple):
    """What came of one run, as its row in `scrape` says it; and its rows."""

    batch: Batch | None
    outcome: Outcome
    detail: str | None
    whole: bool | None = None


class Samples:
    """Args:
    tables: what rows belong to: the probes as their headers have them, one object for all hosts, whatever one host's settings are.
    followers: the probes that are run after another's samples, for what is new in them.
    known: the last sample of each probe that the store has.
    emit: takes the batches that tell of ends.
    """

    def __init__(
        self, host: Host, tables: Mapping[str, Probe], followers: Sequence[Probe], known: Mapping[str, Last], emit: Emit
    ) -> None:  # fmt: skip
        self._host = host
        self._tables = tables
        self._emit = emit
        self.last = sources_known(known, tables.values())
        self._cursors = {t: unpacked(known[t].cursor if t in known else None, t) for t in tables}
        """Table → the cursors of its sources, also of those that are not run any more."""
        self._seen: dict[str, tuple[int, str | None, Seen | str]] = {}
        """Probe → period and boot of its sample before and what it held, where what is unchanged gives no rows: the answer's nonce where
        the host's reader keeps that."""
        self._followers = followers
        self._waiting: dict[str, set[Key]] = {p.name: set() for p in followers}
        """Follower → processes that it is still to be asked about."""
        self._told: dict[str, Told] = {}
        """Follower → what will be known once it was asked about all of these."""
        self._family: Family | None = None

    def cursor(self, probe: Probe) -> str | None:
        """Where a log goes on."""
        last = self.last.get(probe.name)
        return last.cursor if last else None

    def held(self, probe: Probe, ts: int) -> str:
        """Since which answer a host's reader is to say what changed; "" for a whole sample."""
        period, _, seen = self._seen.get(probe.name, (None, None, NOTHING))
        return seen if isinstance(seen, str) and period == slot(self._host.name, probe, ts) else ""

    def untold(self, follower: Probe) -> tuple[list[Key], str | None]:
        """The processes that a follower is to be asked about next, oldest first; where they are all, the cursor that its rows then bring."""
        waiting = self._waiting[follower.name]
        asked = sorted(waiting, key=itemgetter(1))[:MOST_PIDS]
        told = self._told.get(follower.name) if len(asked) == len(waiting) else None
        return asked, str(told) if told else None

    def told(self, follower: Probe, asked: Iterable[Key]) -> None:
        """Those were asked about."""
        self._waiting[follower.name].difference_update(asked)

    def digest(
        self, probe: Probe, reading: Reading, answer: Answer, ts: int, sent: int, cursor: str | None, way: Way | None = None
    ) -> Digest:  # fmt: skip
        """Rows with their increments from a reading, and what to say of the run."""
        kept = reading.outcome in CUT or (reading.outcome is Outcome.DENIED and way is not None)
        cut = kept and (probe.parse in CURSORS or probe.after) and "\n" in reading.text
        if reading.outcome is not Outcome.OK and not reading.files and not cut:
            return Digest(None, reading.outcome, reading.detail)
        try:
            sample = self._news(probe, reading, answer.boot_id, ts)
        except ParseError as error:
            return Digest(None, Outcome.MALFORMED, str(error)[:300])
        except Exception as error:  # noqa: BLE001 - a parser's fault is one probe's, not its neighbours'
            failure = own_fault(error)
            return Digest(None, failure.outcome, failure.detail)
        last = self.last.get(probe.name)
        cursor = cursor or (last.cursor if last else None)
        if way:
            cursor = way.cursor(reading, cursor, answer.boot_id) or cursor
        dt = elapsed_ms(answer.boot_id, answer.uptime_ms, last.boot_id, last.uptime_ms) if last else None
        before: Mapping[Key, Counts] = last.counters if last and last.boot_id == answer.boot_id else {}
        lives: Packed | None = None
        gone: list[Key] = []
        if probe.read and probe.key_names == LIVES:
            lives = before if isinstance(before, Packed) else Packed(len(probe.counters), before)
            new, gone = self._lives(probe, reading, sample, lives, answer, ts)
            if sample.goes_on:
                lives.update(from_zero(probe, new, last.uptime_ms if last else None))
            before = lives
        full = with_increases(probe, sample.rows, before if dt else None)
        table = self._tables.get(probe.into, self._tables[probe.name])
        if cursor:
            self._cursors[table.name][probe.name] = cursor
        middle = sent + ((answer.rtt or 0.0) + (answer.wall or 0.0)) / 2 * 1e6
        batch = Batch(
            table, self._host.name, ts, full, answer.boot_id,
            offset_ms=round((middle - ts) / 10_000) * 10, dt_ms=dt,
            uptime_ms=answer.uptime_ms, cursor=packed(self._cursors[table.name], table.name),
        )  # fmt: skip
        counters: Mapping[Key, Counts] = counters_of(probe, sample.rows)
        if lives is not None:
            counters = lives.followed(counters, gone, sample.whole)
        elif not sample.whole:
            counters = {**before, **counters}
        self.last[probe.name] = Last(ts, answer.boot_id, answer.uptime_ms, counters, cursor)
        return Digest(batch, reading.outcome, reading.detail, sample.whole if _keeps_changes(probe) else None)

    def _news(self, probe: Probe, reading: Reading, boot_id: str | None, ts: int) -> _Sample:
        """Rows of what is not as it was. Raises ParseError."""
        if not _keeps_changes(probe):
            return _Sample(PARSERS[probe.parse](probe, reading), True, False)
        period = slot(self._host.name, probe, ts)
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

    def _lives(
        self, probe: Probe, reading: Reading, sample: _Sample, known: Packed, answer: Answer, ts: int
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
            period = slot(self._host.name, follower, ts)
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
                self._emit([Batch(table, self._host.name, ts, rows, answer.boot_id)])
        return new, gone


def _keeps_changes(probe: Probe) -> bool:
    """Whether what is as it was gives no rows."""
    return bool(probe.full or probe.snapshot) and not probe.after

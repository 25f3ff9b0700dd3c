"""What the fleet view knows of each host: one question for all of it, whose answers over newer rows are added to those before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from .limits import STALE_US

if TYPE_CHECKING:
    import pyarrow as pa

MINUTE_US = 60_000_000
SPARK_MINUTES = 15
ERROR_MINUTES = 10

TABLES = ("scrape", "cpu", "memory", "pressure", "filesystem", "disk", "network", "log")
"""What the question reads."""

QUESTION: Mapping[str, tuple[str, str]] = {
    "answered": ("scrape", """
SELECT host, 'answered', max(ts), NULL, NULL, count(*)
FROM scrape WHERE {last_10} AND outcome = 'ok' AND probe <> 'connect' GROUP BY host"""),
    "session": ("scrape", """
SELECT host, 'session', max(ts), NULL, arg_max(outcome || chr(10) || coalesce(detail, ''), ts), count(*)
FROM scrape WHERE {last_10} AND probe = 'connect' AND outcome <> 'missed' GROUP BY host"""),
    "logged": ("scrape", """
SELECT host, 'logged', max(ts), NULL, NULL, count(*)
FROM scrape WHERE {last_10} AND outcome = 'ok' AND starts_with(probe, 'log') GROUP BY host"""),
    "cpu": ("cpu", """
SELECT host, 'cpu', max(ts), arg_max(busy_pct, ts), NULL, count(*) FROM cpu WHERE {last_2} AND busy_pct IS NOT NULL GROUP BY host"""),
    "spark": ("cpu", """
SELECT host, 'spark', time_bucket(INTERVAL 1 MINUTE, ts), sum(busy_pct), NULL, count(*)
FROM cpu WHERE {last_15} AND busy_pct IS NOT NULL GROUP BY ALL"""),
    "memory": ("memory", """
SELECT host, 'memory', max(ts),
  arg_max(100 - 100.0 * coalesce(available_bytes, free_bytes + buffers_bytes + cached_bytes) / nullif(total_bytes, 0), ts), NULL, count(*)
FROM memory WHERE {last_2} GROUP BY host"""),
    "pressure": ("pressure", """
SELECT host, 'pressure', max(ts), arg_max(most, ts), arg_max(of, ts), sum(n) FROM (
  SELECT host, ts, max(some_pct) AS most, arg_max(resource, some_pct) AS of, count(*) AS n
  FROM pressure WHERE {last_2} AND some_pct IS NOT NULL AND resource <> 'irq' GROUP BY host, ts) GROUP BY host"""),
    "full": ("filesystem", """
SELECT host, 'full', max(ts), arg_max(most, ts), arg_max(of, ts), sum(n) FROM (
  SELECT host, ts, max(used_pct) AS most, arg_max(mount, used_pct) AS of, count(*) AS n
  FROM filesystem WHERE {last_2} AND used_pct IS NOT NULL AND NOT coalesce(readonly, false) GROUP BY host, ts) GROUP BY host"""),
    "busy": ("disk", """
SELECT host, 'busy', max(ts), arg_max(most, ts), arg_max(of, ts), sum(n) FROM (
  SELECT host, ts, max(util_pct) AS most, arg_max(device, util_pct) AS of, count(*) AS n
  FROM disk WHERE {last_2} AND util_pct IS NOT NULL AND kind NOT IN ('partition', 'loop', 'ram', 'optical', 'floppy') GROUP BY host, ts) GROUP BY host"""),
    "received": ("network", """
SELECT host, 'received', max(ts), arg_max(most, ts), arg_max(of, ts), sum(n) FROM (
  SELECT host, ts, arg_max(rx_bytes_per_second, rx_bytes_per_second + tx_bytes_per_second) AS most,
    arg_max(interface, rx_bytes_per_second + tx_bytes_per_second) AS of, count(*) AS n
  FROM network WHERE {last_2} AND rx_bytes_per_second IS NOT NULL AND interface <> 'lo' GROUP BY host, ts) GROUP BY host"""),
    "sent": ("network", """
SELECT host, 'sent', max(ts), arg_max(most, ts), NULL, sum(n) FROM (
  SELECT host, ts, arg_max(tx_bytes_per_second, rx_bytes_per_second + tx_bytes_per_second) AS most, count(*) AS n
  FROM network WHERE {last_2} AND rx_bytes_per_second IS NOT NULL AND interface <> 'lo' GROUP BY host, ts) GROUP BY host"""),
    "errors": ("log", """
SELECT host, 'errors', time_bucket(INTERVAL 1 MINUTE, ts), NULL, NULL, count(*) FROM log WHERE {last_10} AND priority <= 3 GROUP BY ALL"""),
}  # fmt: skip
"""By what is asked: the table, and a SELECT of (host, what, ts, value, label, n); `{last_N}` stands for the last N minutes."""

SUMMED = frozenset({"spark", "errors"})
"""Those whose answers count what is in each minute; of the others the newest is what counts."""


NOTHING = """
SELECT NULL::VARCHAR AS host, '' AS what, NULL::TIMESTAMPTZ AS ts, NULL::DOUBLE AS value, NULL::VARCHAR AS label, 0::BIGINT AS n WHERE false"""


def pulse_sql(tables: Mapping[str, object], at: str | None) -> str:
    """The question over those of its tables that there are: up to the moment `at` (SQL), or over all rows of them; empty with no table."""

    def within(minutes: int) -> str:
        return f"ts > {at} - INTERVAL {minutes} MINUTE AND ts <= {at}" if at else "true"

    spans = {f"last_{minutes}": within(minutes) for minutes in (2, 10, 15)}
    parts = [sql.format_map(spans) for table, sql in QUESTION.values() if table in tables]
    return " UNION ALL".join([NOTHING, *parts]) if parts else ""


class Reading(NamedTuple):
    ts: int
    value: float | None
    label: str | None


@dataclass(frozen=True, slots=True)
class HostPulse:
    """One host as it is shown. Percentages, bytes a second; None: not known, or too old to count as now. `age_us`: of its newest sample.

    `state`: ok, stale, unknown (no row of the last ten minutes), or why it can't be reached; `detail` says more of the latter.
    """

    host: str
    state: str = "unknown"
    detail: str = ""
    age_us: int | None = None
    cpu: float | None = None
    spark: tuple[float | None, ...] = (None,) * SPARK_MINUTES
    memory: float | None = None
    pressure: float | None = None
    pressure_of: str = ""
    full: float | None = None
    full_of: str = ""
    busy: float | None = None
    busy_of: str = ""
    received: float | None = None
    sent: float | None = None
    interface: str = ""
    errors: int | None = None


@dataclass(slots=True)
class _Known:
    """What came of one host."""

    newest: dict[str, Reading] = field(default_factory=dict)
    minutes: dict[str, dict[int, tuple[float, int]]] = field(default_factory=lambda: defaultdict(dict))
    """By what is summed, and by minute: the sum, and how many."""


class Pulse:
    """The fleet's hosts, as far as answers were taken; `names` are shown even if nothing is known of them."""

    def __init__(self, names: Iterator[str] | tuple[str, ...] = ()) -> None:
        self._known: dict[str, _Known] = {name: _Known() for name in names}

    @property
    def hosts(self) -> list[str]:
        return list(self._known)

    def take(self, answer: pa.Table) -> None:
        """Add an answer to `pulse_sql`, over rows that were not asked about before."""
        import pyarrow as pa

        times = answer["ts"].cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_pylist()
        columns = (answer[name].to_pylist() for name in ("host", "what", "value", "label", "n"))
        for ts, host, what, value, label, n in zip(times, *columns, strict=True):
            known = self._known.setdefault(host, _Known())
            if what in SUMMED:
                total, count = known.minutes[what].get(ts, (0.0, 0))
                known.minutes[what][ts] = (total + (value or 0.0), count + int(n))
            elif what not in known.newest or known.newest[what].ts <= ts:
                known.newest[what] = Reading(ts, value, label)

    def forget(self, before_us: int) -> None:
        """Let go of minutes that nothing shows any more."""
        for known in self._known.values():
            for minutes in known.minutes.values():
                for ts in [ts for ts in minutes if ts < before_us]:
                    del minutes[ts]

    def at(self, now_us: int) -> list[HostPulse]:
        """Every host as it is to be shown at that moment."""
        return [_shown(host, known, now_us) for host, known in self._known.items()]


def _shown(host: str, known: _Known, now_us: int) -> HostPulse:
    newest = known.newest
    answered, session = newest.get("answered"), newest.get("session")
    state, detail = "unknown", ""
    if answered is not None:
        state = "ok" if now_us - answered.ts <= STALE_US else "stale"
    if session is not None and session.label and (answered is None or session.ts > answered.ts):
        outcome, _, said = session.label.partition("\n")
        if outcome != "ok":
            state, detail = outcome, said
        elif answered is None:
            state = "ok" if now_us - session.ts <= STALE_US else "stale"
    age = None if answered is None else max(0, now_us - answered.ts)
    if state != "ok":
        return HostPulse(host, state, detail, age, spark=_spark(known, now_us), errors=_errors(known, now_us))

    def now(what: str) -> Reading:
        reading = newest.get(what)
        return reading if reading and now_us - reading.ts <= STALE_US else Reading(0, None, None)

    pressure, full, busy, received = now("pressure"), now("full"), now("busy"), now("received")
    return HostPulse(
        host, state, detail, age, now("cpu").value, _spark(known, now_us), now("memory").value,
        pressure.value, pressure.label or "", full.value, full.label or "", busy.value, busy.label or "",
        received.value, now("sent").value, received.label or "", _errors(known, now_us),
    )  # fmt: skip


def _spark(known: _Known, now_us: int) -> tuple[float | None, ...]:
    """The mean of each of the last minutes, the oldest first; the one that is under way is the last."""
    minutes = known.minutes.get("spark", {})
    last = now_us - now_us % MINUTE_US
    found = (minutes.get(last - back * MINUTE_US) for back in range(SPARK_MINUTES - 1, -1, -1))
    return tuple(total / count if count else None for total, count in (f or (0.0, 0) for f in found))


def _errors(known: _Known, now_us: int) -> int | None:
    """Entries of the last ten minutes; None where there are none, but its log is not read at present."""
    minutes = known.minutes.get("errors", {})
    since = now_us - ERROR_MINUTES * MINUTE_US
    count = sum(n for ts, (_, n) in minutes.items() if ts + MINUTE_US > since and ts <= now_us)
    read = known.newest.get("logged")
    if count or (read is not None and now_us - read.ts <= STALE_US):
        return count
    return None

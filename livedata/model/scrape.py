"""One run of one probe on one host, and the table that keeps every run's outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from .probe import Column, Derived, Probe


class Outcome(StrEnum):
    OK = "ok"
    UNSUPPORTED = "unsupported"
    """This host has no such thing."""
    DENIED = "denied"
    """This user may not see it (all), or has no shell."""
    FAILED = "failed"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    """The host, or the way there, is down: nothing came back, or a refusal."""
    UNRESOLVED = "unresolved"
    """Its name has no address (DNS)."""
    OFFLINE = "offline"
    """It is this machine's own network that is gone: nothing is known of the host."""
    AUTH_FAILED = "auth_failed"
    HOSTKEY_CHANGED = "hostkey_changed"
    HOSTKEY_UNKNOWN = "hostkey_unknown"
    MALFORMED = "malformed"
    """An answer that isn't what the probe promises."""
    TRUNCATED = "truncated"
    """More than the limit came; what lies before it is kept."""
    MISSED = "missed"
    """Nobody asked: the collector was down, asleep or overloaded."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a host or a probe gave nothing: an expected thing, so a value."""

    outcome: Outcome
    detail: str
    silent: bool = False
    """Nothing came back from there at all: it may be down, or this machine's own network gone."""


def own_fault(error: Exception) -> Failure:
    """What is said where livedata itself failed: a row like any other."""
    return Failure(Outcome.FAILED, f"livedata itself failed: {type(error).__name__}: {error}"[:300])


class Scrape(NamedTuple):
    """A row of `scrape`; times in milliseconds, None where it isn't known."""

    probe: str
    outcome: Outcome
    detail: str | None = None
    connect_ms: float | None = None
    rtt_ms: float | None = None
    wall_ms: float | None = None
    remote_cpu_ms: float | None = None
    bytes: int | None = None
    rows: int | None = None
    exit_status: int | None = None
    whole: bool | None = None

    def row(self, clock_skew_ms: int | None) -> tuple[object, ...]:
        """In the order of the table's columns, with what is known of the host's clock."""
        return (
            self.probe, self.outcome.value, self.detail, _hundredths(self.connect_ms), _hundredths(self.rtt_ms),
            _hundredths(self.wall_ms), _hundredths(self.remote_cpu_ms), self.bytes, self.rows, self.exit_status, self.whole, clock_skew_ms,
        )  # fmt: skip

    @classmethod
    def of(cls, row: Sequence[Any]) -> Scrape:
        """The run that was made a `row` of."""
        probe, outcome, detail, connect, rtt, wall, cpu, *rest, _ = row
        milliseconds = [None if time is None else time / 100 for time in (connect, rtt, wall, cpu)]
        return cls(probe, Outcome(outcome), detail, *milliseconds, *rest)


def _hundredths(number: float | None) -> int | None:
    """As the store takes decimals of two places: as doubles these times were a third of the table."""
    return None if number is None else round(number * 100)


CONNECT = "connect"
"""The `probe` of a scrape row that speaks of the session itself."""

SCRAPE = Probe(
    name="scrape",
    help="One row a probe run: what came of it and what it cost.",
    source="the collector",
    every=0.0,
    columns=(
        Column("probe", 1, "str", "label", "The probe, or `connect` for the session itself"),
        Column("outcome", 2, "str", "text", "ok, unsupported, denied, failed, timeout, unreachable, unresolved, "
               "offline, auth_failed, hostkey_changed, hostkey_unknown, malformed, truncated, missed"),
        Column("detail", 3, "str", "text", "What the host, the network or ssh said; null where all is well"),
        Column("connect_ms", 4, "d2", "gauge", "Time to an authenticated session, when this run opened one"),
        Column("rtt_ms", 5, "d2", "gauge", "From the request to the first byte of its answer"),
        Column("wall_ms", 6, "d2", "gauge", "From the request to the end of its answer"),
        Column("remote_cpu_ms", 7, "d2", "gauge", "CPU the shell and its children took on the host for the whole "
               "request, shared out by the probes' bytes; kernel ticks of 10 ms, so look at sums"),
        Column("bytes", 8, "i64", "gauge", "Bytes of the answer that are this probe's"),
        Column("rows", 9, "i64", "gauge", "Rows kept"),
        Column("exit_status", 10, "i64", "gauge", "Exit status of the probe's body"),
        Column("whole", 12, "bool", "text", "Whether rows of everything there was were kept, rather than of what changed; null: none"),
        Column("clock_skew_ms", 11, "i64", "gauge", "The host's clock minus the collector's; known to the second"),
    ),
    derived=(Derived("ok", "outcome = 'ok'", "Whether the run gave all it promises"),),
)  # fmt: skip

"""The fleet: a line a host, with what is out of the ordinary marked."""

from __future__ import annotations

from textual.app import ComposeResult

from .asker import Asker
from .cells import FINE, GONE, NOTHING, OLD, Cell, age, named, pct, size, spark
from .limits import BUSY_PCT, FULL_PCT, PRESSURE_PCT, USED_MEMORY_PCT, UTIL_PCT
from .pulse import SPARK_MINUTES, HostPulse
from .table import Column, Table
from .view import Looked, View

STATES = {"ok": Cell(FINE, "good"), "stale": Cell(OLD, "warn"), "unknown": Cell(NOTHING, "dim")}
RANK = {"ok": 1, "stale": 3, "unknown": 0}
"""For sorting: what can't be reached first, then what is stale; what nothing is known of last."""

WORDS = {
    "hostkey_changed": "key changed", "hostkey_unknown": "key unknown", "auth_failed": "no login", "unreachable": "unreached",
    "unresolved": "no address", "unknown": "no data",
}  # fmt: skip
"""Outcomes that are too long for their column."""


def state(host: HostPulse) -> Cell:
    """`● ok`, `◌ stale`, `✕ unreached`: a mark and a word."""
    mark = STATES.get(host.state, Cell(GONE, "bad"))
    return Cell(f"{mark.text} {WORDS.get(host.state, host.state)}", mark.tone)


def errors(count: int | None) -> Cell:
    return Cell("–", "dim") if count is None else Cell(f"{count:,}", "warn" if count else "dim")


def freshness(host: HostPulse) -> Cell:
    """How old its newest sample is; the question goes back ten minutes."""
    if host.age_us is None:
        return Cell(">10m", "dim" if host.state == "unknown" else "warn")
    return Cell(age(host.age_us), "dim" if host.state == "ok" else "warn")


COLUMNS = (
    Column[HostPulse]("host", 0, lambda h: Cell(h.host), lambda h: h.host, down=False),
    Column[HostPulse]("state", 11, state, lambda h: RANK.get(h.state, 4)),
    Column[HostPulse]("cpu %", 6, lambda h: pct(h.cpu, BUSY_PCT), lambda h: h.cpu, right=True),
    Column[HostPulse](
        "15 min", SPARK_MINUTES, lambda h: Cell(spark(h.spark), "line"),
        lambda h: sum(known) / len(known) if (known := [v for v in h.spark if v is not None]) else None, drop=6,
    ),
    Column[HostPulse]("mem %", 6, lambda h: pct(h.memory, USED_MEMORY_PCT), lambda h: h.memory, right=True),
    Column[HostPulse](
        "pressure %", 10, lambda h: named(pct(h.pressure, PRESSURE_PCT), h.pressure_of if h.pressure else ""), lambda h: h.pressure, drop=2
    ),
    Column[HostPulse]("fullest %", 13, lambda h: named(pct(h.full, FULL_PCT), h.full_of), lambda h: h.full, drop=1),
    Column[HostPulse]("busiest %", 11, lambda h: named(pct(h.busy, UTIL_PCT), h.busy_of), lambda h: h.busy, drop=5),
    Column[HostPulse]("rx/s", 6, lambda h: size(h.received), lambda h: h.received, right=True, drop=3),
    Column[HostPulse]("tx/s", 6, lambda h: size(h.sent), lambda h: h.sent, right=True, drop=4),
    Column[HostPulse]("err", 5, lambda h: errors(h.errors), lambda h: h.errors, right=True),
    Column[HostPulse]("age", 4, freshness, lambda h: h.age_us, right=True),
)  # fmt: skip


class FleetView(View):
    """All hosts, or those that the filter chose."""

    def __init__(self, asker: Asker) -> None:
        super().__init__(asker)
        self.table: Table[HostPulse] = Table(COLUMNS, lambda h: h.host, sort=0, empty="no hosts")

    def compose(self) -> ComposeResult:
        yield self.table

    async def look(self, looked: Looked) -> None:
        self.table.show(looked.fleet)

    def enter(self) -> None:
        self.table.focus()

    def point_at(self, host: str) -> None:
        self.table.select(host)

    @property
    def head(self) -> str:
        return "fleet"

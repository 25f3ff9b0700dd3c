"""What a host opens to: for each panel the question, over that host's last rows, and the columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .cells import FINE, GONE, NONE, NOTHING, STEPS, Cell, Tone, clock, limited, number, pct, size, text
from .limits import FULL_PCT, UTIL_PCT
from .records import Record
from .table import Column

LAST = "ts > {at} - INTERVAL 2 MINUTE AND ts <= {at}"
"""Older rows don't count as now (`limits.STALE_US`)."""


@dataclass(frozen=True)
class Panel:
    """`tables`: what is asked, and the panel is empty without. `key`: the columns that tell its rows apart."""

    name: str
    tables: tuple[str, ...]
    sql: str
    columns: tuple[Column[Record], ...]
    key: tuple[str, ...]
    sort: int | None = None
    every_s: float = 2.0


def column(
    title: str, name: str, width: int, show: Callable[[Any], Cell] = text, *, drop: int = 0, down: bool = True
) -> Column[Record]:
    """A column of an answer; `show` makes a cell of its value."""
    right = show is not text
    return Column(title, width, lambda r: show(r[name]), lambda r: r[name], right, drop, down and right)


def gauge(value: float | None) -> Cell:
    """A bar of ten: `▇▇▇▁▁▁▁▁▁▁`."""
    if value is None:
        return NONE
    full = max(0, min(10, round(value / 10)))
    return Cell(STEPS[-1] * full + STEPS[0] * (10 - full), "line")


_TONES: dict[str, tuple[str, Tone]] = {
    "active": (FINE, "good"), "up": (FINE, "good"), "ok": (FINE, "good"), "failed": (GONE, "bad"), "hanging": (GONE, "bad"),
    "down": (GONE, "warn"), "activating": (NOTHING, "warn"),
}  # fmt: skip


def state(value: str | None) -> Cell:
    """A mark and the word."""
    if value is None:
        return NONE
    mark, tone = _TONES.get(value, (NOTHING, "dim"))
    return Cell(f"{mark} {value}", tone)


def moment(us: int | None) -> Cell:
    return NONE if us is None else Cell(clock(us))


def _newest(table: str, columns: str, more: str = "") -> str:
    """The rows of the newest sample."""
    return f"SELECT {columns} FROM {table} WHERE {LAST}{more} QUALIFY rank() OVER (ORDER BY ts DESC) = 1"


_MEMORY = (
    ("used", "total_bytes - available_bytes"), ("available", "available_bytes"), ("free", "free_bytes"), ("cached", "cached_bytes"),
    ("buffers", "buffers_bytes"), ("programs", "anon_pages_bytes"), ("shared", "shmem_bytes"), ("kernel, reclaimable", "sreclaimable_bytes"),
    ("kernel, not reclaimable", "sunreclaim_bytes"), ("page tables", "page_tables_bytes"), ("dirty", "dirty_bytes"),
    ("being written", "writeback_bytes"), ("swap used", "swap_total_bytes - swap_free_bytes"), ("swap", "swap_total_bytes"),
    ("promised", "committed_as_bytes"), ("total", "total_bytes"),
)  # fmt: skip

PROCESS_COLUMNS = (
    column("pid", "pid", 7, lambda v: Cell(str(v))),
    column("user", "user", 10, drop=3),
    column("cpu %", "cpu_pct", 6, pct),
    column("children", "children_cpu_pct", 8, pct, drop=5),
    column("memory", "rss_bytes", 7, size),
    column("s", "state", 1, drop=1),
    column("thr", "threads", 4, number, drop=4),
    Column[Record]("command", 0, lambda r: text(r["command"]), lambda r: r["command"], down=False, least=20),
    column("unit", "unit", 20, drop=6),
)

PANELS = (
    Panel("cores", ("core",), _newest("core", "core, busy_pct, user_pct, system_pct, iowait_pct, steal_pct"), (
        column("core", "core", 5, lambda v: Cell(str(v)), down=False), column("busy %", "busy_pct", 7, pct), column("", "busy_pct", 10, gauge),
        column("user %", "user_pct", 7, pct), column("system %", "system_pct", 9, pct), column("iowait %", "iowait_pct", 9, pct),
        column("steal %", "steal_pct", 8, pct),
    ), ("core",), 0),
    Panel("memory", ("memory",), f"""
SELECT unnest([{', '.join(f"'{name}'" for name, _ in _MEMORY)}]) AS what, unnest([{', '.join(f"({sql})::BIGINT" for _, sql in _MEMORY)}]) AS bytes,
  total_bytes, 100.0 * bytes / nullif(total_bytes, 0) AS pct
FROM ({_newest("memory", "*")})""", (
        column("", "what", 24), column("bytes", "bytes", 8, size), column("% of all", "pct", 9, pct), column("", "pct", 10, gauge),
    ), ("what",)),
    Panel("disks", ("disk",), _newest("disk", "device, kind, util_pct, read_iops, write_iops, read_bytes_per_second, written_bytes_per_second, "
          "await_ms, queue, in_flight", " AND kind <> 'loop'"), (
        Column[Record]("device", 0, lambda r: text(r["device"]), lambda r: r["device"], down=False), column("kind", "kind", 9, drop=3),
        column("busy %", "util_pct", 7, limited(UTIL_PCT)), column("reads/s", "read_iops", 8, number), column("writes/s", "write_iops", 8, number),
        column("read/s", "read_bytes_per_second", 7, size), column("written/s", "written_bytes_per_second", 9, size),
        column("wait ms", "await_ms", 8, number, drop=1), column("queue", "queue", 6, number, drop=2),
    ), ("device",), 0),
    Panel("filesystems", ("filesystem",), _newest("filesystem", "mount, device, type, state, readonly, used_pct, used_bytes, available_bytes, "
          "size_bytes, inodes_used_pct"), (
        Column[Record]("mount", 0, lambda r: text(r["mount"]), lambda r: r["mount"], down=False), column("state", "state", 10, state, drop=2),
        column("used %", "used_pct", 7, limited(FULL_PCT)), column("", "used_pct", 10, gauge, drop=1), column("used", "used_bytes", 7, size),
        column("free", "available_bytes", 7, size), column("size", "size_bytes", 7, size, drop=3),
        column("inodes %", "inodes_used_pct", 9, limited(FULL_PCT)), column("type", "type", 8, drop=4), column("device", "device", 16, drop=5),
    ), ("mount",), 2),
    Panel("network", ("network",), _newest("network", "interface, state, rx_bytes_per_second, tx_bytes_per_second, rx_packets_per_second, "
          "tx_packets_per_second, rx_errors_per_second + tx_errors_per_second AS errors, "
          "rx_dropped_per_second + tx_dropped_per_second AS dropped, speed_bits_per_second / 8 AS speed, util_pct"), (
        Column[Record]("interface", 0, lambda r: text(r["interface"]), lambda r: r["interface"], down=False), column("state", "state", 10, state),
        column("rx/s", "rx_bytes_per_second", 7, size), column("tx/s", "tx_bytes_per_second", 7, size),
        column("rx pkt/s", "rx_packets_per_second", 9, number, drop=2), column("tx pkt/s", "tx_packets_per_second", 9, number, drop=2),
        column("err/s", "errors", 6, number), column("drop/s", "dropped", 7, number, drop=1), column("link %", "util_pct", 7, pct, drop=3),
    ), ("interface",), 2),
    Panel("units", ("unit",), """
SELECT * FROM (
  SELECT unit, state, sub_state, result, cpu_pct, memory_bytes, tasks, restarts_total, since, failed FROM unit
  WHERE ts > {at} - INTERVAL 12 MINUTE AND ts <= {at} QUALIFY row_number() OVER (PARTITION BY unit ORDER BY ts DESC) = 1)""", (
        Column[Record]("unit", 0, lambda r: text(r["unit"]), lambda r: r["unit"], down=False, least=20),
        Column[Record]("state", 14, lambda r: state(r["state"]), lambda r: (r["state"] == "failed", r["state"] == "active", r["state"] or "")),
        column("", "sub_state", 9, drop=1), column("cpu %", "cpu_pct", 6, pct), column("memory", "memory_bytes", 7, size),
        column("tasks", "tasks", 5, number, drop=2), column("restarts", "restarts_total", 8, number, drop=3),
        column("result", "result", 10, drop=4), column("since", "since", 9, moment, drop=5),
    ), ("unit",), 1, 10.0),
)  # fmt: skip


def key_of(names: Sequence[str]) -> Callable[[Record], tuple[Any, ...]]:
    return lambda record: tuple(record[name] for name in names)

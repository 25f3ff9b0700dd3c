"""The table in which the collector tells of itself."""

from __future__ import annotations

from .probe import Column, Probe

COLLECTOR = Probe(
    name="collector",
    help="What the collector itself takes, every 10 seconds while it watches.",
    source="the collector",
    every=0.0,
    columns=(
        Column("cpu_pct", 1, "f64", "gauge", "Of one core, all its threads, since the row before"),
        Column("rss_bytes", 2, "i64", "gauge", "Memory that it has resident"),
        Column("loop_lag_ms", 3, "f64", "gauge", "The longest that something due had to wait for its turn since the row before"),
        Column("hosts", 4, "i64", "gauge", "Hosts that are watched"),
        Column("sessions", 5, "i64", "gauge", "Of them, those with an open SSH session"),
        Column("slowed", 6, "i64", "gauge", "Of them, those asked more rarely because of what it costs there"),
        Column("waiting_rows", 7, "i64", "gauge", "Rows on their way to the store"),
        Column("open_files", 8, "i64", "gauge", "Its open files, sockets included; null where that can't be told"),
        Column("threads", 9, "i64", "gauge", "Its threads"),
    ),
)  # fmt: skip

"""Probes and batches that the store's tests write, rows whose values say which tick of which host they are; and reading them."""

from collections.abc import Collection
from pathlib import Path

from livedata.model.batch import Batch
from livedata.model.probe import Column, Derived, Probe
from livedata.store.reader import Span, TableContent, open_store, table_definitions

TICK_US = 10_000_000
START_US = 1_785_000_000_000_000

DISK = Probe(
    "disk",
    "Counters with a label, in every number type.",
    (
        Column("device", 1, "str", "label"),
        Column("reads_total", 2, "u64", "counter"),
        Column("busy_seconds_total", 3, "d2", "counter"),
        Column("queue", 4, "f64", "gauge"),
        Column("removable", 5, "bool", "text"),
    ),
    (Derived("idle", "queue = 0"),),
)
LOAD = Probe(
    "load",
    "One row a host, no label.",
    (Column("load1", 1, "d2", "gauge"), Column("forks_total", 2, "u64", "counter")),
)
LOG = Probe(
    "log",
    "Events with their own time and a map.",
    (
        Column("ts", 1, "ts", "time"),
        Column("message", 2, "str", "text"),
        Column("fields", 3, "map", "text"),
    ),
)
PROBES = (DISK, LOAD, LOG)


def batch(probe: Probe, host: str, tick: int, rows: int = 2) -> Batch:
    """The `tick`th run: `rows` rows (one for `load`), whose counters and times grow with the tick."""
    ts = START_US + tick * TICK_US
    made: list[tuple[object, ...]] = {
        "disk": [(f"sd{i}", 2**63 + tick, 100 * tick + i, tick / 4, i == 0, 1, 100) for i in range(rows)],
        "load": [(150, tick, None)],
        "log": [
            (ts - 5_000_000 + i, f"tick {tick} line {i}\n", [("unit", "ssh"), ("n", str(i))])
            for i in range(rows)
        ],
    }[probe.name]
    return Batch(
        probe, host, ts, made, "b" * 36, 3, 10_000, 10_000 * tick, f"cursor {tick}" if probe is LOG else None
    )


def tick(number: int, hosts: int = 2) -> list[Batch]:
    """All probes of all hosts."""
    return [batch(probe, f"web-{h}", number) for h in range(hosts) for probe in PROBES]


def read_store(
    root: Path,
    tables: Collection[str] | None = None,
    *,
    hosts: Collection[str] | None = None,
    since_us: int | None = None,
    until_us: int | None = None,
) -> dict[str, TableContent]:
    """`open_store` for tests, which are alone with the store: no context, and the times and hosts of all tables."""
    span = Span(
        Span().first_ts if since_us is None else since_us,
        Span().last_ts if until_us is None else until_us,
        None if hosts is None else tuple(hosts),
    )
    names = table_definitions(root) if tables is None else tables
    with open_store(root, dict.fromkeys(names, span)) as content:
        return content

"""Probes and batches that the store's tests write: rows whose values say which tick of which host they are."""

from livedata.model.batch import Batch
from livedata.model.probe import Column, Derived, Probe

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

"""Which rollups a header gives, of which columns, with ids that stay."""

from __future__ import annotations

from dataclasses import replace

import pytest

from livedata.model.columns import stored_columns
from livedata.model.probe import Column, Derived, Probe
from livedata.model.rollup import PARTS, WIDTHS, keys, measures, rollups

DISK = Probe(
    "disk",
    "Disks.",
    (
        Column("device", 1, "str", "label", "Device"),
        Column("kind", 2, "str", "text", "Kind"),
        Column("reads_total", 3, "u64", "counter", "Reads", ("rds_total",)),
        Column("queue", 4, "f64", "gauge", "Queue", ("line",)),
        Column("spinning", 5, "bool", "gauge", "Spins"),
        Column("seen", 6, "ts", "time", "When"),
    ),
    (Derived("busy_pct", "1.0", "Busy", 1, "f64"), Derived("other", "2.0", "Not kept")),
    every=10.0,
)


@pytest.mark.parametrize(
    ("every", "rollup", "events", "widths"),
    [
        (1.0, None, False, ["1m", "5m"]),
        (20.0, None, False, ["1m", "5m"]),
        (21.0, None, False, ["5m"]),
        (60.0, None, False, ["5m"]),
        (61.0, None, False, []),
        (0.0, None, False, []),
        (10.0, None, True, []),
        (10.0, ("5m",), True, ["5m"]),
        (3600.0, ("5m", "1m"), False, ["1m", "5m"]),
        (10.0, (), False, []),
    ],
)
def test_the_cadence_or_the_header_says_which(
    every: float, rollup: tuple[str, ...] | None, events: bool, widths: list[str]
) -> None:
    columns = (Column("ts", 9, "ts", "time"), *DISK.columns) if events else DISK.columns
    probe = replace(DISK, columns=columns, every=every, rollup=rollup)
    found = rollups(probe)
    assert [(r.table, r.width) for r in found] == [(f"disk_{w}", WIDTHS[w]) for w in widths]
    assert all(rollups(r.probe) == () for r in found)


def test_a_rollup_has_time_host_keys_and_parts() -> None:
    [_, five] = rollups(DISK)
    ids = {column.name: column.id for column in stored_columns(five.probe)}
    assert ids == {
        "ts": 10_001, "host": 10_002, "device": 1, "samples": 100_000, "ts_min": 310_001, "ts_max": 410_001,
        "dt_ms_count": 110_005, "dt_ms_sum": 210_005,
        "queue_count": 100_004, "queue_sum": 200_004, "queue_min": 300_004, "queue_max": 400_004,
        "reads_increase_count": 120_003, "reads_increase_sum": 220_003,
        "busy_pct_count": 130_001, "busy_pct_sum": 230_001, "busy_pct_min": 330_001, "busy_pct_max": 430_001,
    }  # fmt: skip
    types = {column.name: column.type for column in stored_columns(five.probe)}
    assert (types["queue_count"], types["queue_sum"], types["reads_increase_sum"], types["ts_min"]) == (
        "i64", "f64", "i64", "ts",
    )  # fmt: skip
    assert five.probe.rollup_of == "disk"


def test_a_name_of_before_is_one_of_the_rollups_too() -> None:
    was = {c.name: c.was for c in rollups(DISK)[0].probe.columns}
    assert was["queue_max"] == ("line_max",)
    assert was["reads_increase_sum"] == ("rds_increase_sum",)


def test_a_header_may_say_by_what_and_of_what() -> None:
    assert [k.name for k in keys(replace(DISK, rollup_by=("kind", "device")))] == ["device", "kind"]
    assert keys(replace(DISK, rollup_by=())) == ()
    assert all(k.kind == "label" for k in keys(replace(DISK, rollup_by=("kind",))))
    kept = measures(replace(DISK, rollup_keep=("reads_total",)))
    assert [m.name for m in kept] == ["dt_ms", "reads_increase", "busy_pct"]


def test_ids_of_every_measure_and_part_differ() -> None:
    columns = tuple(Column(f"c{n}_total", n, "u64", "counter") for n in (1, 9_999)) + tuple(
        Column(f"g{n}", n, "i64", "gauge") for n in (2, 9_998)
    )
    derived = (Derived("low", "1", "", 1, "i64"), Derived("high", "1", "", 9_999, "i64"))
    probe = rollups(Probe("many", "Many.", columns, derived))[0].probe
    ids = [column.id for column in stored_columns(probe)]
    assert len(ids) == len(set(ids)) > len(PARTS) * 6

"""The columns of a stored table, as its probe's header implies them.

In this order: `ts`, `host`, `boot_id`; `offset_ms` and `dt_ms` where the rows are samples; the header's columns; and for each counter
`NAME_total` its increment `NAME_increase` since the sample before; last `template` where a text is mined. A rollup has `ts`, `host` and its
columns.
"""

from __future__ import annotations

from .probe import Column, Probe, Type

COMMON_IDS = {"ts": 10_001, "host": 10_002, "boot_id": 10_003, "offset_ms": 10_004, "dt_ms": 10_005}
TEMPLATE = "template"
TEMPLATE_ID = 10_006
INCREASE_IDS = 20_000
"""An increment's field id is its counter's plus this."""


def increase_name(counter: str) -> str:
    """`read_bytes_total` → `read_bytes_increase`."""
    return counter.removesuffix("_total") + "_increase"


def increase_type(column: Column) -> Type:
    return "i64" if column.type == "u64" else column.type


def stored_columns(probe: Probe) -> list[Column]:
    """Every column of the stored table in order, common ones first, with their permanent ids."""
    own = {c.name for c in probe.columns}
    common = [
        Column("ts", COMMON_IDS["ts"], "ts", "time", "The scheduled tick, UTC"),
        Column("host", COMMON_IDS["host"], "str", "label", "The host's name in the inventory"),
        Column("boot_id", COMMON_IDS["boot_id"], "str", "text", "Changes at each boot of the host"),
    ]
    if probe.rollup_of:
        start = Column("ts", COMMON_IDS["ts"], "ts", "time", "Begin of the time that the row sums up, UTC")
        return [start, common[1], *probe.columns]
    if probe.every and not probe.is_events:
        common.append(
            Column(
                "offset_ms",
                COMMON_IDS["offset_ms"],
                "i64",
                "gauge",
                "Middle of the read, after `ts`, to 10 ms",
            )
        )
        if probe.counters:
            common.append(
                Column(
                    "dt_ms",
                    COMMON_IDS["dt_ms"],
                    "i64",
                    "gauge",
                    "Host uptime since the sample before; null: none",
                )
            )
    increases = [
        Column(
            increase_name(c.name),
            INCREASE_IDS + c.id,
            increase_type(c),
            "gauge",
            f"{c.name} since the sample before",
        )
        for c in probe.columns
        if c.kind == "counter"
    ]
    mined = []
    if probe.mined:
        about = (
            f"{probe.mined} without what differs from case to case: numbers, ids and addresses stand as <*>"
        )
        mined.append(Column(TEMPLATE, TEMPLATE_ID, "str", "text", about))
    return [c for c in common if c.name not in own] + list(probe.columns) + increases + mined

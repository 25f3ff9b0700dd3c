"""A year by size: what the measured bytes of a row come to for fleets of some sizes, with the retention that livedata comes with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from livedata.model.probe import Probe

FLEETS = (10, 100, 1000)
RAW_DAYS, ROLLUP_DAYS = 30, 730


def simulate(measured: Mapping[str, Any], probes: Mapping[str, Probe]) -> dict[str, Any]:
    """Bytes by fleet after a year and at the end of the rollups' retention; by host and day what each table takes.

    Tables that were not measured (those of small cadence) take next to nothing.
    """
    days = max(1.0, measured["hours"] / 24)
    share = measured["hours"] / 24 / days
    by_host: dict[str, float] = {}
    for table, found in measured["tables"].items():
        base = table if table in probes else table.rpartition("_")[0]
        by_host[table] = found["bytes"] / measured["hosts"][base] / days / share
    raw = sum(size for table, size in by_host.items() if table in probes)
    rolled = {
        w: sum(size for t, size in by_host.items() if t not in probes and t.endswith(w))
        for w in ("_1m", "_5m")
    }
    kept = {
        fleet: {
            "a_day": fleet * (raw + sum(rolled.values())),
            "after_a_year": fleet * (raw * RAW_DAYS + rolled["_1m"] * RAW_DAYS + rolled["_5m"] * 365),
            "after_two_years": fleet
            * (raw * RAW_DAYS + rolled["_1m"] * RAW_DAYS + rolled["_5m"] * ROLLUP_DAYS),
            "raw_for_a_year": fleet * (raw + sum(rolled.values())) * 365,
        }
        for fleet in FLEETS
    }
    return {"by_host_and_day": by_host, "fleets": kept}

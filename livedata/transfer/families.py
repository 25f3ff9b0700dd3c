"""What Prometheus sees of a table: a metric family for each gauge, counter and time among its columns; pure.

`cpu.user_seconds_total` is the counter `livedata_cpu_user_seconds_total`, labelled by `host` and the table's labels. Texts
are no metrics, and rows that are events (log entries) no samples of a series.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..model.probe import Column, Probe
from ..query.views import identifier

BASE_UNITS = ("bytes", "seconds")
TIME = "_timestamp_seconds"
"""What the name of a point in time ends in: it is given as seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Family:
    """`sample` is the name its samples bear, `name` that of the family (a counter's lacks `_total`)."""

    column: Column
    sample: str
    name: str
    kind: str
    unit: str
    help: str


def families(probe: Probe) -> list[Family]:
    """The families of a table, in the order of its columns; none of a table of events."""
    return [] if probe.is_events else [_family(probe, c) for c in probe.columns if _is_metric(c)]


def _is_metric(column: Column) -> bool:
    return column.kind in ("gauge", "counter", "time") and column.type not in ("str", "map")


def _family(probe: Probe, column: Column) -> Family:
    sample = f"livedata_{probe.name}_{column.name}" + (TIME if column.type == "ts" else "")
    counter = column.kind == "counter" and column.name.endswith("_total")
    name = sample.removesuffix("_total") if counter else sample
    unit = next((u for u in BASE_UNITS if name.endswith(f"_{u}")), "")
    return Family(column, sample, name, "counter" if counter else "gauge", unit, column.help)


def label_names(probe: Probe) -> list[str]:
    """`host` and the table's own labels, in the order that Prometheus wants of a series: by name."""
    return sorted({"host"} | {probe.columns[i].name for i in probe.labels})


def label_sql(name: str) -> str:
    """A label's value as text; null where there is none."""
    return f"CAST({identifier(name)} AS VARCHAR)"


def value_sql(family: Family) -> str:
    """A sample's value as a number."""
    name = identifier(family.column.name)
    return {"bool": f"CAST({name} AS UTINYINT)", "ts": f"epoch_us({name}) / 1e6"}.get(
        family.column.type, name
    )

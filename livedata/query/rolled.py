"""The SQL that reads a table through its rollup: rolled-up rows where there are any, the table's own where not, each sample once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from ..model.probe import Type
from ..model.rollup import SAMPLES, TIME, Measure, Part, Rollup
from .narrow import FIRST, LAST
from .roll import FROM_RAW, How, bucket_sql, part_sql
from .rollable import Aggregate
from .views import Scope, identifier, predicate

FROM_ROW: How = {"count": "CAST(({x} IS NOT NULL) AS {t})", "sum": "{x}", "min": "{x}", "max": "{x}"}
"""The parts of a measure `x` in one row of the table."""

EXACT = 2**53
"""A double holds every whole number up to this."""
WHOLES: dict[Type, tuple[str, int]] = {
    "i64": ("{sum}", 1), "u64": ("{sum}", 1), "d2": ("CAST({sum} * 100 AS HUGEINT)", 100),
}  # fmt: skip
"""The sum of exact values as a whole number, and how many times the sum that is."""

Parts = Collection[tuple[Measure, Part]]


@dataclass(frozen=True, slots=True)
class Times:
    """Times of rows, microseconds UTC: from `since` (included) to `until` (excluded), of which from `low` to `high` lie whole
    rows of a rollup. FIRST and LAST stand for no end."""

    since: int
    until: int
    width: int

    @property
    def low(self) -> int:
        return self.since if self.since == FIRST else -(-self.since // self.width) * self.width

    @property
    def high(self) -> int:
        return self.until if self.until == LAST else self.until // self.width * self.width

    @property
    def edges(self) -> tuple[tuple[int, int], ...]:
        """The times at both ends that no whole row of the rollup lies in, where there are any."""
        ends = ((self.since, self.low), (self.high, self.until))
        return tuple((a, b) for a, b in ends if a < b)


@dataclass(frozen=True, slots=True)
class Names:
    """The views that are read: `rolled` of the rollup, `edges` of rows that it holds as well, `rest` of rows that it does not; "" where
    there are none."""

    rolled: str
    edges: str = ""
    rest: str = ""


def _between(first: int, last: int) -> str:
    condition = predicate(Scope(None if first == FIRST else first, None if last == LAST else last))
    return f" WHERE {condition}" if condition else ""


def _columns(keys: Iterable[str], parts: Parts, how: How | None, samples: str) -> str:
    """The columns of a rollup's rows; `how`: out of what, None: as they are."""
    found = [identifier(key) for key in keys]
    if samples:
        found.append(f"{samples} AS {SAMPLES.name}")
    for measure, part in parts:
        name = measure.column(part).name
        if measure == TIME:
            found.append(f"{name if how is None else how[part].format(x='ts', c=name)} AS {name}")
        else:
            found.append(identifier(name) if how is None else part_sql(measure, part, how))
    return ", ".join(found)


def rows_sql(names: Names, times: Times, keys: Sequence[str], parts: Parts, samples: bool) -> str:
    """Rows of a rollup within some times: whole ones from the rollup, and one of a single sample for each row of the table that
    the rollup does not hold, or that lies at the edges of the times. `keys` may hold `ts`."""
    rolled = _columns(keys, parts, None, SAMPLES.name if samples else "")
    row = _columns(keys, parts, FROM_ROW, "CAST(1 AS BIGINT)" if samples else "")
    selects = [f"SELECT {rolled} FROM {identifier(names.rolled)}{_between(times.low, times.high)}"]
    if names.edges:
        selects += [f"SELECT {row} FROM {identifier(names.edges)}{_between(*edge)}" for edge in times.edges]
    if names.rest:
        selects.append(f"SELECT {row} FROM {identifier(names.rest)}{_between(times.since, times.until)}")
    return " UNION ALL ".join(selects)


def table_sql(names: Names, rollup: Rollup, columns: Collection[str]) -> str:
    """The rollup as a table: its own rows, and what the rows that it does not hold yet would give. `columns`: those that are wanted."""
    keys = ["host", *(key.name for key in rollup.keys)]
    parts = [
        (m, part) for m in (TIME, *rollup.measures) for part in m.parts if m.column(part).name in columns
    ]
    rolled = _columns(["ts", *keys], parts, None, SAMPLES.name)
    rest = _columns(keys, parts, FROM_RAW, "count(*)")
    return (
        f"SELECT {rolled} FROM {identifier(names.rolled)} UNION ALL "
        f"SELECT {bucket_sql(rollup.width)} AS bucket, {rest} FROM {identifier(names.rest)} GROUP BY ALL"
    )


def answer_sql(aggregate: Aggregate) -> str:
    """What an aggregate over the table's rows is over a rollup's, of the same type."""
    measure = aggregate.measure
    if measure is None:
        of = SAMPLES.name
        if aggregate.key is not None:
            of = f"CASE WHEN {identifier(aggregate.key)} IS NOT NULL THEN {of} END"
        return f"CAST(coalesce(sum({of}), 0) AS BIGINT)"
    name = {part: identifier(measure.column(part).name) for part in measure.parts}
    match aggregate.function:
        case "count":
            return f"CAST(coalesce(sum({name['count']}), 0) AS BIGINT)"
        case "sum":
            return f"sum({name['sum']})"
        case "avg":
            return _mean_sql(f"sum({name['sum']})", f"sum({name['count']})", measure.type)
        case "min":
            return f"min({name['min']})"
        case _:
            return f"max({name['max']})"


def _mean_sql(total: str, count: str, of: Type) -> str:
    """The mean as `avg` gives it. That divides in long doubles; here a sum that a double can't hold is divided in two steps."""
    if of not in WHOLES:
        return f"{total} / {count}"
    form, times = WHOLES[of]
    whole, by = form.format(sum=total), f"({count} * {times})"
    return (
        f"CASE WHEN abs({whole}) <= {EXACT} THEN CAST({whole} AS DOUBLE) / {by} "
        f"ELSE CAST({whole} // {by} AS DOUBLE) + CAST({whole} % {by} AS DOUBLE) / {by} END"
    )

"""Answers a question from rollups where the answer is the same: finds the SELECTs that can be, and makes of them such that read rollups.

`rewrite` looks at the question before the store is opened, and says what it would need; `Rewritten.settle` decides when it is known what
there is. What is told apart here is only where rows come from: the rest of the question, and the names and types of the
answer's columns, stay as they are (docs/decisions/0007).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..model.probe import Probe
from ..model.rollup import TIME, Rollup, rollups
from .admit import walk
from .functions import AGGREGATES, DAY
from .narrow import LAST, NOTHING, Bounds, Ranges
from .plan import Plan, Rewritten, Wanted
from .rollable import Need, examine
from .rolled import Names, Times, answer_sql, rows_sql, table_sql
from .tree import Node, expression_texts, expressions, from_sql, parsed, table_name, texts
from .views import column_names, columns_named, literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from ..store.reader import TableContent

MOMENTS = frozenset({"TIMESTAMP WITH TIME ZONE", "TIMESTAMP", "DATE"})
"""Types that are compared with `ts` as the moments that they are."""
SECOND = 1_000_000
YEARS_US = (-62_135_596_800_000_000, 253_402_300_800_000_000)
"""The years 1 to 9999: what is beyond is left to DuckDB."""


BETWEEN = {
    "COMPARE_EQUAL": (0, 1),
    "COMPARE_GREATERTHANOREQUALTO": (0, None),
    "COMPARE_GREATERTHAN": (1, None),
    "COMPARE_LESSTHAN": (None, 0),
    "COMPARE_LESSTHANOREQUALTO": (None, 1),
}
"""What a comparison with a moment leaves: from so many microseconds after it, and until (excluded) so many after it."""


@dataclass(frozen=True, slots=True)
class _Use:
    """A SELECT that can be answered from a rollup of a table."""

    need: Need
    wanted: Wanted
    rollup: Rollup
    times: Times
    names: Names

    def views(self) -> dict[str, Wanted]:
        """The views that it reads instead of the table."""
        times, table = self.times, self.rollup.probe.rollup_of
        keys = " ".join(self.need.keys)
        rolled = columns_named(
            self.rollup.probe,
            " ".join([keys, "samples", *(m.column(part).name for m, part in self.need.parts)]),
        )
        rows = columns_named(self.wanted.probe, " ".join([keys, *(m.name for m, _ in self.need.parts)]))
        bounds = self.wanted.bounds
        return {
            self.names.rolled: Wanted(
                self.rollup.probe, rolled, replace(bounds, times=_range(times.low, times.high)), self.rollup.table
            ),
            self.names.edges: Wanted(
                self.wanted.probe, rows, replace(bounds, times=sum((_range(*e) for e in times.edges), ())), table, True
            ),
            self.names.rest: Wanted(
                self.wanted.probe, rows, replace(bounds, times=_range(times.since, times.until)), table, False
            ),
        }  # fmt: skip

    def suits(self, content: Mapping[str, TableContent]) -> bool:
        """Whether the rollup has rows of these times, and all of them every column that is needed."""
        own = content.get(self.rollup.table)
        if own is None:
            return False
        columns = {m.column(part).id for m, part in self.need.parts if m != TIME} | {
            key.id for key in self.rollup.keys if key.name in self.need.keys
        }
        parts = [
            part for part in own.parts if part.first_ts < self.times.high and self.times.low <= part.last_ts
        ]
        has = {version: {c.id for c in probe.columns} for version, probe in own.versions.items()}
        return bool(parts) and all(columns <= has.get(part.version, set()) for part in parts)

    def apply(self, connection: DuckDBPyConnection) -> None:
        """Make the SELECT read the rollup."""
        need, node = self.need, self.need.node
        calls = [a for a in need.aggregates if a.function]
        changed = {id(a.node) for a in calls}
        bare = [e for e in node["select_list"] if "alias" not in e and changed & set(map(id, expressions(e)))]
        for expression, name in zip(bare, expression_texts(connection, bare), strict=True):
            expression["alias"] = name
        answers = parsed(connection, f"SELECT {', '.join(map(answer_sql, calls)) or 1}")["select_list"]
        for call, new in zip(calls, answers, strict=False):
            old = call.node
            if "filter" in old:
                for inner in expressions(new):
                    if inner.get("function_name") in AGGREGATES:
                        inner["filter"] = old["filter"]
            if "alias" in old:
                new["alias"] = old["alias"]
            old.clear()
            old.update(new)
        node.pop("where_clause", None)
        if need.where:
            node["where_clause"] = need.where[0]
        if len(need.where) > 1:
            node["where_clause"] = {
                "class": "CONJUNCTION", "type": "CONJUNCTION_AND", "children": list(need.where),
            }  # fmt: skip
        samples = not need.parts or any(not a.measure for a in calls)
        rows = rows_sql(self.names, self.times, sorted(need.keys), sorted(need.parts, key=repr), samples)
        node["from_table"] = from_sql(connection, rows, need.alias)


@dataclass(frozen=True, slots=True)
class _Named:
    """A rollup that the question names as a table, at `node`: it has the rows, too, that are not rolled up yet."""

    node: Node
    wanted: Wanted
    rollup: Rollup
    rows: Probe
    names: Names

    def views(self) -> dict[str, Wanted]:
        own = " ".join([*(k.name for k in self.rollup.keys), "samples", *self.wanted.columns.names])
        columns = columns_named(self.rollup.probe, own)
        found = {self.names.rolled: replace(self.wanted, columns=columns, table=self.rollup.table)}
        text = " ".join([*(k.name for k in self.rollup.keys), *(m.name for m in self.rollup.measures)])
        since, until = self.wanted.bounds.times[0][0], self.wanted.bounds.times[-1][1]
        times = Times(since, until, self.rollup.width * SECOND)
        bounds = replace(
            self.wanted.bounds, times=_range(times.low, LAST if until == LAST else until + times.width)
        )
        rows = columns_named(self.rows, text)
        found[self.names.rest] = Wanted(self.rows, rows, bounds, self.rows.name, False)
        return found

    def apply(self, connection: DuckDBPyConnection) -> None:
        alias = str(self.node.get("alias") or self.node["table_name"])
        names = self.wanted.columns.names
        new = from_sql(connection, table_sql(self.names, self.rollup, names, self.rows), alias)
        kept = {key: self.node[key] for key in ("column_name_alias", "sample") if key in self.node}
        self.node.clear()
        self.node.update(new | kept)


def rewrite(connection: DuckDBPyConnection, plan: Plan, definitions: Mapping[str, Probe]) -> Rewritten | None:
    """What of a planned question can be answered from rollups, within the transaction that it was planned in; None: nothing."""
    if not any(w.probe.rollup_of or rollups(w.probe) for w in plan.tables.values()):
        return None
    tree = deepcopy(plan.tree)
    uses = _uses(connection, plan, tree, definitions)
    named = _named(plan, tree, definitions, len(uses))
    if not uses and not named:
        return None
    needs: dict[str, Bounds] = {}
    found: list[_Use | _Named] = [*uses, *named]
    for one in found:
        for wanted in one.views().values():
            needs[wanted.table] = needs.get(wanted.table, NOTHING) | wanted.bounds

    def settle(content: Mapping[str, TableContent]) -> Plan | None:
        taken = [one for one in found if isinstance(one, _Named) or one.suits(content)]
        if not taken:
            return None
        for one in taken:
            one.apply(connection)
        still = {table_name(node, seen) for node, seen in walk(tree)}
        tables = {name: wanted for name, wanted in plan.tables.items() if name.lower() in still}
        for one in taken:
            tables |= one.views()
        return replace(plan, select=texts(connection, [tree])[0], tree=tree, tables=tables)

    return Rewritten(needs, settle)


def _uses(
    connection: DuckDBPyConnection, plan: Plan, tree: Node, definitions: Mapping[str, Probe]
) -> list[_Use]:
    columns = {name.lower(): column_names(probe) for name, probe in definitions.items()}
    tables = {name.lower(): wanted for name, wanted in plan.tables.items() if wanted.bounds}
    found: list[tuple[Need, Wanted]] = []
    for node, seen in walk(tree):
        source = node.get("from_table", {}) if node.get("type") == "SELECT_NODE" else {}
        wanted = tables.get(table_name(source, seen))
        if wanted is None or not (its := rollups(wanted.probe)):
            continue
        need = examine(
            node,
            {*column_names(wanted.probe), *(name for r in its for name in column_names(r.probe))},
            {"host", *(key.name for key in its[0].keys)},
            {measure.name: measure for measure in (TIME, *its[0].measures)},
            {name: names for name, names in columns.items() if name not in seen},
        )
        if need:
            found.append((need, wanted))
    moments, widths = _values(connection, [need for need, _ in found])
    uses: list[_Use] = []
    for need, wanted in found:
        within = [moments[id(constant)] for _, constant in need.times]
        steps = [*need.seconds, *(widths[id(width)] for width in need.widths)]
        if use := _chosen(need, wanted, within, steps, len(uses)):
            uses.append(use)
    return uses


def _chosen(
    need: Need, wanted: Wanted, moments: Sequence[int | None], steps: Sequence[int | None], n: int
) -> _Use | None:
    """The widest rollup that a SELECT can be answered from, if whole rows of it lie within its times."""
    since, until = wanted.bounds.times[0][0], wanted.bounds.times[-1][1]
    until += until != LAST
    for (operator, _), at in zip(need.times, moments, strict=True):
        if at is None:
            return None
        first, last = BETWEEN[operator]
        since = since if first is None else max(since, at + first)
        until = until if last is None else min(until, at + last)
    for rollup in reversed(rollups(wanted.probe)):
        times = Times(since, until, rollup.width * SECOND)
        if times.low < times.high and all(step and step % rollup.width == 0 for step in steps):
            return _Use(need, wanted, rollup, times, Names.numbered(rollup, n))
    return None


def _values(
    connection: DuckDBPyConnection, needs: Sequence[Need]
) -> tuple[dict[int, int | None], dict[int, int | None]]:
    """The moments (microseconds UTC) and the widths (seconds) that constants of the tree are, by the nodes' `id`; None: they are
    something else."""
    import duckdb

    moments = [constant for need in needs for _, constant in need.times]
    widths = [width for need in needs for width in need.widths]
    unknown = dict.fromkeys(map(id, moments)), dict.fromkeys(map(id, widths))
    if not moments and not widths:
        return unknown
    asked = [
        f"CASE WHEN typeof({text}) IN ({', '.join(map(literal, MOMENTS))}) OR {node['class'] == 'CONSTANT'} "
        f"THEN epoch_us(TRY_CAST({text} AS TIMESTAMPTZ)) END"
        for node, text in zip(moments, expression_texts(connection, moments), strict=True)
    ]
    parts = "['year', 'month', 'day', 'hour', 'minute', 'microsecond']"
    asked += [
        f"date_part({parts}, CAST({text} AS INTERVAL))" for text in expression_texts(connection, widths)
    ]
    try:
        row = connection.execute(f"SELECT {', '.join(asked)}").fetchall()[0]
    except duckdb.Error:
        # It may have ended the transaction; what is wrong is for who asks the question to say.
        connection.execute("ROLLBACK; BEGIN")
        return unknown
    known = [at if at is not None and YEARS_US[0] <= at < YEARS_US[1] else None for at in row[: len(moments)]]
    spans = [_seconds(span) for span in row[len(moments) :]]
    return dict(zip(map(id, moments), known, strict=True)), dict(zip(map(id, widths), spans, strict=True))


def _seconds(span: Mapping[str, int] | None) -> int | None:
    """The seconds within which buckets of this width do not change; months are whole days."""
    if span is None:
        return None
    months = span["year"] * 12 + span["month"]
    rest = ((span["day"] * 24 + span["hour"]) * 60 + span["minute"]) * 60 * SECOND + span["microsecond"]
    if months:
        return DAY if months > 0 and not rest else None
    return rest // SECOND if rest > 0 and rest % SECOND == 0 else None


def _named(plan: Plan, tree: Node, definitions: Mapping[str, Probe], n: int) -> list[_Named]:
    rolled = {name.lower(): wanted for name, wanted in plan.tables.items() if wanted.probe.rollup_of}
    found: list[_Named] = []
    for node, seen in walk(tree):
        wanted = rolled.get(table_name(node, seen))
        if wanted is None or not wanted.bounds:
            continue
        rows = definitions.get(wanted.probe.rollup_of)
        if rows is None:
            continue
        rollup = {r.table: r for r in rollups(rows)}.get(wanted.probe.name)
        if rollup and set(wanted.columns.names) <= set(column_names(rollup.probe)):
            found.append(_Named(node, wanted, rollup, rows, Names.numbered(rollup, n + len(found))))
    return found


def _range(first: int, last: int) -> Ranges[int]:
    """From `first` up to `last`, which is excluded, as `Bounds` have it."""
    return ((first, last - (last != LAST)),) if first < last else ()

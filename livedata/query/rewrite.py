"""Answers a question from rollups where the answer is the same: finds the SELECTs that can be, and makes of them such that read rollups.

`rewrite` looks at the question before the store is opened, and says what it would need; `Rewritten.settle` decides when it is known what
there is. What is told apart here is only where rows come from: the rest of the question, and the names and types of the
answer's columns, stay as they are (docs/decisions/0007).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from ..model.probe import Probe
from ..model.rollup import SAMPLES, TIME, Rollup, rollups
from .admit import walk
from .functions import AGGREGATES, DAY
from .narrow import LAST, NOTHING, Bounds, Ranges
from .plan import Plan, Rewritten, Wanted
from .rollable import Need, examine
from .rolled import Names, Times, answer_sql, rows_sql, table_sql
from .source import Content
from .tree import Node, expression_texts, expressions, parsed, table_name, texts
from .views import column_names, columns_named, identifier, literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from ..store.reader import Segment

MOMENTS = frozenset({"TIMESTAMP WITH TIME ZONE", "TIMESTAMP", "DATE"})
"""Types that are compared with `ts` as the moments that they are."""
SECOND = 1_000_000
WORTH_ROWS = 1_000_000
"""Fewer rows are read sooner than a question is rewritten and bound anew: 20 to 30 ms."""
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
    """A SELECT that can be answered from a rollup of a table: the `n`th of the question."""

    need: Need
    wanted: Wanted
    rollup: Rollup
    times: Times
    n: int

    def needs(self) -> dict[str, Bounds]:
        return {
            self.rollup.table: self._bounds(self.times.low, self.times.high),
            self.wanted.table: self._bounds(self.times.since, self.times.until),
        }

    def _bounds(self, *ends: int) -> Bounds:
        return replace(self.wanted.bounds, times=_ranges(*ends))

    def suits(self, content: Content) -> bool:
        """Whether the rollup has all rows of these times that it should, undamaged, with every column that is needed, and saves
        reading many."""
        own, rows = content.get(self.rollup.table), content.get(self.wanted.table)
        if own is None or rows is None or not set(own.damage) <= set(rows.damage):
            return False
        bounds, times = self.needs()[self.rollup.table], self.times
        parts = [part for part in own.parts if bounds.meets(part)]
        held = [part for part in rows.parts if part.rolled and bounds.meets(part)]
        if not parts:
            return False
        # A width that a header gained later has not all that others have.
        if held and (
            min(p.first_ts for p in parts) > max(times.low, min(p.first_ts for p in held))
            or max(p.last_ts for p in parts) + times.width
            <= min(times.high - 1, max(p.last_ts for p in held))
        ):
            return False
        older = not held or min(p.first_ts for p in parts) + times.width <= min(p.first_ts for p in held)
        if not older and sum(self._share(p) for p in held) < WORTH_ROWS:
            return False
        columns = {m.column(part).id for m, part in self.need.parts} | {
            key.id for key in self.rollup.keys if key.name in self.need.keys
        }
        has = {version: {c.id for c in probe.columns} for version, probe in own.versions.items()}
        return all(columns <= has.get(part.version, set()) for part in parts)

    def _share(self, part: Segment) -> float:
        """About how many rows of a file are of the hosts that are asked for."""
        hosts = self.wanted.bounds.hosts
        named = all(first == last for first, last in hosts)
        return part.rows * min(1.0, len(hosts) / part.hosts) if named else part.rows

    def take(self, connection: DuckDBPyConnection, content: Content) -> dict[str, Wanted]:
        """Make the SELECT read the rollup; the views that it reads then."""
        need, table = self.need, self.wanted.table
        keys, parts = sorted(need.keys), sorted(need.parts, key=repr)
        columns = columns_named(self.wanted.probe, " ".join([*keys, *(m.name for m, _ in parts)]))
        edges = self._bounds(*(end for edge in self.times.edges for end in edge))
        rest = self._bounds(self.times.since, self.times.until)
        views = {
            f"{table} {self.n} in {self.rollup.table}": Wanted(
                self.wanted.probe, columns, edges, table, True
            ),
            f"{table} {self.n} not in {self.rollup.table}": Wanted(
                self.wanted.probe, columns, rest, table, False
            ),
        }
        views = {name: wanted for name, wanted in views.items() if _any(wanted, content)}
        names = {wanted.rolled: name for name, wanted in views.items()}
        name = f"{self.rollup.table} {self.n}"
        own = " ".join([*keys, SAMPLES.name, *(m.column(part).name for m, part in parts)])
        views[name] = Wanted(
            self.rollup.probe, columns_named(self.rollup.probe, own), self._bounds(self.times.low, self.times.high),
            self.rollup.table,
        )  # fmt: skip
        samples = not parts or any(a.function and not a.measure for a in need.aggregates)
        sql = rows_sql(
            Names(name, names.get(True, ""), names.get(False, "")), self.times, keys, parts, samples
        )
        self._apply(connection, sql)
        return views

    def _apply(self, connection: DuckDBPyConnection, rows: str) -> None:
        need, node = self.need, self.need.node
        calls = [a for a in need.aggregates if a.function]
        new = parsed(
            connection,
            f"SELECT {', '.join(map(answer_sql, calls)) or 1} FROM ({rows}) AS {identifier(need.alias)}",
        )
        for call, answer in zip(calls, new["select_list"], strict=False):
            old = call.node
            if "filter" in old:
                for inner in expressions(answer):
                    if inner.get("function_name") in AGGREGATES:
                        inner["filter"] = old["filter"]
            if "alias" in old:
                answer["alias"] = old["alias"]
            old.clear()
            old.update(answer)
        node["from_table"] = new["from_table"]
        node.pop("where_clause", None)
        if need.where:
            node["where_clause"] = need.where[0]
        if len(need.where) > 1:
            node["where_clause"] = {
                "class": "CONJUNCTION", "type": "CONJUNCTION_AND", "children": list(need.where),
            }  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Named:
    """A rollup that the question names as a table, at `node`: it has the rows, too, that are not rolled up yet."""

    node: Node
    wanted: Wanted
    rollup: Rollup
    rows: Probe
    n: int

    def _rest(self) -> Wanted:
        since, until = self.wanted.bounds.times[0][0], self.wanted.bounds.times[-1][1]
        times = Times(since, until, self.rollup.width * SECOND)
        until = LAST if until == LAST else until + times.width
        bounds = replace(self.wanted.bounds, times=_ranges(times.low, until))
        names = [*(k.name for k in self.rollup.keys), *(m.name for m in self.rollup.measures)]
        return Wanted(self.rows, columns_named(self.rows, " ".join(names)), bounds, self.rows.name, False)

    def needs(self) -> dict[str, Bounds]:
        return {self.rows.name: self._rest().bounds}

    def suits(self, content: Content) -> bool:
        """Whether there are such rows."""
        return _any(self._rest(), content)

    def take(self, connection: DuckDBPyConnection, content: Content) -> dict[str, Wanted]:
        """Make the FROM read them as well; the views that it reads then."""
        names = Names(
            f"{self.rollup.table} {self.n}", rest=f"{self.rows.name} not in {self.rollup.table} {self.n}"
        )
        alias = str(self.node.get("alias") or self.node["table_name"])
        wanted = self.wanted.columns.names
        sql = f"SELECT 1 FROM ({table_sql(names, self.rollup, wanted)}) AS {identifier(alias)}"
        kept = {key: self.node[key] for key in ("column_name_alias", "sample") if key in self.node}
        self.node.clear()
        self.node.update(parsed(connection, sql)["from_table"] | kept)
        own = " ".join([*(k.name for k in self.rollup.keys), SAMPLES.name, *wanted])
        rolled = replace(self.wanted, columns=columns_named(self.rollup.probe, own), table=self.rollup.table)
        return {names.rolled: rolled, names.rest: self._rest()}


def rewrite(connection: DuckDBPyConnection, plan: Plan, definitions: Mapping[str, Probe]) -> Rewritten | None:
    """What of a planned question can be answered from rollups, within the transaction that it was planned in; None: nothing."""
    if not any(w.probe.rollup_of or rollups(w.probe) for w in plan.tables.values()):
        return None
    tree = deepcopy(plan.tree)
    found: list[_Use | _Named] = [*_uses(connection, plan, tree, definitions)]
    found += _named(plan, tree, definitions, len(found))
    needs: dict[str, Bounds] = {}
    for one in found:
        for table, bounds in one.needs().items():
            needs[table] = needs.get(table, NOTHING) | bounds

    def settle(content: Content) -> Plan | None:
        views: dict[str, Wanted] = {}
        for one in found:
            if one.suits(content):
                views |= one.take(connection, content)
        if not views:
            return None
        still = {table_name(node, seen) for node, seen in walk(tree)}
        still |= {str(node.get("table_name", "")).lower() for node, _ in walk(tree) if "show_type" in node}
        tables = {name: wanted for name, wanted in plan.tables.items() if name.lower() in still}
        return replace(plan, select=texts(connection, [tree])[0], tree=tree, tables=tables | views)

    return Rewritten(needs, settle) if found else None


def _any(wanted: Wanted, content: Content) -> bool:
    """Whether a view may have a row."""
    table = content.get(wanted.table)
    if table is None or not wanted.bounds:
        return False
    fresh = table.fresh.num_rows and not wanted.rolled
    return bool(fresh) or any(p.rolled is wanted.rolled and wanted.bounds.meets(p) for p in table.parts)


def _uses(
    connection: DuckDBPyConnection, plan: Plan, tree: Node, definitions: Mapping[str, Probe]
) -> list[_Use]:
    tables = {name.lower(): wanted for name, wanted in plan.tables.items() if wanted.bounds}

    def columns_of(seen: frozenset[str], table: str) -> list[str]:
        """Of a table there is, whose name may be in other letters, and which no WITH hides."""
        return [
            column
            for name, probe in definitions.items()
            if name.lower() == table and table not in seen
            for column in column_names(probe)
        ]

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
            partial(columns_of, seen),
        )
        if need:
            found.append((need, wanted))
    known = _values(connection, [need for need, _ in found])
    uses: list[_Use] = []
    for need, wanted in found:
        moments = [known.get(id(constant)) for _, constant in need.times]
        steps = [*need.seconds, *(known.get(id(width)) for width in need.widths)]
        if use := _chosen(need, wanted, moments, steps, len(uses)):
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
            return _Use(need, wanted, rollup, times, n)
    return None


def _values(connection: DuckDBPyConnection, needs: Sequence[Need]) -> dict[int, int | None]:
    """The moments (microseconds UTC) and the widths (seconds) that constants of the tree are, by the nodes' `id`; None: they are
    something else. Expressions that will change get the names, as aliases, that they have as columns."""
    import duckdb

    moments = [constant for need in needs for _, constant in need.times]
    widths = [width for need in needs for width in need.widths]
    bare = [expression for need in needs for expression in _bare(need)]
    found = expression_texts(connection, [*moments, *widths, *bare])
    for expression, name in zip(bare, found[len(moments) + len(widths) :], strict=True):
        expression["alias"] = name
    asked = [
        f"CASE WHEN typeof({text}) IN ({', '.join(map(literal, MOMENTS))}) OR {node['class'] == 'CONSTANT'} "
        f"THEN epoch_us(TRY_CAST({text} AS TIMESTAMPTZ)) END"
        for node, text in zip(moments, found, strict=False)
    ]
    parts = "['year', 'month', 'day', 'hour', 'minute', 'microsecond']"
    asked += [
        f"date_part({parts}, CAST({text} AS INTERVAL))"
        for text in found[len(moments) : len(moments) + len(widths)]
    ]
    if not asked:
        return {}
    try:
        row = connection.execute(f"SELECT {', '.join(asked)}").fetchall()[0]
    except duckdb.Error:
        # It may have ended the transaction; what is wrong is for who asks the question to say.
        connection.execute("ROLLBACK; BEGIN")
        return {}
    known = [at if at is not None and YEARS_US[0] <= at < YEARS_US[1] else None for at in row[: len(moments)]]
    known += [_seconds(span) for span in row[len(moments) :]]
    return dict(zip(map(id, (*moments, *widths)), known, strict=True))


def _bare(need: Need) -> list[Node]:
    """The SELECT's expressions without an alias that hold an aggregate which will be another."""
    changed = {id(a.node) for a in need.aggregates if a.function}
    return [
        e for e in need.node["select_list"] if "alias" not in e and changed & set(map(id, expressions(e)))
    ]


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
            found.append(_Named(node, wanted, rollup, rows, n + len(found)))
    return found


def _ranges(*ends: int) -> Ranges[int]:
    """From a first up to a last, which is excluded, and so on, as `Bounds` have it."""
    pairs = zip(ends[::2], ends[1::2], strict=True)
    return tuple((first, last - (last != LAST)) for first, last in pairs if first < last)

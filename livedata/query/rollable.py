"""Whether one SELECT of a question has the same answer from rollups, and what it needs of them: judged on DuckDB's syntax tree.

It has, where all that it asks of the rows are counts, sums, means, least and greatest values of measures, by keys and by times that are
whole buckets. What is not known to be so is refused (`None`), and answered from the rows themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..model.rollup import Measure, Part
from .functions import AGGREGATES, CALENDAR, CLOCK, DAY, PLAIN, UNIT_FUNCTIONS, UNITS
from .tree import Node, children

WITHIN = frozenset(
    {"CASE", "CAST", "COLLATE", "COMPARISON", "CONJUNCTION", "CONSTANT", "BETWEEN", "OPERATOR", "WINDOW"}
)
"""Expressions that mean what their parts mean."""
NODE_KEYS = frozenset(
    {"type", "modifiers", "cte_map", "select_list", "from_table", "where_clause", "group_expressions", "group_sets",
     "aggregate_handling", "having", "qualify"}
)  # fmt: skip
FROM_KEYS = frozenset(
    {
        "type",
        "alias",
        "query_location",
        "query_location_length",
        "schema_name",
        "table_name",
        "qualified_name",
    }
)
MODIFIERS = frozenset({"ORDER_MODIFIER", "LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER", "DISTINCT_MODIFIER"})
FLIPPED = {
    "COMPARE_EQUAL": "COMPARE_EQUAL",
    "COMPARE_LESSTHAN": "COMPARE_GREATERTHAN",
    "COMPARE_GREATERTHAN": "COMPARE_LESSTHAN",
    "COMPARE_LESSTHANOREQUALTO": "COMPARE_GREATERTHANOREQUALTO",
    "COMPARE_GREATERTHANOREQUALTO": "COMPARE_LESSTHANOREQUALTO",
}


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A call in the tree: `function` of a measure (or of `ts`), or of `samples` where `measure` is None, then of rows that have
    the key `key`, if one is named."""

    node: Node
    function: str
    measure: Measure | None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Need:
    """What a SELECT needs. `seconds`: what its buckets must be multiples of; `widths`: the same, as expressions for an interval.

    `times`: comparisons of `ts` with constants, as (operator, constant), all of which hold; `where` are the other conditions.
    """

    node: Node
    alias: str
    keys: frozenset[str]
    aggregates: tuple[Aggregate, ...]
    seconds: frozenset[int]
    widths: tuple[Node, ...]
    times: tuple[tuple[str, Node], ...]
    where: tuple[Node, ...]

    @property
    def parts(self) -> frozenset[tuple[Measure, Part]]:
        """The columns of measures that are needed."""
        return frozenset(
            (a.measure, part) for a in self.aggregates if a.measure for part in PARTS_OF[a.function]
        )


PARTS_OF: Mapping[str, tuple[Part, ...]] = {
    "count": ("count",), "sum": ("sum",), "avg": ("sum", "count"), "min": ("min",), "max": ("max",),
}  # fmt: skip


class _Refused(Exception):
    """It is not known to have the same answer."""


def name_of(ref: Node) -> list[str]:
    return [str(part).lower() for part in ref["column_names"]]


def arguments(call: Node) -> list[Node]:
    found = call.get("arguments", ())
    if any("name" in argument for argument in found):
        raise _Refused
    return [argument["expression"] for argument in found]


def examine(
    node: Node,
    columns: Collection[str],
    keys: Collection[str],
    measures: Mapping[str, Measure],
    columns_of: Callable[[str], Collection[str]],
) -> Need | None:
    """What a SELECT over one table needs of its rollups; None: it must be answered from the rows.

    Args:
        node: the SELECT_NODE; its FROM names the table and nothing else.
        columns: the names of all columns of the table's view, and of its rollups.
        keys: those that stand in both and are the same in all rows of a row of a rollup, `host` among them.
        measures: what can be asked of the rollups, by name; `ts` with its least and greatest.
        columns_of: the columns of any table there is: what a subquery names of its own table is not ours.
    """
    try:
        return _Examined(node, columns, keys, measures, columns_of).need()
    except _Refused:
        return None


@dataclass(slots=True)
class _Examined:
    """One SELECT while it is looked at; what is found gathers in it."""

    node: Node
    columns: Collection[str]
    keys: Collection[str]
    measures: Mapping[str, Measure]
    columns_of: Callable[[str], Collection[str]]
    alias: str = ""
    aliases: frozenset[str] = frozenset()
    used: set[str] = field(default_factory=set)
    aggregates: list[Aggregate] = field(default_factory=list)
    seconds: set[int] = field(default_factory=set)
    widths: list[Node] = field(default_factory=list)
    windows: bool = False

    def need(self) -> Need:
        node, table = self.node, self.node["from_table"]
        if not (node.keys() <= NODE_KEYS and table.keys() <= FROM_KEYS):
            raise _Refused
        self.alias = str(table.get("alias") or table["table_name"])
        self.aliases = frozenset(str(e["alias"]).lower() for e in node["select_list"] if "alias" in e)
        times: list[tuple[str, Node]] = []
        where: list[Node] = []
        for condition in _conjunction(node.get("where_clause")):
            found = list(self._times(condition))
            times += found
            if not found:
                self._row(condition)
                where.append(condition)
        for key in ("select_list", "group_expressions"):
            for expression in node.get(key, ()):
                self._group(expression)
        for key in ("having", "qualify"):
            if key in node:
                self._group(node[key])
        distinct = False
        for modifier in node.get("modifiers", ()):
            distinct |= self._modifier(modifier)
        grouped = (
            "group_sets" in node or node.get("aggregate_handling") == "FORCE_AGGREGATES" or self.aggregates
        )
        if not grouped and (not distinct or self.windows):
            raise _Refused
        return Need(
            node, self.alias, frozenset(self.used), tuple(self.aggregates), frozenset(self.seconds),
            tuple(self.widths), tuple(times), tuple(where),
        )  # fmt: skip

    def _modifier(self, modifier: Node) -> bool:
        """Whether it makes the rows distinct."""
        if modifier["type"] not in MODIFIERS:
            raise _Refused
        for order in modifier.get("orders", ()):
            expression = order["expression"]
            # An alias goes before a column here, and only here.
            if expression["class"] != "COLUMN_REF" or not {".".join(name_of(expression))} & self.aliases:
                self._group(expression)
        rest = {key: value for key, value in modifier.items() if key != "orders"}
        for expression in children(rest):
            self._group(expression)
        return modifier["type"] == "DISTINCT_MODIFIER" and "distinct_on_targets" not in modifier

    def _times(self, condition: Node) -> Iterator[tuple[str, Node]]:
        """The condition as comparisons of `ts` with constants; none if it is something else."""
        if condition["class"] == "BETWEEN" and self._is_time(condition["input"]):
            if _constant(condition["lower"]) and _constant(condition["upper"]):
                yield "COMPARE_GREATERTHANOREQUALTO", condition["lower"]
                yield "COMPARE_LESSTHANOREQUALTO", condition["upper"]
        elif condition["class"] == "COMPARISON" and condition["type"] in FLIPPED:
            left, right = condition["left"], condition["right"]
            if self._is_time(left) and _constant(right):
                yield condition["type"], right
            elif self._is_time(right) and _constant(left):
                yield FLIPPED[condition["type"]], left

    def _own(self, ref: Node) -> str:
        """The column that a reference means if it is one of the table's, else ""."""
        names = name_of(ref)
        if len(names) == 2 and names[0] == self.alias.lower():
            names = names[1:]
        return names[0] if len(names) == 1 and names[0] in self.columns else ""

    def _is_time(self, expression: Node) -> bool:
        return expression["class"] == "COLUMN_REF" and self._own(expression) == "ts"

    def _group(self, expression: Node) -> None:
        """An expression over groups: it may hold aggregates."""
        self._look(expression, aggregates=True)

    def _row(self, expression: Node) -> None:
        """An expression over rows that is the same for all rows of a row of a rollup."""
        self._look(expression, aggregates=False)

    def _look(self, expression: Node, aggregates: bool) -> None:
        kind = expression["class"]
        if kind == "COLUMN_REF":
            self._reference(expression)
        elif kind == "FUNCTION":
            self._call(expression, aggregates)
        elif kind == "SUBQUERY":
            self._apart(expression["subquery"], frozenset())
            if "child" in expression:
                self._look(expression["child"], aggregates)
        elif kind == "CAST" and self._is_time(expression["child"]):
            if str(expression.get("type_expr", {}).get("type_name", "")).lower() != "date":
                raise _Refused
            self.seconds.add(DAY)
            self.used.add("ts")
        elif kind in WITHIN:
            self.windows |= kind == "WINDOW"
            if kind == "WINDOW" and not aggregates:
                raise _Refused
            for child in children(expression):
                self._look(child, aggregates)
        else:
            raise _Refused

    def _reference(self, ref: Node) -> None:
        own, names = self._own(ref), name_of(ref)
        if own in self.keys:
            self.used.add(own)
            return
        elsewhere = names[0] in self.aliases or names[0] in CLOCK
        if own or len(names) != 1 or names[0] == self.alias.lower() or not elsewhere:
            raise _Refused

    def _call(self, call: Node, aggregates: bool) -> None:
        name = str(call["function_name"]).lower()
        special = call.keys() & {"distinct", "filter", "export_state"} or "orders" in call.get(
            "order_bys", {}
        )
        if len(call.get("qualified_name", {}).get("path", ())) > 1:
            raise _Refused
        if name in AGGREGATES:
            if not aggregates or "export_state" in call or "orders" in call.get("order_bys", {}):
                raise _Refused
            self._aggregate(call, "avg" if name == "mean" else name)
            return
        if special:
            raise _Refused
        values = arguments(call)
        if self._bucket(name, values):
            self.used.add("ts")
        elif name in PLAIN or name in CLOCK:
            for value in values:
                self._look(value, aggregates)
        else:
            raise _Refused

    def _bucket(self, name: str, values: list[Node]) -> bool:
        """Whether a call gives the bucket that `ts` lies in, or what is the same in all of it."""
        times = [value for value in values if self._is_time(value)]
        if not times:
            return False
        if values[-1] is not times[0]:
            raise _Refused
        if name == "time_bucket" and len(values) == 2 and _constant(values[0]):
            self.widths.append(values[0])
        elif name in UNIT_FUNCTIONS and len(values) == 2 and _text(values[0]) in UNITS:
            self.seconds.add(UNITS[_text(values[0])])
        elif name in CALENDAR and len(values) == 1:
            self.seconds.add(CALENDAR[name])
        else:
            raise _Refused
        return True

    def _aggregate(self, call: Node, name: str) -> None:
        values = arguments(call)
        if "filter" in call:
            self._row(call["filter"])
        distinct = call.get("distinct", False)
        if not values or name == "count_star":
            if values or name not in ("count", "count_star") or distinct:
                raise _Refused
            self.aggregates.append(Aggregate(call, "count", None))
            return
        if len(values) != 1:
            raise _Refused
        value = values[0]
        own = self._own(value) if value["class"] == "COLUMN_REF" else ""
        if own in self.measures and not distinct:
            measure = self.measures[own]
            if own == "ts" and name == "count":
                self.aggregates.append(Aggregate(call, "count", None))
            elif set(PARTS_OF[name]) <= set(measure.parts):
                self.aggregates.append(Aggregate(call, name, measure))
            else:
                raise _Refused
        elif name in ("min", "max") or (name == "count" and distinct):
            # The same of the keys of either table, however often each comes.
            self._row(value)
            self.aggregates.append(Aggregate(call, "", None))
        elif name == "count" and own in self.keys:
            self.used.add(own)
            self.aggregates.append(Aggregate(call, "count", None, own))
        elif name == "count" and value["class"] == "CONSTANT" and value["literal"]["kind"] == "INTEGER":
            self.aggregates.append(Aggregate(call, "count", None))
        else:
            raise _Refused

    def _apart(self, tree: Any, hidden: frozenset[str]) -> None:
        """Refuses a subquery that may mean a column of ours which is not a key; keys are the same in both tables.

        `hidden`: names that are columns of a table that stands nearer.
        """
        if isinstance(tree, list):
            for child in tree:
                self._apart(child, hidden)
        elif isinstance(tree, dict):
            if tree.get("type") == "SELECT_NODE":
                source = tree.get("from_table", {})
                if source.get("type") == "BASE_TABLE" and "column_name_alias" not in source:
                    hidden |= frozenset(self.columns_of(str(source.get("table_name", "")).lower()))
            if tree.get("class") == "COLUMN_REF":
                *outer, column = names = name_of(tree)
                named = self.alias.lower() in names
                ours = named or (column in self.columns and column not in hidden)
                if ours and (column not in self.keys or (named and outer != [self.alias.lower()])):
                    raise _Refused
                if ours:
                    self.used.add(column)
            for child in tree.values():
                self._apart(child, hidden)


def _conjunction(condition: Node | None) -> Iterator[Node]:
    """The conditions that all must hold."""
    if condition is None:
        return
    if condition["class"] == "CONJUNCTION" and condition["type"] == "CONJUNCTION_AND":
        for child in condition["children"]:
            yield from _conjunction(child)
    else:
        yield condition


def _constant(expression: Node) -> bool:
    """Whether an expression has one value in the whole question."""
    kind = expression["class"]
    if kind == "COLUMN_REF":
        return len(expression["column_names"]) == 1 and name_of(expression)[0] in CLOCK
    if kind == "FUNCTION":
        name = str(expression["function_name"]).lower()
        if name not in PLAIN and name not in CLOCK:
            return False
    elif kind not in WITHIN or kind == "WINDOW":
        return False
    return all(_constant(child) for child in children(expression))


def _text(expression: Node) -> str:
    """The text that a constant is, in small letters; "" if it is none."""
    literal = expression.get("literal", {})
    if expression["class"] != "CONSTANT" or literal.get("kind") != "STRING":
        return ""
    return str(literal.get("text", "")).lower()

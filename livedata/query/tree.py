"""DuckDB's syntax trees (`json_serialize_sql`): their expressions, and from text to tree and back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Node = dict[str, Any]
"""A node of a tree; expressions have a `class`."""

NOTHING_FROM = {
    "type": "SELECT_NODE", "cte_map": {}, "from_table": {"type": "EMPTY"}, "aggregate_handling": "STANDARD_HANDLING",
}  # fmt: skip
"""A SELECT without a FROM, and without what it selects."""
SERIALIZED = "json_serialize_sql($1, skip_null := true, skip_empty := true, skip_default := true)"


def children(node: Node) -> Iterator[Node]:
    """The nearest expressions below a node."""
    stack = [value for key, value in node.items() if key != "type_expr"]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            if "class" in value:
                yield value
            else:
                stack.extend(value.values())
        elif isinstance(value, list):
            stack.extend(value)


def expressions(node: Node) -> Iterator[Node]:
    """An expression and all those below it."""
    stack = [node]
    while stack:
        yield (last := stack.pop())
        stack.extend(children(last))


def table_name(node: Node, defined: frozenset[str]) -> str:
    """The table that a node of a FROM names, in small letters; "" if it is something else, or a name that a WITH has `defined`."""
    if node.get("type") != "BASE_TABLE":
        return ""
    name = str(node.get("table_name", "")).lower()
    qualified = len(node.get("qualified_name", {}).get("path", ())) > 1
    return name if qualified or name not in defined else ""


def parsed(connection: DuckDBPyConnection, select: str) -> Node:
    """The SELECT_NODE of one SELECT."""
    row = connection.execute(f"SELECT {SERIALIZED}", [select]).fetchall()[0]
    node: Node = json.loads(row[0])["statements"][0]["node"]
    return node


def texts(connection: DuckDBPyConnection, statements: Sequence[Node]) -> list[str]:
    """The SQL of statements, as DuckDB writes it."""
    trees = [json.dumps({"error": False, "statements": [statement]}) for statement in statements]
    rows = connection.execute(
        "SELECT json_deserialize_sql(tree) FROM (SELECT unnest($1::JSON[]) AS tree)", [trees]
    ).fetchall()
    return [str(text) for (text,) in rows]


def expression_texts(connection: DuckDBPyConnection, of: Sequence[Node]) -> list[str]:
    """The SQL of expressions: of one without an alias that is also the name that it has as a column."""
    if not of:
        return []
    found = texts(connection, [{"node": {**NOTHING_FROM, "select_list": [expression]}} for expression in of])
    return [text.removeprefix("SELECT ") for text in found]

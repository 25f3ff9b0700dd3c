"""Decides whether a statement may run: one SELECT over the store's tables, or EXPLAIN of one, and nothing else.

It looks at DuckDB's own syntax tree (`json_serialize_sql`) and admits what it knows. What DuckDB calls a SELECT is not
enough: since 2.0 a WITH may hold COPY TO or INSERT. The engine's settings are the second wall (`engine.py`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import QueryError
from .problems import problem_at, sql_error

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

QUERIES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})
SOURCES = frozenset(
    {"BASE_TABLE", "JOIN", "SUBQUERY", "TABLE_FUNCTION", "EXPRESSION_LIST", "EMPTY", "PIVOT", "SHOW_REF"}
)
PARTS = re.compile(r"ORDER_DEFAULT|ASCENDING|DESCENDING|[A-Z_]+_MODIFIER|[A-Z_]+_TYPE_INFO|INVALID")
"""Order, limit and distinct clauses, and what a type is made of: they hold expressions, and name nothing."""

TABLE_FUNCTIONS = frozenset(
    {"generate_series", "histogram", "histogram_values", "json_each", "json_tree", "pg_timezone_names", "range",
     "repeat", "repeat_row", "unnest"}
)  # fmt: skip
"""The functions that may stand in FROM: they reckon, and read nothing but their arguments."""

REFUSED_FUNCTIONS = frozenset(
    {"current_query", "current_query_id", "current_setting", "currval", "getenv", "getvariable", "nextval", "pg_sleep",
     "setval", "sleep_ms", "write_log"}
)  # fmt: skip
"""Scalar functions that wait, write, or read something else than their arguments."""

_EXPLAIN = re.compile(
    r"(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/)*explain\b(?:(?:\s|--[^\n]*\n|/\*.*?\*/)+analyze\b)?", re.I | re.S
)
_ANALYZE = re.compile(r"analyze$", re.I)
_LISTS_TABLES = frozenset({'"tables"', "__show_tables_expanded"})


@dataclass(frozen=True, slots=True)
class Admitted:
    """`sql` is what runs; `named` are the tables in its FROMs, each with the offset (bytes) where it stands."""

    sql: str
    named: tuple[tuple[str, int | None], ...]
    defined: frozenset[str]
    """What WITH defines, in lower case: a name among them may be no table of the store."""
    lists_tables: bool
    """It is SHOW TABLES or the like: every table must be there to be listed."""


def admit(connection: DuckDBPyConnection, sql: str) -> Admitted:
    """What `sql` reads, if it may run.

    Raises:
        QueryError: it does not parse, is not exactly one SELECT, or holds something that is not admitted.
    """
    explain = _EXPLAIN.match(sql)
    text = sql
    if explain:
        # What follows is judged by itself, and the prefix rebuilt from its words: what runs is what was judged.
        word = "EXPLAIN ANALYZE" if _ANALYZE.search(explain.group()) else "EXPLAIN"
        gap = len(explain.group().encode()) - len(word)
        text = " " * (len(word) + gap) + sql[explain.end() :]
        sql = word + " " * gap + sql[explain.end() :]
    tree = _parse(connection, text)
    named: list[tuple[str, int | None]] = []
    defined: set[str] = set()
    lists_tables = False
    for node in _dicts(tree):
        where = node.get("query_location")
        kind = node.get("type")
        _judge_function(node, text, where)
        for entry in node.get("cte_map", {}).get("map", ()):
            defined.add(entry["key"].lower())
        if "class" in node or not isinstance(kind, str):
            if node.get("class") == "PARAMETER":
                raise problem_at(text, where, "values can't be bound", "write the value into the SQL")
            continue
        if kind not in QUERIES and kind not in SOURCES and not PARTS.fullmatch(kind):
            raise _not_a_select(text, where, kind)
        if kind == "BASE_TABLE" or (kind == "SHOW_REF" and node.get("show_type") == "SHOW"):
            named.append((_table_name(node, text, where), where))
        elif kind == "SHOW_REF" and "query" not in node:
            if node.get("table_name") not in _LISTS_TABLES:
                raise problem_at(
                    text, where, "only SHOW TABLES may be shown", "DESCRIBE TABLE gives a table's columns"
                )
            lists_tables = True
    return Admitted(sql, tuple(named), frozenset(defined), lists_tables)


def admit_expressions(connection: DuckDBPyConnection, expressions: Sequence[str]) -> None:
    """Raises QueryError if one of them is more than an expression over columns: a statement, a subquery, a file."""
    if expressions:
        admitted = admit(connection, f"SELECT {', '.join(f'({e})' for e in expressions)}")
        if admitted.named:
            raise QueryError(f"an expression names the table {admitted.named[0][0]}")


def _parse(connection: DuckDBPyConnection, sql: str) -> Any:
    """DuckDB's syntax tree of the one SELECT that `sql` must be."""
    rows = connection.execute(
        "SELECT json_serialize_sql($1, skip_null := true, skip_empty := true, skip_default := true)", [sql]
    ).fetchall()
    try:
        answer = json.loads(rows[0][0])
    except RecursionError:
        raise problem_at(sql, None, "it is nested too deeply", "split it with WITH") from None
    if answer.get("error"):
        if answer.get("error_type") == "parser":
            raise sql_error(sql, answer)
        raise _refused(connection, sql)
    statements = answer.get("statements", ())
    if len(statements) != 1:
        raise _refused(connection, sql)
    return statements[0]


def _refused(connection: DuckDBPyConnection, sql: str) -> QueryError:
    """Why `sql` isn't one SELECT, by the kinds of its statements."""
    kinds = [s.type.name for s in connection.extract_statements(sql)]
    if not kinds:
        return problem_at(
            sql, None, "there is no SQL", "for example: SELECT host, count(*) FROM cpu GROUP BY host"
        )
    if kinds == ["MULTI"]:
        return problem_at(
            sql,
            None,
            "PIVOT needs its values named",
            "PIVOT cpu ON host IN ('web-01', 'db-01') USING avg(busy_pct)",
        )
    if len(kinds) > 1:
        return problem_at(sql, None, f"these are {len(kinds)} statements", "ask one SELECT at a time")
    return problem_at(
        sql, None, f"{kinds[0]} is not admitted", "a query reads: one SELECT, or EXPLAIN of one"
    )


def _not_a_select(sql: str, where: int | None, kind: str) -> QueryError:
    word = kind.removesuffix("_QUERY_NODE").replace("_", " ")
    return problem_at(sql, where, f"{word} is not admitted", "a query reads: one SELECT, or EXPLAIN of one")


def _dicts(tree: Any) -> Iterator[dict[str, Any]]:
    """Every object of a JSON document, without recursion: the text comes from outside."""
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            yield node
            stack.extend(reversed(node.values()))
        elif isinstance(node, list):
            stack.extend(reversed(node))


def _judge_function(node: dict[str, Any], sql: str, where: int | None) -> None:
    if node.get("type") == "TABLE_FUNCTION" and "class" not in node:
        name = str(node.get("function", {}).get("function_name", "")).lower()
        if name not in TABLE_FUNCTIONS:
            raise problem_at(
                sql, where, f"{name}() is not admitted", "SQL reads the store's tables: livedata fleet tables"
            )
    elif str(node.get("function_name", "")).lower() in REFUSED_FUNCTIONS:
        raise problem_at(
            sql, where, f"{node['function_name']}() is not admitted", "SQL reads the store's tables only"
        )


def _table_name(node: dict[str, Any], sql: str, where: int | None) -> str:
    path = node.get("qualified_name", {}).get("path") or [node.get("table_name", "")]
    *qualifiers, name = path
    if [q.lower() for q in qualifiers] not in ([], ["main"], ["memory", "main"], ["memory"]):
        raise problem_at(
            sql, where, f"there is no table {'.'.join(path)}", "livedata fleet tables lists them"
        )
    return str(name)

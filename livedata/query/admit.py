"""Decides whether a statement may run: one SELECT over the store's tables, or EXPLAIN of one, and nothing else.

It looks at DuckDB's own syntax tree (`json_serialize_sql`) and admits what it knows. What DuckDB calls a SELECT is not
enough: since 2.0 a WITH may hold COPY TO or INSERT. The engine's settings are the second wall (`engine.py`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
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
    {"generate_series", "json_each", "json_tree", "pg_timezone_names", "range",
     "repeat", "repeat_row", "unnest"}
)  # fmt: skip
"""The functions that may stand in FROM: they reckon, and read nothing but their arguments."""

REFUSED_FUNCTIONS = frozenset(
    {"current_query", "current_query_id", "current_setting", "currval", "getenv", "getvariable", "nextval", "pg_sleep",
     "setval", "sleep_ms", "write_log"}
)  # fmt: skip
"""Scalar functions that wait, write, or read something else than their arguments."""

LONGEST = 1_000_000
DEEPEST = 100
"""Brackets within brackets."""
DEEPEST_WITH = 4
"""WITH within WITH."""

MEAN_EVERY_COLUMN = frozenset({"STAR", "POSITIONAL_REFERENCE", "PIVOT", "SHOW_REF"})

_SURROGATE = re.compile("[\ud800-\udfff]")
_EXPLAIN = re.compile(
    r"(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/)*explain\b(?:(?:\s|--[^\n]*\n|/\*.*?\*/)+analyze\b)?", re.I | re.S
)
_ANALYZE = re.compile(r"analyze$", re.I)
_NESTING = re.compile(r"\bwith\b|[(\[{]|[)\]}]", re.I)
_LISTS_TABLES = frozenset({'"tables"', "__show_tables_expanded"})


@dataclass(frozen=True)
class Admitted:
    """`sql` is what runs; `named` are the tables in its FROMs, each with the offset (bytes) where it stands."""

    sql: str
    named: tuple[tuple[str, int | None], ...]
    lists_tables: bool
    """It is SHOW TABLES or the like: every table must be there to be listed."""
    selects: str
    """The SELECT by itself, with blanks in the place of an EXPLAIN."""
    tree: dict[str, Any]
    """DuckDB's syntax tree of `selects` (`json_serialize_sql`)."""

    @cached_property
    def names_columns(self) -> bool:
        """Whether it names each column that it means: no star, no row as a whole, nothing by position."""
        aliases: set[str] = set()
        rows: set[str] = set()
        for node, _ in walk(self.tree):
            kind = node.get("type")
            if str(kind) in MEAN_EVERY_COLUMN or node.get("ref_type") == "NATURAL":
                return False
            if kind == "BASE_TABLE":
                if "column_name_alias" in node:
                    return False
                aliases |= {str(node.get("alias", "")).lower(), str(node.get("table_name", "")).lower()}
            elif kind == "COLUMN_REF":
                rows.add(str(node["column_names"][-1]).lower())
        return not aliases & rows


def admit(connection: DuckDBPyConnection, sql: str) -> Admitted:
    """What `sql` reads, if it may run.

    Raises:
        QueryError: it does not parse, is not exactly one SELECT, or holds something that is not admitted.
    """
    _check_text(sql)
    runs = text = sql
    if explain := _EXPLAIN.match(sql):
        # What follows is judged by itself, and the prefix made anew from its words: what runs is what was judged.
        word = "EXPLAIN ANALYZE" if _ANALYZE.search(explain.group()) else "EXPLAIN"
        rest, size = sql[explain.end() :], len(explain.group().encode())
        text, runs = " " * size + rest, word.ljust(size) + rest
    tree = _parse(connection, text, sql)
    named: list[tuple[str, int | None]] = []
    lists_tables = False
    for node, defined in walk(tree):
        where = node.get("query_location")
        kind = node.get("type")
        _judge_function(node, sql, where)
        if "class" in node or not isinstance(kind, str):
            if node.get("class") == "PARAMETER":
                raise problem_at(sql, where, "values can't be bound", "write the value into the SQL")
            continue
        if kind not in QUERIES and kind not in SOURCES and not PARTS.fullmatch(kind):
            raise _not_a_select(sql, where, kind)
        if kind == "BASE_TABLE" or (kind == "SHOW_REF" and node.get("show_type") == "SHOW"):
            path = _path(node)
            if len(path) > 1 or path[0].lower() not in defined:
                named.append((_table_name(path, sql, where), where))
        elif kind == "SHOW_REF" and "query" not in node:
            if node.get("table_name") not in _LISTS_TABLES:
                raise problem_at(
                    text, where, "only SHOW TABLES may be shown", "DESCRIBE TABLE gives a table's columns"
                )
            lists_tables = True
    return Admitted(runs, tuple(named), lists_tables, text, tree)


def _check_text(sql: str) -> None:
    """Refuses what DuckDB's parser can't be given.

    It reads no further than a NUL in one place and past it in another; and it takes gigabytes, outside its own memory
    limit, for a mistake below five nested WITHs (4 to 5 times more with each) or below thousands of brackets. Words
    and brackets within texts are counted too: better too strict than fooled.

    Raises:
        QueryError: it holds a NUL or a lone surrogate, is too long, or nested too deeply.
    """
    if "\0" in sql or _SURROGATE.search(sql):
        raise QueryError("it is not text: it holds a NUL or half a character", where="SQL")
    if len(sql) > LONGEST:
        raise QueryError(f"it is longer than {LONGEST} characters", where="SQL")
    depth = 0
    withs: list[int] = []
    for match in _NESTING.finditer(sql):
        token = match.group()
        if token in "([{":
            depth += 1
        elif token in ")]}":
            depth = max(0, depth - 1)
            while withs and withs[-1] > depth:
                withs.pop()
        elif not withs or withs[-1] < depth:
            withs.append(depth)
        if depth > DEEPEST or len(withs) > DEEPEST_WITH:
            offset = len(sql[: match.start()].encode())
            raise problem_at(
                sql, offset, "it is nested too deeply", "define the steps side by side in one WITH"
            )


def admit_expressions(connection: DuckDBPyConnection, expressions: Sequence[str]) -> None:
    """Raises QueryError if one of them is more than an expression over columns: a statement, a subquery, a file."""
    if expressions:
        admitted = admit(connection, f"SELECT {', '.join(f'({e})' for e in expressions)}")
        if admitted.named:
            raise QueryError(f"an expression names the table {admitted.named[0][0]}")


def _parse(connection: DuckDBPyConnection, text: str, shown: str) -> Any:
    """DuckDB's syntax tree of the one SELECT that `text` must be; errors quote `shown`, which has the same places."""
    rows = connection.execute(
        "SELECT json_serialize_sql($1, skip_null := true, skip_empty := true, skip_default := true)", [text]
    ).fetchall()
    try:
        answer = json.loads(rows[0][0])
    except RecursionError:
        raise problem_at(shown, None, "it is nested too deeply", "define the steps in a WITH") from None
    if answer.get("error") and answer.get("error_type") == "parser":
        raise sql_error(shown, answer)
    statements = answer.get("statements", ())
    if len(statements) != 1:
        raise _refused(connection, text)
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


def walk(tree: Any) -> Iterator[tuple[dict[str, Any], frozenset[str]]]:
    """Every object of the tree with the names that WITH defines there (lower case), without recursion.

    A definition is seen by those after it and by the query under them; by itself only where it is recursive.
    """
    stack: list[tuple[Any, frozenset[str]]] = [(tree, frozenset())]
    while stack:
        node, seen = stack.pop()
        if isinstance(node, list):
            stack.extend((child, seen) for child in reversed(node))
        elif isinstance(node, dict):
            children = []
            for entry in node.get("cte_map", {}).get("map", ()):
                query, name = entry["value"], entry["key"].lower()
                recursive = query.get("query_node", {}).get("type") == "RECURSIVE_CTE_NODE"
                children.append((query, seen | {name} if recursive else seen))
                seen = seen | {name}
            children += [(child, seen) for key, child in node.items() if key != "cte_map"]
            yield node, seen
            stack.extend(reversed(children))


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


def _path(node: dict[str, Any]) -> list[str]:
    """A table's name with its catalogue and schema, as far as they are written."""
    return [str(p) for p in node.get("qualified_name", {}).get("path") or [node.get("table_name", "")]]


def _table_name(path: list[str], sql: str, where: int | None) -> str:
    *qualifiers, name = path
    if [q.lower() for q in qualifiers] not in ([], ["main"], ["memory", "main"], ["memory"]):
        raise problem_at(
            sql, where, f"there is no table {'.'.join(path)}", "livedata fleet tables lists them"
        )
    return name

"""Turns what DuckDB says into a QueryError of a few lines: where, what, and the nearest name or the next step."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from ..errors import QueryError
from .text import plain

WIDEST = 100
"""Characters of the SQL's line that are quoted."""

_MARGIN = 40
_UNKNOWN_COLUMN = re.compile(r'Referenced column "(?P<name>.+?)" (?:was )?not found|"(?P<qualified>[^"]+)"')


def problem_at(sql: str, offset: int | None, problem: str, hint: str = "") -> QueryError:
    """The error at a place of the SQL: its line is quoted with a caret under byte `offset`."""
    if offset is None:
        return QueryError(problem, where="SQL", hint=hint)
    before = sql.encode()[:offset].decode(errors="ignore")
    line_number = before.count("\n") + 1
    column = len(before) - (before.rfind("\n") + 1)
    line = sql.split("\n")[line_number - 1] if sql else ""
    start = max(0, column - _MARGIN) if len(line) > WIDEST else 0
    quoted = plain(line[start : start + WIDEST])
    caret = " " * len(plain(line[start:column])) + "^"
    return QueryError(
        f"{problem}\n  {quoted}\n  {caret}", where=f"SQL, line {line_number}, column {column + 1}", hint=hint
    )


def nearest(name: str, names: Iterable[str], count: int = 3) -> list[str]:
    """The names most like `name`, best first; one that holds it, or is held by it, is like it too."""
    known = {n.lower(): n for n in names}
    low = name.lower()
    close = get_close_matches(low, known, count, 0.6)
    holding = sorted((n for n in known if low and (low in n or n in low)), key=len)
    return [known[n] for n in dict.fromkeys([*close, *holding])][:count]


def did_you_mean(name: str, names: Iterable[str], otherwise: str) -> str:
    near = nearest(name, names)
    return f"did you mean {' or '.join(near)}?" if near else otherwise


def sql_error(
    sql: str, detail: Mapping[str, Any], columns: Mapping[str, Iterable[str]] | None = None
) -> QueryError:
    """The error for DuckDB's own JSON account of it; `columns`: those of each table that the SQL names."""
    message = str(detail.get("exception_message") or detail.get("error_message") or "")
    position = str(detail.get("position", ""))
    offset = int(position) if position.isdigit() else None
    columns = columns or {}
    subtype = detail.get("error_subtype")
    if subtype == "COLUMN_NOT_FOUND":
        name = str(detail.get("name", ""))
        known = list(dict.fromkeys(c for names in columns.values() for c in names)) or _listed(detail)
        tables = " or ".join(sorted(columns))
        otherwise = f"livedata fleet tables {sorted(columns)[0]} lists its columns" if columns else ""
        place = f" in {tables}" if tables else ""
        return problem_at(
            sql, offset, f"there is no column {name}{place}", did_you_mean(name, known, otherwise)
        )
    if subtype == "MISSING_ENTRY":
        name, kind = str(detail.get("name", "")), str(detail.get("type", "entry")).lower()
        return problem_at(sql, offset, f"there is no {kind} {name}", did_you_mean(name, _listed(detail), ""))
    first, _, rest = message.partition("\n")
    return problem_at(sql, offset, plain(first), _advice(rest))


def _listed(detail: Mapping[str, Any]) -> list[str]:
    return [c for c in str(detail.get("candidates", "")).split(",") if c]


def _advice(rest: str) -> str:
    """The useful line of what DuckDB adds; a list of candidate functions is cut to three."""
    lines = [plain(line.strip()) for line in rest.split("\n") if line.strip()]
    if lines and lines[0].startswith("Candidate functions"):
        return "it takes: " + "; ".join(lines[1:4])
    return lines[0] if lines else ""


def detail_of(error: BaseException) -> dict[str, Any] | None:
    """The JSON that DuckDB put into an error's message (`errors_as_json`), or None."""
    text = str(error)
    start = text.find("{")
    if start < 0:
        return None
    try:
        detail = json.loads(text[start:])
    except ValueError:
        return None
    return detail if isinstance(detail, dict) and "exception_type" in detail else None


def engine_error(
    error: BaseException, sql: str, columns: Mapping[str, Iterable[str]], seconds: float, memory: str
) -> QueryError:
    """The error for whatever the engine raised while it bound or ran `sql`."""
    detail = detail_of(error) or {"exception_type": "", "exception_message": str(error).split(": ", 1)[-1]}
    kind, message = detail["exception_type"], detail["exception_message"]
    if kind == "INTERRUPT" and "maximum execution time" in message:
        return QueryError(
            f"it took longer than {seconds:g} s",
            where="SQL",
            hint="narrow it with --since and --host, or give --timeout",
        )
    if kind == "Out of Memory":
        return QueryError(
            f"it needs more memory than {memory}",
            where="SQL",
            hint="narrow it with --since and --host, or raise query_memory (LIVEDATA_QUERY_MEMORY)",
        )
    return sql_error(sql, detail, columns)

"""Turns what DuckDB says into a QueryError of a few lines: where, what, and the nearest name or the next step."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher, get_close_matches
from typing import Any

from ..errors import QueryError
from .text import plain, width

WIDEST = 100
"""Characters of the SQL's line that are quoted."""

ALIKE = 0.62
"""The least likeness at which a name is offered."""

KEYWORDS = (
    "select", "from", "where", "group", "order", "having", "limit", "offset", "join", "using", "union", "interval",
    "between", "distinct", "window", "partition", "qualify", "explain", "describe", "summarize", "values",
)  # fmt: skip

_MARGIN = 40
_NO_COLUMN = re.compile(
    r'does not have a column named "(?P<of_table>[^"]+)"|^Column "(?P<other>[^"]+)" (?:does not exist|in \w+ list not)'
)
_NO_SYNTAX = re.compile(r'^syntax error at or near "(?P<token>.*)"')


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
    caret = " " * width(plain(line[start:column])) + "^"
    return QueryError(
        f"{problem}\n  {quoted}\n  {caret}", where=f"SQL, line {line_number}, column {column + 1}", hint=hint
    )


def _likeness(low: str, name: str) -> float:
    """How like a name is to what was written, 0 to 1; a likeness to a part between underscores counts almost as much."""
    parts = [p for p in name.split("_") if p != name]
    whole = SequenceMatcher(None, low, name).ratio()
    short, long = sorted((low, name), key=len)
    held = 0.9 if len(short) > 2 and short in long and len(low) < 3 * len(name) else 0.0
    return max([whole, held, *(0.95 * SequenceMatcher(None, low, p).ratio() for p in parts)])


def nearest(name: str, names: Iterable[str], count: int = 3) -> list[str]:
    """The names most like `name`, best first; none where nothing is much like it."""
    scored = sorted((-_likeness(name.lower(), n.lower()), n) for n in set(names))
    return [n for score, n in scored if -score >= ALIKE][:count]


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
    if found := _NO_COLUMN.search(first):
        known = [c for names in columns.values() for c in names]
        return problem_at(
            sql, offset, plain(first), did_you_mean(found["of_table"] or found["other"], known, "")
        )
    if found := _NO_SYNTAX.match(first):
        return problem_at(sql, offset, plain(first), _keyword_meant(sql, offset or 0, found["token"]))
    return problem_at(sql, offset, plain(first), _advice(rest))


def _keyword_meant(sql: str, offset: int, token: str) -> str:
    """A hint where the word at a syntax error, or the one before it, is nearly a keyword."""
    before = re.findall(r"\w+", sql.encode()[:offset].decode(errors="ignore"))
    for word in [token, *before[-1:]]:
        if word.lower() not in KEYWORDS and (near := get_close_matches(word.lower(), KEYWORDS, 1, 0.7)):
            return f"did you mean {near[0].upper()}?"
    return ""


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
    error: BaseException,
    sql: str,
    columns: Mapping[str, Iterable[str]],
    seconds: float,
    memory: str,
    before: int = 0,
) -> QueryError:
    """The error for whatever the engine raised while it bound or ran `sql` behind `before` bytes of something else."""
    detail = detail_of(error) or {"exception_type": "", "exception_message": str(error).split(": ", 1)[-1]}
    kind, message = detail["exception_type"], detail["exception_message"]
    if kind == "INTERRUPT" and "maximum execution time" in message:
        hint = "narrow it with --since and --host, or give --timeout"
        return QueryError(f"it took longer than {seconds:g} s", where="SQL", hint=hint)
    if kind == "Out of Memory":
        hint = "narrow it with --since and --host, or raise query_memory (LIVEDATA_QUERY_MEMORY)"
        return QueryError(f"it needs more memory than {memory}", where="SQL", hint=hint)
    position = str(detail.get("position", ""))
    if before and position.isdigit():
        detail = {**detail, "position": str(int(position) - before)}
    return sql_error(sql, detail, columns)

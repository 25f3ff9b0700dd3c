"""Rows of livedata beside what the field's own tools said at the same moment, and how near they have to be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.fleet.references import Average, Record

MEBI = 2**20
SECONDS = 8
"""What the averaging tools average over."""

Row = dict[str, Any]


@dataclass
class Seen:
    rows: dict[str, list[Row]]
    """Table → its rows, each with `began` and `ended` of its read."""
    records: dict[str, Record]
    averages: dict[str, Average]
    stressed: dict[str, int]
    """Name of a worker of stress-ng → its pid."""


def beside(
    seen: Seen, table: str, column: str, tool: str, name: str, scale: float = 1
) -> list[tuple[float, float, float]]:
    """(value, least and most of the reference, times `scale`) of every row that has both; `name` is what the reference calls
    the value, with the row's own columns in braces."""
    found = []
    for row in seen.rows[table]:
        bracket = seen.records[tool].bracket(name.format_map(row), row["began"], row["ended"])
        if bracket and row[column] is not None:
            found.append((row[column], bracket[0] * scale, bracket[1] * scale))
    assert len(found) >= 2, f"{table}.{column} beside {tool}: {len(found)} rows can be compared"
    return found


def outside(found: list[tuple[float, float, float]], slack: float) -> list[tuple[float, float, float]]:
    return [(v, low, high) for v, low, high in found if not low - slack - 1e-6 <= v <= high + slack + 1e-6]


def counter(
    seen: Seen, table: str, column: str, tool: str, name: str, scale: float = 1, slack: float = 0
) -> float:
    """Every value lies between its two references; how far the references moved in all."""
    found = beside(seen, table, column, tool, name, scale)
    wrong = outside(found, slack)
    assert not wrong, f"{table}.{column} beside {tool}: {wrong} of {len(found)}"
    return max(high for _, _, high in found) - min(low for _, low, _ in found)


def gauge(
    seen: Seen, table: str, column: str, tool: str, name: str, scale: float = 1, slack: float = 0
) -> None:
    """Most values lie between their two references, give or take `slack`."""
    found = beside(seen, table, column, tool, name, scale)
    wrong = outside(found, slack)
    assert len(wrong) <= len(found) * 0.4, f"{table}.{column} beside {tool}: {wrong} of {len(found)}"


def average(seen: Seen, table: str, over: Average, sums: str, **where: Any) -> Callable[[str], float]:
    """Of the rows of a tool's seconds: the sum of one column over that of another."""
    rows = [
        row
        for row in seen.rows[table]
        if over.began + 0.5 <= row["middle"] <= over.ended + 0.5
        and row[sums] is not None and all(row[k] == v for k, v in where.items())
    ]  # fmt: skip
    assert len(rows) >= SECONDS / 2, f"{table}: {len(rows)} rows"
    whole = sum(row[sums] for row in rows)
    return lambda column: sum(row[column] for row in rows) / whole if whole else 0.0

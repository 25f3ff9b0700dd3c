"""Reads the `.case` files: searches with the rows that they give, or the error.

    ? a search; further lines that are indented belong to it
    a column | another
    a value  | null is -; several values stand in [a b]
    ~ a piece of the SQL that it becomes
    ! the beginning of its error

Blocks stand apart by an empty line; # begins a comment.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "cases"


@dataclass
class Case:
    place: str
    search: str
    rows: list[str] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    error: str = ""


def read_cases() -> list[Case]:
    cases: list[Case] = []
    for path in sorted(FOLDER.glob("*.case")):
        fresh = True
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if line.startswith("#"):
                continue
            if line.startswith("? "):
                cases.append(Case(f"{path.stem}:{number}", line[2:]))
                fresh = True
            elif line.startswith("  ") and fresh:
                cases[-1].search += "\n" + line.strip()
            elif line.startswith("~ "):
                cases[-1].pieces.append(line[2:])
            elif line.startswith("! "):
                cases[-1].error = line[2:]
            elif line.strip():
                fresh = False
                cases[-1].rows.append(line.strip())
    return cases


def cell(value: Any) -> str:
    """A value as the files write it."""
    match value:
        case None:
            return "-"
        case float():
            return str(int(value)) if value == int(value) else f"{value:.6g}"
        case datetime():
            return value.strftime("%d %H:%M:%S") if value.second else value.strftime("%d %H:%M")
        case Decimal():
            return str(int(value)) if value == int(value) else str(value)
        case list() if value and isinstance(value[0], tuple):
            return "{" + " ".join(f"{k}={v}" for k, v in value) + "}"
        case list():
            return f"[{' '.join(map(cell, value))}]"
    return str(value).replace("\n", "\\n")


def written(names: list[str], rows: list[list[Any]]) -> list[str]:
    return [" | ".join(line) for line in [names, *[[cell(v) for v in row] for row in rows]]]

"""The aligned table that people read: numbers to the right, NULL spelled out, hostile text made visible.

On a terminal times are local, fractions short, columns and rows kept to what a screen holds, with a line that says what
was left out; elsewhere everything is written in full.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import IO

import pyarrow as pa

from .cells import Cells, is_number
from .text import clip, plain, width

NARROWEST = 10
"""Columns of the screen that a text keeps at least when the table is too wide."""

GAP = "  "
PLAN = ["explain_key", "explain_value"]


@dataclass(frozen=True, slots=True)
class Look:
    """How an answer is shown: `columns` and `rows` of a screen (None: no bound), whether nulls are dimmed."""

    terminal: bool = False
    columns: int | None = None
    rows: int | None = None
    colour: bool = False
    null: str = "NULL"


def local_shift(seconds: int) -> tuple[int, str]:
    """Seconds UTC as seconds of this machine's wall clock; without naming the offset."""
    return seconds + time.localtime(seconds).tm_gmtoff, ""


def _number(text: str) -> str:
    """A fraction with at most four decimals."""
    return repr(round(float(text), 4)) if "." in text and "e" not in text else text


def _cells(batch: pa.RecordBatch, cells: list[Cells], look: Look) -> list[list[str | None]]:
    """A batch's texts, column by column, harmless."""
    columns: list[list[str | None]] = []
    for i, cell in enumerate(cells):
        texts = [None if t is None else plain(t) for t in cell.texts(batch.column(i))]
        if look.terminal and pa.types.is_floating(batch.schema.field(i).type):
            texts = [None if t is None else _number(t) for t in texts]
        columns.append(texts)
    return columns


def fit(widths: list[int], may_shrink: list[bool], room: int) -> list[int]:
    """The widths that fit into `room`: texts shrink, the widest first; columns at the end that still don't fit go."""
    widths = list(widths)
    shrinkable = [i for i, may in enumerate(may_shrink) if may and widths[i] > NARROWEST]
    while sum(widths) + len(GAP) * (len(widths) - 1) > room and shrinkable:
        widest = max(shrinkable, key=lambda i: widths[i])
        widths[widest] -= 1
        if widths[widest] <= NARROWEST:
            shrinkable.remove(widest)
    while len(widths) > 1 and sum(widths) + len(GAP) * (len(widths) - 1) > room:
        widths.pop()
    return widths


def _line(texts: Iterable[str | None], widths: list[int], right: list[bool], look: Look) -> str:
    parts = []
    for text, columns, to_right in zip(texts, widths, right, strict=False):
        shown = clip(look.null if text is None else text, columns)
        space = " " * (columns - width(shown))
        if text is None and look.colour:
            shown = f"\x1b[2m{shown}\x1b[0m"
        parts.append(space + shown if to_right else shown + space)
    return GAP.join(parts).rstrip() + "\n"


def write_table(schema: pa.Schema, batches: Iterable[pa.RecordBatch], out: IO[bytes], look: Look) -> int:
    """Writes the table; widths are those of the first batch, so a later, longer value stands out to the right."""
    if schema.names == PLAN:
        return _write_plan(batches, out)
    cells = [Cells(f.type, local_shift if look.terminal else None) for f in schema]
    right = [is_number(f.type) for f in schema]
    names = [plain(n) for n in schema.names]
    widths: list[int] = []
    written = rows = 0
    for batch in batches:
        rows += batch.num_rows
        left = batch.num_rows if look.rows is None else min(batch.num_rows, look.rows - written)
        if widths and left <= 0:
            continue
        columns = _cells(batch.slice(0, left), cells, look)
        if not widths:
            widths = _head(names, columns, right, out, look)
        grow = widths if look.columns is not None else [10**9] * len(widths)
        for row in zip(*columns, strict=True):
            padded = [
                max(w, min(width(look.null if t is None else t), g))
                for w, t, g in zip(widths, row, grow, strict=False)
            ]
            out.write(_line(row, padded, right, look).encode(errors="replace"))
        written += left
    if not widths:
        widths = _head(names, [[] for _ in names], right, out, look)
    left_out = []
    if rows > written:
        left_out.append(f"{rows - written} more rows")
    if len(widths) < len(names):
        left_out.append(f"{len(names) - len(widths)} more columns ({', '.join(names[len(widths) :])})")
    if left_out:
        out.write(f"… {' and '.join(left_out)}; --format csv gives all\n".encode())
    return rows


def _head(
    names: list[str], columns: list[list[str | None]], right: list[bool], out: IO[bytes], look: Look
) -> list[int]:
    """Writes the names and a rule; gives the widths."""
    widths = [
        max([width(n), *(width(look.null if t is None else t) for t in texts)])
        for n, texts in zip(names, columns, strict=True)
    ]
    if look.columns is not None:
        widths = fit(widths, [not r for r in right], look.columns)
    out.write(_line(names, widths, right, look).encode())
    out.write((GAP.join("-" * w for w in widths) + "\n").encode())
    return widths


def _write_plan(batches: Iterable[pa.RecordBatch], out: IO[bytes]) -> int:
    """EXPLAIN's drawing, line by line."""
    rows = 0
    for batch in batches:
        rows += batch.num_rows
        for text in batch.column(1).to_pylist():
            out.write("".join(plain(line) + "\n" for line in str(text).rstrip("\n").split("\n")).encode())
    return rows

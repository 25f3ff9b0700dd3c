"""The aligned table that people read: numbers to the right, NULL spelled out, hostile text made visible.

On a terminal times are local, fractions short, columns and rows kept to what a screen holds, with a line that says what
was left out; elsewhere everything is written in full.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from typing import IO

import pyarrow as pa

from .cells import Cells, is_number
from .text import clip, plain, width

NARROWEST = 10
"""Columns of the screen that a text keeps at least when the table is too wide."""

MEASURED = 10_000
"""Rows that the widths are taken from."""

Texts = list[list[str | None]]
"""The cells of a batch, column by column; None is a null."""

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


def _texts(batch: pa.RecordBatch, cells: list[Cells], look: Look) -> Texts:
    """A batch's texts, column by column, harmless."""
    columns: Texts = []
    for i, cell in enumerate(cells):
        texts = [None if t is None else plain(t) for t in cell.texts(batch.column(i))]
        if look.terminal and pa.types.is_floating(batch.schema.field(i).type):
            texts = [None if t is None else _number(t) for t in texts]
        columns.append(texts)
    return columns


def fit(widths: list[int], may_shrink: list[bool], room: int) -> list[int]:
    """The widths of as many columns, from the first, as fit into `room`: texts shrink for it, the widest first.

    There is always one column at least.
    """
    least = [min(w, NARROWEST) if may else w for w, may in zip(widths, may_shrink, strict=True)]
    taken = list(accumulate(w + len(GAP) for w in least))
    kept = list(widths[: max(1, sum(t - len(GAP) <= room for t in taken))])
    over = sum(kept) + len(GAP) * (len(kept) - 1) - room
    while over > 0:
        widest = max(range(len(kept)), key=lambda i: kept[i] - least[i])
        if kept[widest] <= least[widest]:
            break
        kept[widest] -= 1
        over -= 1
    return kept


def _line(texts: Iterable[str | None], widths: list[int], right: list[bool], look: Look) -> str:
    parts = []
    for text, columns, to_right in zip(texts, widths, right, strict=False):
        shown = look.null if text is None else text
        if look.columns is not None:
            shown = clip(shown, columns)
        space = " " * (columns - width(shown))
        if text is None and look.colour:
            shown = f"\x1b[2m{shown}\x1b[0m"
        parts.append(space + shown if to_right else shown + space)
    return GAP.join(parts).rstrip() + "\n"


def _widths(schema: pa.Schema, batches: list[Texts], look: Look) -> list[int]:
    """The columns' widths for these batches; on a screen, of as many columns as fit. Numbers and times are never cut."""
    widths = [width(plain(name)) for name in schema.names]
    for columns in batches:
        for i, texts in enumerate(columns):
            widths[i] = max([widths[i], *(width(look.null if t is None else t) for t in texts)])
    if look.columns is None:
        return widths
    return fit(
        widths, [not is_number(f.type) and not pa.types.is_temporal(f.type) for f in schema], look.columns
    )


def write_table(schema: pa.Schema, batches: Iterable[pa.RecordBatch], out: IO[bytes], look: Look) -> int:
    """Writes the table, and gives how many rows the answer has (a screen may show fewer).

    Widths are those of the first rows (`MEASURED`); off a screen a longer value further down stands out to the right.
    """
    if schema.names == PLAN:
        return _write_plan(batches, out)
    cells = [Cells(f.type, local_shift if look.terminal else None) for f in schema]
    names = [plain(n) for n in schema.names]
    right = [is_number(f.type) for f in schema]
    widths: list[int] = []
    waiting: list[Texts] = []
    rows = shown = 0

    def write(columns: Texts) -> None:
        lines = (_line(row, widths, right, look) for row in zip(*columns, strict=True))
        out.write("".join(lines).encode())

    def begin() -> None:
        widths.extend(_widths(schema, waiting, look))
        rule = GAP.join("-" * w for w in widths)
        out.write(f"{_line(names, widths, right, look)}{rule}\n".encode())
        for columns in waiting:
            write(columns)
        waiting.clear()

    for batch in batches:
        rows += batch.num_rows
        room = batch.num_rows if look.rows is None else look.rows - shown
        if room <= 0:
            continue
        columns = _texts(batch.slice(0, room), cells, look)
        shown += min(room, batch.num_rows)
        if widths:
            write(columns)
            continue
        waiting.append(columns)
        if shown >= MEASURED:
            begin()
    if not widths:
        begin()
    left_out = []
    if rows > shown:
        left_out.append(_more(rows - shown, "row"))
    if len(widths) < len(names):
        hidden = names[len(widths) :]
        left_out.append(f"{_more(len(hidden), 'column')} ({', '.join(hidden)})")
    if left_out:
        out.write(f"… {' and '.join(left_out)}; --format csv gives all\n".encode())
    return rows


def _more(count: int, noun: str) -> str:
    return f"{count} more {noun}{'' if count == 1 else 's'}"


def _write_plan(batches: Iterable[pa.RecordBatch], out: IO[bytes]) -> int:
    """EXPLAIN's drawing, line by line."""
    rows = 0
    for batch in batches:
        rows += batch.num_rows
        for text in batch.column(1).to_pylist():
            out.write("".join(plain(line) + "\n" for line in str(text).rstrip("\n").split("\n")).encode())
    return rows

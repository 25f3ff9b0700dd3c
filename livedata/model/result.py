"""What a question gave: rows, whether there were more, and how long it took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Result:
    """`truncated`: there were more rows than were asked for. `elapsed_s`: seconds from the question to its last row."""

    table: pa.Table
    truncated: bool
    elapsed_s: float

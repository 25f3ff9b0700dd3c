"""`table`: a table of these fields, in this order."""

from __future__ import annotations

from ..declare import Declaration
from ..frame import Frame
from ..shapes import field
from ..tree import Command, Word
from .fields import kept_fields, kept_series


def compile_table(frame: Frame, command: Command) -> Frame:
    words = [p for p in command.parts if isinstance(p, Word)]
    kept = kept_fields(frame, words)
    wide, order = kept_series(frame, words), frame.order
    frame.tabled(kept, order)
    frame.wide, frame.wide_at = wide
    return frame


COMMAND = Declaration(
    "table",
    "A table of these fields, in this order",
    "table FIELD …",
    (field,),
    compile_table,
    notes="* is a wildcard; a field that no row has is an empty column.",
    examples=("* | table _time, host, message",),
)

"""`fields`: keeps fields, or takes some away."""

from __future__ import annotations

from ..declare import Declaration, Shape
from ..frame import Frame
from ..parser import Parser
from ..shapes import field
from ..tree import Command, Keyword, Word


def sign(p: Parser, d: Declaration) -> Keyword | None:
    """A `-` or `+` before the fields."""
    at = p.pos
    for mark in "-+":
        if p.peek(mark):
            p.take(mark)
            return Keyword(mark, at=at)
    return None


def kept_fields(frame: Frame, words: list[Word]) -> dict[str, object]:
    """The fields that are named, in the order in which they are, each as a column; those that no row has are null."""
    from .. import sql
    from ..frame import Field

    found: dict[str, Field] = {}
    for word in words:
        for name in frame.matching(word.text):
            there = frame.field(name, word.at)
            found[name] = there or Field(frame.item(name, sql.null()), "text")
    return found  # type: ignore[return-value]


def compile_fields(frame: Frame, command: Command) -> Frame:
    words = [p for p in command.parts if isinstance(p, Word)]
    if any(isinstance(p, Keyword) and p.word == "-" for p in command.parts):
        for word in words:
            for name in frame.matching(word.text):
                frame.hide(name)
        return frame
    kept = kept_fields(frame, words)
    events = frame.events
    # Splunk keeps these two of events for later commands unless they are taken away by name.
    internal = {
        n: f for n in ("_time", "_raw") if events and (f := frame.fields.get(frame.aliases.get(n, n)))
    }
    order = frame.order
    aliases = frame.aliases
    frame.tabled(kept, order)  # type: ignore[arg-type]
    frame.events = events
    frame.aliases = {a: b for a, b in aliases.items() if b in kept}
    frame.found = {n: f for n, f in internal.items() if n not in kept and frame.aliases.get(n) not in kept}
    return frame


SHAPES: tuple[Shape, ...] = (sign, field)

COMMAND = Declaration(
    "fields",
    "Keeps these fields, or with - takes them away",
    "fields [+|-] FIELD …",
    SHAPES,
    compile_fields,
    notes="* is a wildcard. Later commands still know the time and the message of events.",
    examples=("* | fields host, unit", "* | fields - message"),
)

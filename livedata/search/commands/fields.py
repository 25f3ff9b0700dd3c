"""`fields`: keeps fields, or takes some away."""

from __future__ import annotations

from .. import series, sql
from ..declare import Declaration, Shape
from ..frame import Field, Frame
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


def kept_fields(frame: Frame, words: list[Word]) -> dict[str, Field]:
    """The fields that are named, in the order in which they are, each as a column; those that no row has are null."""
    found: dict[str, Field] = {}
    for word in words:
        for name in frame.matching(word.text):
            there = frame.field(name, word.at)
            found[name] = there or Field(frame.item(name, sql.null()), "text")
    return found


def kept_series(frame: Frame, words: list[Word]) -> tuple[Field | None, int]:
    """The series of a chart that wildcards among the fields mean, and how many fields stand before them."""
    wild = next((i for i, w in enumerate(words) if "*" in w.text), None)
    if frame.wide is None or wild is None:
        return None, 0
    patterns = [w.text for w in words if "*" in w.text]
    series.kept(frame, patterns, [w.text for w in words if w.text not in patterns])
    before = {n for w in words[: wild + 1] for n in frame.matching(w.text)}
    return frame.wide, len(before)


def compile_fields(frame: Frame, command: Command) -> Frame:
    words = [p for p in command.parts if isinstance(p, Word)]
    if any(isinstance(p, Keyword) and p.word == "-" for p in command.parts):
        for word in words:
            for name in frame.matching(word.text):
                frame.hide(name)
        series.dropped(frame, [w.text for w in words])
        return frame
    kept = kept_fields(frame, words)
    wide = kept_series(frame, words)
    events = frame.events
    # Splunk keeps these two of events for later commands unless they are taken away by name.
    internal = {
        n: f for n in ("_time", "_raw") if events and (f := frame.fields.get(frame.aliases.get(n, n)))
    }
    order = frame.order
    aliases = frame.aliases
    frame.tabled(kept, order)
    frame.wide, frame.wide_at = wide
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

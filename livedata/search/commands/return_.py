"""`return`: what a subsearch gives to the search around it."""

from __future__ import annotations

import re

from .. import sql
from ..declare import Declaration
from ..frame import Field, Frame
from ..parser import Parser
from ..shapes import number
from ..tree import Command, Number, Renamed, Word

_NAMED = re.compile(r"([\w.]+)\s*=\s*\$?([^\s,|\[\]]+)")
_RETURNED = re.compile(r"\$?[^\s,|\[\]=]+")


def returned(p: Parser, d: Declaration) -> Word | Renamed | None:
    """A field, `$field` or `alias=field` of `return`."""
    at = p.pos
    p.offer("field")
    found = _NAMED.match(p.text, p.pos)
    if found:
        p.pos = found.end()
        p.space()
        return Renamed(found[2], found[1], at=at)
    word = p.match(_RETURNED)
    return None if word is None else Word(word, at=at)


def compile_return(frame: Frame, command: Command) -> Frame:
    if not frame.build.subsearch:
        frame.fail(command.at, "return belongs into a subsearch", "for example: [search … | return 10 host]")
    count = next((int(p.text) for p in command.parts if isinstance(p, Number)), 1)
    frame.first(max(count, 1))
    frame.close()
    fields: dict[str, Field] = {}
    for part in command.parts:
        if isinstance(part, Word):
            plain = part.text.removeprefix("$")
            shown = "search" if part.text.startswith("$") else plain
            there = frame.field(plain, part.at)
        elif isinstance(part, Renamed):
            shown, there = part.new, frame.field(part.old, part.at)
        else:
            continue
        fields[shown] = there or Field(frame.item(shown, sql.null()), "text")
    frame.tabled(fields, frame.order)
    return frame


COMMAND = Declaration(
    "return",
    "What a subsearch gives to the search around it",
    "return [COUNT] FIELD | alias=FIELD | $FIELD …",
    (number, returned),
    compile_return,
    notes="$FIELD gives the value alone, to be looked for as a term.",
    examples=("* [search priority<4 | return 3 host]",),
)

"""`spath`: fields out of JSON."""

from __future__ import annotations

from .. import sql
from ..declare import Declaration, Opt
from ..extract import json_value
from ..frame import Frame, Lazy
from ..shapes import field, option
from ..tree import Command, Word
from ..values import Value, as_text


def compile_spath(frame: Frame, command: Command) -> Frame:
    name = command.option("input", "_raw")
    there = frame.field(name, command.at)
    if there is None:
        return frame
    text = as_text(Value(sql.column(there.column), there.kind))
    words = [p.text for p in command.parts if isinstance(p, Word)]
    path = command.option("path") or (words[0] if words else "")
    if path:
        frame.put(command.option("output") or path, json_value(text, path))
        return frame
    frame.lazy.insert(0, _every(text))
    frame.found = {n: f for n, f in frame.found.items() if n.startswith("_")}
    frame.open_fields = True
    return frame


def _every(text: sql.Sql) -> Lazy:
    """Any field by its path, once it is named."""

    def find(name: str) -> Value | None:
        return None if name.startswith("_") or "*" in name else json_value(text, name)

    return find


COMMAND = Declaration(
    "spath",
    "Fields out of JSON",
    "spath [input=FIELD] [output=FIELD] [path=PATH]",
    (option, field),
    compile_spath,
    options=(
        Opt("input", "field", "_raw", "The field with JSON"),
        Opt("output", "field", "", "What it goes into; the path by default"),
        Opt(
            "path",
            "text",
            "",
            "For example a.b{}.c; without one every field can be named by its path afterwards",
        ),
    ),
    examples=(
        "* | spath path=user.name output=who | stats count BY who",
        "* | spath | stats count BY user.name",
    ),
)

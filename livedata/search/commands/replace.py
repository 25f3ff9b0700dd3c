"""`replace`: values in the place of others."""

from __future__ import annotations

from .. import sql
from ..declare import Declaration
from ..frame import Frame
from ..regex import literal, target
from ..shapes import field, keywords, text
from ..tree import Command, Keyword, Text, Word
from ..values import Value, as_text


def compile_replace(frame: Frame, command: Command) -> Frame:
    pairs: list[tuple[str, str]] = []
    names: list[str] = []
    pending: str | None = None
    mode = ""
    for part in command.parts:
        if isinstance(part, Keyword):
            mode = part.word
        elif isinstance(part, Word | Text):
            written = part.text if isinstance(part, Word) else part.value
            if mode == "IN":
                names += frame.matching(written)
            elif mode == "WITH" and pending is not None:
                pairs.append((pending, written))
                pending, mode = None, ""
            else:
                pending = written
    if not pairs:
        frame.fail(
            command.at,
            "replace wants what to replace, and WITH what",
            'for example: | replace "web-*" WITH "web" IN host',
        )
    for name in names or [n for n, f in frame.fields.items() if f.kind == "text"]:
        there = frame.field(name)
        if there is None:
            continue
        value = as_text(Value(sql.column(there.column), there.kind))
        branches = []
        for old, new in pairs:
            if "*" in old:
                pattern = f"^{'(.*?)'.join(map(literal, old.split('*')))}$"
                matches = sql.fn("regexp_matches", value, pattern, "s")
                branches.append((matches, sql.fn("regexp_replace", value, pattern, target(new), "s")))
            else:
                branches.append((sql.op("=", value, sql.text(old)), sql.text(new)))
        frame.put(name, Value(sql.case(branches, value), "text"))
    return frame


COMMAND = Declaration(
    "replace",
    "Values replaced by others",
    'replace "OLD" WITH "NEW" … [IN FIELD …]',
    (keywords("WITH", "IN"), text, field),
    compile_replace,
    notes="A whole value is replaced; * stands for anything, also in what it becomes.",
    examples=('* | replace "web-*" WITH "web" IN host | stats count BY host',),
)

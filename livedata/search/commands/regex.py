"""`regex`: the rows in which a regular expression occurs."""

from __future__ import annotations

import re

from .. import sql
from ..declare import Declaration
from ..frame import Frame
from ..parser import Parser
from ..shapes import text
from ..tree import Clause, Command, Text, Word
from ..values import as_text
from .rex import checked

_FIELD = re.compile(r"""([^\s|"'\[\]()=<>!]+)\s*(!?=)\s*(?=")""")


def compared(p: Parser, d: Declaration) -> Clause | None:
    """`field=` or `field!=` before the expression."""
    at = p.pos
    found = _FIELD.match(p.text, p.pos)
    if not found:
        return None
    p.pos = found.end()
    value = p.quoted('"') or ""
    return Clause(found[2], (Word(found[1], at=at), Text(value, at=at)), at=at)


def compile_regex(frame: Frame, command: Command) -> Frame:
    for part in command.parts:
        name, operator, pattern = "_raw", "=", part
        if isinstance(part, Clause):
            operator = part.word
            word, pattern = part.parts
            name = word.text if isinstance(word, Word) else name
        if isinstance(pattern, Text):
            subject = frame.value(name, command.at)
            found = sql.fn(
                "coalesce", sql.fn("regexp_matches", as_text(subject), checked(frame, pattern)), sql.false()
            )
            frame.where(found if operator == "=" else sql.negated(found))
    return frame


COMMAND = Declaration(
    "regex",
    "The rows in which a regular expression occurs",
    'regex [FIELD=|FIELD!=]"REGEX"',
    (compared, text),
    compile_regex,
    examples=(r'* | regex "from \S+ port"', r'* | regex unit!="^ssh"'),
)

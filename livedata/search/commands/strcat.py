"""`strcat`: texts and fields joined into one."""

from __future__ import annotations

from functools import reduce

from .. import sql
from ..arguments import truth
from ..declare import Declaration, Opt
from ..frame import Frame
from ..shapes import field, option, text
from ..tree import Command, Text, Word
from ..values import Value, as_text


def compile_strcat(frame: Frame, command: Command) -> Frame:
    parts = [p for p in command.parts if isinstance(p, Word | Text)]
    if len(parts) < 2 or not isinstance(parts[-1], Word):
        frame.fail(
            command.at,
            "strcat wants parts and the field that they go into",
            'for example: | strcat host ":" unit place',
        )
    values = []
    for part in parts[:-1]:
        if isinstance(part, Text):
            values.append(sql.text(part.value))
        else:
            found = as_text(frame.value(part.text, part.at))
            values.append(found if truth(command, "allrequired") else sql.fn("coalesce", found, ""))
    frame.put(parts[-1].text, Value(reduce(lambda a, b: sql.op("||", a, b), values), "text"))
    return frame


COMMAND = Declaration(
    "strcat",
    "Texts and fields joined into one",
    'strcat [allrequired=BOOL] FIELD|"TEXT" … FIELD',
    (option, text, field),
    compile_strcat,
    options=(Opt("allrequired", "bool", "false", "Whether nothing is made where one of the fields is null"),),
    examples=('* | strcat host ":" unit place | table place',),
)

"""`autoregress`: the values of rows before."""

from __future__ import annotations

import re

from .. import sql
from ..arguments import named
from ..declare import Declaration, Opt
from ..frame import Frame
from ..shapes import field, option, renamed
from ..tree import Command
from ..values import Value


def compile_autoregress(frame: Frame, command: Command) -> Frame:
    old, new = named(frame, command)
    written = command.option("p", "1")
    found = re.fullmatch(r"(\d+)(?:-(\d+))?", written)
    if not found or int(found[2] or found[1]) > 1_000:
        frame.fail(command.at, f"p={written} is no range of rows", "for example: p=1-3")
    low, high = int(found[1]), int(found[2] or found[1])
    there = frame.value(old, command.at)
    frame.numbered()
    frame.close()
    for n in range(low, high + 1):
        name = new if new != old and low == high else f"{new}_p{n}"
        frame.put(
            name,
            Value(sql.window(sql.fn("lag", there.sql, sql.number(n)), (), frame.ordering()), there.kind),
            window=True,
        )
    return frame


COMMAND = Declaration(
    "autoregress",
    "The values of rows before",
    "autoregress FIELD [AS name] [p=FIRST-LAST]",
    (option, renamed, field),
    compile_autoregress,
    options=(Opt("p", "text", "1", "How many rows before, or from and to"),),
    examples=("* | timechart span=1h count | autoregress count p=1-2",),
)

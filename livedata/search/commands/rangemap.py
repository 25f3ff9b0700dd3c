"""`rangemap`: the name of the range that a number is in."""

from __future__ import annotations

import re

from .. import sql
from ..declare import Declaration
from ..frame import Frame
from ..shapes import any_option
from ..sql import Sql
from ..tree import Command, Option
from ..values import Value, as_number, of_number


def compile_rangemap(frame: Frame, command: Command) -> Frame:
    name = command.option("field")
    if not name:
        frame.fail(
            command.at,
            "rangemap wants field=",
            "for example: | rangemap field=count low=0-10 high=11-100 default=more",
        )
    value = as_number(frame.value(name, command.at))
    branches: list[tuple[Sql, Sql]] = []
    default = "None"
    for part in command.parts:
        if not isinstance(part, Option) or part.name == "field":
            continue
        if part.name == "default":
            default = part.value
            continue
        found = re.fullmatch(r"(-?\d+(?:\.\d+)?)-(-?\d+(?:\.\d+)?)", part.value)
        if not found:
            frame.fail(part.at, f"{part.value} is no range", "for example: low=0-10")
        low, high = (of_number(g).sql for g in found.groups())
        branches.append(
            (sql.both([sql.op(">=", value, low), sql.op("<=", value, high)]), sql.text(part.name))
        )
    frame.put(
        "range", Value(sql.case(branches, sql.text(default)) if branches else sql.text(default), "text")
    )
    return frame


COMMAND = Declaration(
    "rangemap",
    "The name of the range that a number is in",
    "rangemap field=FIELD NAME=LOW-HIGH … [default=NAME]",
    (any_option,),
    compile_rangemap,
    examples=("* | stats count BY host | rangemap field=count low=0-10 high=11-1000 default=severe",),
)

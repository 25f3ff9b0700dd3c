"""`reltime`: how long ago it was, in words."""

from __future__ import annotations

from itertools import zip_longest

from .. import sql
from ..declare import Declaration, Opt
from ..frame import Frame
from ..shapes import option
from ..tree import Command
from ..values import Value, as_number, of_number

DAY = 86_400
UNITS = (
    ("second", 1),
    ("minute", 60),
    ("hour", 3_600),
    ("day", DAY),
    ("month", 30 * DAY),
    ("year", 365 * DAY),
)
"""Each up to the next, in seconds."""


def compile_reltime(frame: Frame, command: Command) -> Frame:
    field_name = command.option("timefield", "_time")
    at = as_number(frame.value(field_name, command.at))
    ago = sql.cast(
        sql.fn("floor", sql.op("-", of_number(frame.build.world.now_us / 1_000_000).sql, at)), "BIGINT"
    )
    branches = []
    for (unit, size), larger in zip_longest(UNITS, [size for _, size in UNITS[1:]]):
        count = sql.fn("divide", ago, sql.number(size))
        plural = sql.case(
            [(sql.op("=", count, sql.number(1)), sql.text(f" {unit} ago"))], sql.text(f" {unit}s ago")
        )
        so_old = sql.op("<", ago, sql.number(larger)) if larger else sql.not_null(ago)
        branches.append((so_old, sql.op("||", sql.cast(count, "VARCHAR"), plural)))
    frame.put(command.option("prefix") + "reltime", Value(sql.case(branches), "text"))
    return frame


COMMAND = Declaration(
    "reltime",
    "How long ago it was, in words",
    "reltime [timefield=FIELD]",
    (option,),
    compile_reltime,
    options=(
        Opt("timefield", "field", "_time", "The time"),
        Opt("prefix", "text", "", "What stands before the field's name"),
    ),
    examples=("* | reltime | table reltime",),
)

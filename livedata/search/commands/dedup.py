"""`dedup`: the first rows of each combination of some fields."""

from __future__ import annotations

from .. import sql
from ..arguments import truth
from ..declare import Declaration, Opt
from ..frame import Field, Frame
from ..shapes import clause, field, key, number, option
from ..tree import Clause, Command, Key, Number, Word
from .sort import sort_by


def compile_dedup(frame: Frame, command: Command) -> Frame:
    count = next((int(p.text) for p in command.parts if isinstance(p, Number)), 1)
    words = [p for p in command.parts if isinstance(p, Word)]
    if not words:
        frame.fail(command.at, "dedup wants a field", "for example: | dedup host")
    keep_empty = truth(command, "keepempty")
    fields: list[Field] = []
    for name in [(n, w.at) for w in words for n in frame.matching(w.text)]:
        there = frame.field(*name)
        if there is None:
            if not keep_empty:
                frame.where(sql.false())
            continue
        fields.append(there)
        if not keep_empty and not frame.always(there):
            frame.where(sql.not_null(sql.column(there.column)))
    keys = [sql.column(f.column) for f in fields]
    if truth(command, "consecutive"):
        before = [sql.window(sql.fn("lag", k), (), frame.ordering()) for k in keys]
        changed = sql.either(
            [sql.fn("coalesce", sql.op("!=", k, b), sql.true()) for k, b in zip(keys, before, strict=True)]
        )
        made = frame.item("changed", changed, window=True)
        frame.where(sql.column(made))
    else:
        place = frame.item("place", sql.window(sql.fn("row_number"), keys, frame.ordering()), window=True)
        within = sql.op("<=", sql.column(place), sql.number(count))
        empty = [sql.is_null(k) for k in keys]
        frame.where(sql.either([within, *empty]) if keep_empty else within)
    for part in command.parts:
        if isinstance(part, Clause):
            sort_by(frame, [p for p in part.parts if isinstance(p, Key)])
    return frame


COMMAND = Declaration(
    "dedup",
    "The first rows of each combination of some fields",
    "dedup [COUNT] FIELD … [keepempty=BOOL] [consecutive=BOOL] [sortby [-|+]FIELD …]",
    (option, number, clause("sortby", key), field),
    compile_dedup,
    options=(
        Opt("keepevents", "bool", "false", "Not here"),
        Opt("keepempty", "bool", "false", "Whether rows without one of the fields stay"),
        Opt("consecutive", "bool", "false", "Only rows that follow one another"),
    ),
    examples=("* | dedup host", "* | dedup 2 host unit sortby -_time"),
)

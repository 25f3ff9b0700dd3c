"""`rename`: other names for fields."""

from __future__ import annotations

from .. import sql
from ..declare import Declaration
from ..frame import Field, Frame, Lazy
from ..shapes import renamed
from ..tree import Command, Renamed
from ..values import Value, as_number


def compile_rename(frame: Frame, command: Command) -> Frame:
    for part in command.parts:
        if isinstance(part, Renamed):
            for old, new in _pairs(frame, part):
                _rename(frame, old, new, part.at)
    return frame


def _pairs(frame: Frame, part: Renamed) -> list[tuple[str, str]]:
    if "*" not in part.old:
        return [(part.old, part.new)]
    if part.old.count("*") != part.new.count("*"):
        frame.fail(part.at, "a wildcard is renamed to a wildcard", "for example: rename foo* AS bar*")
    start, _, end = part.old.partition("*")
    return [
        (n, part.new.replace("*", n[len(start) : len(n) - len(end)], 1)) for n in frame.matching(part.old)
    ]


def _rename(frame: Frame, old: str, new: str, at: int) -> None:
    if old == new:
        return
    shown = old if old in frame.fields else frame.aliases.get(old, old)
    there = frame.field(old, at)
    if there is None:
        # Renaming what no row has leaves no row with the new name either.
        frame.hide(new)
        return
    if there.kind == "time" and new not in {"_time", "ts"}:
        there = Field(frame.item(new, as_number(Value(sql.column(there.column), "time"))), "num")
    if shown in frame.fields:
        frame.fields = {
            (new if n == shown else n): f for n, f in frame.fields.items() if n != new or n == shown
        }
        frame.fields[new] = there
        frame.aliases = {a: b for a, b in frame.aliases.items() if b != shown}
        frame.found = {n: f for n, f in frame.found.items() if n not in {old, new}}
        frame.lazy = [_hidden(find, old) for find in frame.lazy]
    else:
        frame.hide(old)
        frame.show(new, there)


def _hidden(find: Lazy, name: str) -> Lazy:
    return lambda asked: None if asked == name else find(asked)


COMMAND = Declaration(
    "rename",
    "Other names for fields",
    "rename OLD AS NEW, …",
    (renamed,),
    compile_rename,
    notes="With * in both, each field that matches is renamed.",
    examples=("* | stats count BY host | rename count AS entries, host AS machine",),
)

"""`rename`: other names for fields."""

from __future__ import annotations

from .. import series, sql
from ..declare import Declaration
from ..frame import Field, Frame, Lazy
from ..shapes import renamed
from ..tree import Command, Renamed
from ..values import Value, as_number, common


def compile_rename(frame: Frame, command: Command) -> Frame:
    for part in command.parts:
        if isinstance(part, Renamed):
            for old, new in _pairs(frame, part):
                _rename(frame, old, new, part.at)
            if "*" in part.old:
                series.renamed(frame, part.old, part.new)
                found_by_name(frame, part)
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


def found_by_name(frame: Frame, part: Renamed) -> None:
    """Lets the fields that are only found when they are named be found by their new names, and no more by their old ones."""
    if not frame.lazy or part.old.count("*") != 1:
        return
    (start, end), (new_start, new_end) = part.old.split("*"), part.new.split("*")
    before = tuple(frame.lazy)

    def look(name: str) -> Value | None:
        return next((v for find in before if (v := find(name)) is not None), None)

    def old_of(name: str) -> str | None:
        middle = name[len(new_start) : len(name) - len(new_end)]
        whole = name == new_start + middle + new_end
        return start + middle + end if whole and middle and not middle.startswith("_") else None

    def find(name: str) -> Value | None:
        old = old_of(name)
        renamed = look(old) if old is not None and old not in frame.fields else None
        gone = name == start + name[len(start) : len(name) - len(end)] + end and part.old != "*"
        values = [v for v in (renamed, None if gone else look(name)) if v is not None]
        return first_of(values) if values else None

    for name in frame.build.mentioned:
        old = old_of(name)
        if name in frame.fields and old is not None and old not in frame.fields and (there := look(old)):
            _put_before(frame, name, there)
    frame.lazy = [find]
    frame.found = {
        n: f for n, f in frame.found.items() if old_of(n) is None and not n.startswith(start or "*")
    }


def first_of(values: list[Value]) -> Value:
    """The first that there is."""
    if len(values) == 1:
        return values[0]
    kind, made = common(values)
    return Value(sql.fn("coalesce", *made), "text" if kind == "null" else kind)


def _put_before(frame: Frame, name: str, value: Value) -> None:
    """A value in the place of a column's where there is one; an event's message stays what is searched."""
    there = frame.fields[name]
    for other, of in list(frame.aliases.items()):
        if of == name:
            del frame.aliases[other]
            frame.found[other] = there
    frame.put(name, first_of([value, Value(sql.column(there.column), there.kind)]))


def _rename(frame: Frame, old: str, new: str, at: int) -> None:
    if old == new:
        return
    if frame.wide is not None and old not in frame.fields and frame.aliases.get(old) not in frame.fields:
        frame.hide(new)
        series.renamed(frame, old, new)
        frame.found.pop(old, None)
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

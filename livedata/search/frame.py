"""The rows between two commands, as the compiler sees them: which fields there are, in what order rows come, and the SQL so far.

A search becomes steps, each a SELECT from the one before; a command adds to the open step as long as that means the same. Every column
has a name of its own in the whole statement (`ip`, `ip_2`), so that renaming a field touches no SQL, and an overwritten one stays there to be
sorted by.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field
from fnmatch import translate
from typing import NoReturn

from sqlglot import exp

from . import sql
from .errors import search_error, suggestion
from .sql import Sql
from .tree import Pipeline
from .values import NULL, Kind, Value
from .world import World


@dataclass(frozen=True, slots=True)
class Field:
    column: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Order:
    column: str
    descending: bool = False


@dataclass
class Step:
    """One SELECT. `sources`: tables or steps, and how each is joined. `items`: what it reckons. `passes`: whether the columns of its
    sources go on. `union`: instead of all that, SELECTs one after the other."""

    sources: list[tuple[str, str, Sql | None]]
    items: dict[str, Sql] = field(default_factory=dict)
    passes: bool = True
    where: list[Sql] = field(default_factory=list)
    group: list[Sql] | None = None
    order: list[Order] = field(default_factory=list)
    limit: int | None = None
    union: list[tuple[str, dict[str, Sql]]] = field(default_factory=list)
    sealed: bool = False
    """Nothing can be added: its rows are chosen."""
    windowed: bool = False
    """No condition can be added: it would be asked before the windows are."""
    name: str = ""
    distinct: bool = False

    def uses(self) -> set[str]:
        """Columns of its sources that it needs, besides those that pass."""
        nodes = [
            *self.items.values(),
            *self.where,
            *(self.group or ()),
            *(on for _, _, on in self.sources if on is not None),
        ]
        found = set().union(*map(sql.columns_of, nodes)) if nodes else set()
        return found | {o.column for o in self.order}


Lazy = Callable[[str], Value | None]
"""Finds a field by its name where no command has made it: in a map, in the message."""


@dataclass
class Build:
    """What is shared by all frames of one search: the text (for errors), the names that are taken, the steps so far, and what is to be said."""

    text: str
    world: World
    compile: Callable[[Build, Pipeline], Frame]
    taken: set[str] = field(default_factory=set)
    steps: dict[str, Step] = field(default_factory=dict)
    tables: dict[str, tuple[str, ...]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    span: tuple[int | None, int | None] = (None, None)
    """The time that the search is about, microseconds UTC: of its own words, else of the flags."""
    told: tuple[int | None, int | None] | None = None
    """The same of the answer, once the search says what its rows are: a subsearch may be about another."""
    subsearch: bool = False
    running: list[str] = field(default_factory=list)
    """Saved searches within one another."""
    mentioned: tuple[str, ...] = ()
    """The names of fields that stand anywhere in the search."""
    first: bool = False
    """Whether the command that is compiled stands first."""
    bucket_seconds: Sql | None = None
    """How long the buckets are that a timechart is of."""

    def fresh(self, name: str) -> str:
        """A column's name that is nowhere yet, like `name`."""
        wanted = (name or "x")[:200]
        found, n = wanted, 1
        while found.lower() in self.taken:
            n += 1
            found = f"{wanted}_{n}"
        self.taken.add(found.lower())
        return found

    def fail(self, at: int | None, problem: str, hint: str = "") -> NoReturn:
        raise search_error(self.text, at, problem, hint)

    def note(self, sentence: str) -> None:
        if sentence not in self.notes:
            self.notes.append(sentence)


class Frame:
    """Rows and what is known of them; commands change it in place and give it on."""

    def __init__(self, build: Build, step: Step, fields: Mapping[str, Field]) -> None:
        self.build = build
        self.step = step
        self.fields: dict[str, Field] = dict(fields)
        self.found: dict[str, Field] = {}
        """Fields that were looked up by name; no command lists them."""
        self.aliases: dict[str, str] = {}
        self.lazy: list[Lazy] = []
        self.order: list[Order] = []
        self.place = ""
        """The column of the rows' numbers, where there is one."""
        self.wide: Field | None = None
        """A map of further fields, whose names are known only when it is asked."""
        self.wide_at = 0
        """How many fields stand before them."""
        self.shown: dict[str, Field] = {}
        """By column, what is shown in its place."""
        self.events = False
        """Whether the rows are still events: nothing has made a table of them."""
        self.open_fields = False
        """Whether a name that is not known may still be a field of some rows."""

    def copy(self) -> Frame:
        """Another frame over the same rows; both go on from here."""
        self.close()
        other = copy(self)
        other.step = Step([(self.step.sources[0][0], "", None)])
        other.fields, other.found, other.aliases = dict(self.fields), dict(self.found), dict(self.aliases)
        other.lazy, other.order = list(self.lazy), list(self.order)
        return other

    # Fields.

    def field(self, name: str, at: int | None = None) -> Field | None:
        """The column of a field, also of one that is only found in the message; None where no row can have it."""
        if name in self.fields:
            return self.fields[name]
        other = self.aliases.get(name)
        if other in self.fields:
            return self.fields[other]
        if name in self.found:
            return self.found[name]
        value = next((v for find in self.lazy if (v := find(name)) is not None), None)
        if value is None and self.wide is not None:
            value = Value(
                sql.fn("map_extract_value", sql.column(self.wide.column), name),
                "num" if self.wide.kind == "num" else self.wide.kind,
            )
        if value is None:
            if not self.open_fields and at is not None:
                self._unknown(name)
            return None
        self.found[name] = Field(self.item(name, value.sql), value.kind)
        return self.found[name]

    def _unknown(self, name: str) -> None:
        near = suggestion(name, self.names())
        if "*" not in name and near:
            self.build.note(f"no row has a field {name}: {near}")

    def value(self, name: str, at: int | None = None) -> Value:
        """A field's value; null where no row can have it."""
        if name not in self.fields and self.aliases.get(name) not in self.fields and name not in self.found:
            constant = next((v for find in self.lazy if (v := find(name)) is not None), None)
            if constant is not None and constant.constant is not None:
                return constant
        found = self.field(name, at)
        return Value(sql.column(found.column), found.kind) if found else NULL

    def names(self) -> list[str]:
        """The fields that a wildcard means."""
        return list(self.fields)

    def matching(self, pattern: str) -> list[str]:
        """The fields that a name with `*` means; those that begin with _ only if it does."""
        if "*" not in pattern:
            return [pattern]
        expression = re.compile(translate(pattern.replace("[", "[[]").replace("?", "[?]")))
        hidden = pattern.startswith("_")
        return [n for n in self.fields if expression.match(n) and (hidden or not n.startswith("_"))]

    def time(self) -> Field | None:
        """The field of the rows' time."""
        return self.field("_time")

    def put(self, name: str, value: Value, *, window: bool = False) -> Field:
        """Sets a field, which may be there already."""
        made = Field(
            self.item(name, value.sql, window=window), "text" if value.kind == "null" else value.kind
        )
        self.show(name, made)
        return made

    def show(self, name: str, made: Field) -> None:
        """Gives a column a field's name, in the place of the field that had it."""
        other = self.aliases.get(name)
        if name not in self.fields and other in self.fields:
            self.fields = {(name if n == other else n): f for n, f in self.fields.items()}
            self.aliases = {**self.aliases, other: name}
        self.fields[name] = made
        self.found.pop(name, None)

    def hide(self, name: str) -> None:
        """Takes a field away, also from those that are found by name."""
        target = name if name in self.fields else self.aliases.get(name, name)
        self.fields.pop(target, None)
        gone = {name, target}
        self.found = {n: f for n, f in self.found.items() if n not in gone}
        self.aliases = {a: b for a, b in self.aliases.items() if a not in gone and b not in gone}
        self.lazy = [_without(find, gone) for find in self.lazy]

    # Steps.

    def item(self, name: str, node: Sql, *, window: bool = False) -> str:
        """A column that the open step reckons; gives its name."""
        if isinstance(node, exp.Column) and not window:
            return node.name
        if self.step.sealed or not self.step.items.keys().isdisjoint(sql.columns_of(node)):
            self.close()
        made = self.build.fresh(name)
        self.step.items[made] = node
        self.step.windowed |= window
        return made

    def where(self, condition: Sql) -> None:
        """Keeps the rows where it is true."""
        if sql.constant_truth(condition) is True:
            return
        step = self.step
        if step.sealed or step.windowed or not step.items.keys().isdisjoint(sql.columns_of(condition)):
            self.close()
        self.step.where.append(condition)

    def widen(self, wide: Field) -> None:
        """Puts further fields behind those that there are."""
        self.wide, self.wide_at = wide, len(self.fields)

    def close(self) -> str:
        """Ends the open step; what follows reads from it. Gives its name."""
        step = self.step
        plain = step.passes and not (
            step.items or step.where or step.union or step.limit is not None or step.distinct
        )
        if plain and len(step.sources) == 1 and step.sources[0][0] in self.build.steps:
            return step.sources[0][0]
        taken = {t.lower() for t in (*self.build.steps, *self.build.world.tables)}
        n = len(self.build.steps) + 1
        while f"step{n}" in taken:
            n += 1
        step.name = f"step{n}"
        self.build.steps[step.name] = step
        self.step = Step([(step.name, "", None)])
        return step.name

    def grouped(self, keys: Mapping[str, Sql], aggregates: Mapping[str, Sql]) -> None:
        """Makes a row of each group; columns are named before. The fields are the caller's to set."""
        step = self.step
        used: set[str] = (
            set().union(*map(sql.columns_of, (*keys.values(), *aggregates.values())))
            if keys or aggregates
            else set()
        )
        if step.sealed or step.windowed or not step.items.keys().isdisjoint(used):
            self.close()
        step = self.step
        step.items = {**keys, **aggregates}
        step.passes = False
        step.group = list(keys.values())
        step.sealed = True

    def first(self, count: int) -> None:
        """The first rows in order."""
        if self.step.limit is not None and self.step.order == self.order:
            self.step.limit = min(self.step.limit, count)
            return
        if self.step.sealed or (self.step.items.keys() & {o.column for o in self.order}):
            self.close()
        self.step.order = list(self.order)
        self.step.limit = count
        self.step.sealed = True

    def ordering(self, *, reverse: bool = False) -> list[exp.Ordered]:
        """The rows' order, for a window or an aggregate."""
        return [
            sql.ordered(sql.column(o.column), o.descending is not reverse, nulls_first=reverse)
            for o in self.order
        ]

    def always(self, field: Field) -> bool:
        """Whether every row has it, as far as is known."""
        return field.column in {"ts", "host"}

    def numbered(self) -> str:
        """A column of the rows' places, from 1; they are in its order from then on."""
        if self.place and self.order == [Order(self.place)]:
            return self.place
        number = self.item("row", sql.window(sql.fn("row_number"), (), self.ordering()), window=True)
        self.order, self.place = [Order(number)], number
        return number

    def tabled(self, fields: Mapping[str, Field], order: Iterable[Order] = ()) -> None:
        """From here on it is a table with these fields and no others."""
        self.fields, self.found, self.aliases, self.lazy = dict(fields), {}, {}, []
        self.order = list(order)
        self.wide = None
        self.events = False
        self.open_fields = False

    def fail(self, at: int | None, problem: str, hint: str = "") -> NoReturn:
        self.build.fail(at, problem, hint)


def _without(find: Lazy, gone: set[str]) -> Lazy:
    return lambda name: None if name in gone else find(name)

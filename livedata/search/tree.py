"""The syntax tree of a search: frozen, comparable, and printable as text that parses to the same tree.

`at` is the character of the search where a node begins; it counts neither for equality nor for printing (`show.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Node:
    at: int = field(default=0, compare=False, repr=False, kw_only=True)


# Expressions, as `eval` and `where` take them.


@dataclass(frozen=True, slots=True)
class Number(Node):
    text: str


@dataclass(frozen=True, slots=True)
class Text(Node):
    value: str


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A field."""

    name: str


@dataclass(frozen=True, slots=True)
class Call(Node):
    function: str
    arguments: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """`-`, `+` or `NOT`."""

    operator: str
    operand: Expression


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """`+ - * / % . = != < > <= >= LIKE AND OR XOR`; `==` is read as `=`."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Member(Node):
    """`operand IN (values)`."""

    operand: Expression
    values: tuple[Expression, ...]


# Terms, as `search` takes them.


@dataclass(frozen=True, slots=True)
class Term(Node):
    """A word or a phrase to look for in the message. `form`: "" bare, `"` quoted, or TERM or CASE."""

    text: str
    form: str = ""


@dataclass(frozen=True, slots=True)
class Compare(Node):
    """`field=value`; `quoted` values are no less wildcards."""

    field: str
    operator: str
    value: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class OneOf(Node):
    """`field IN (a, b)`."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Every(Node):
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Either(Node):
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Negated(Node):
    part: Condition


@dataclass(frozen=True, slots=True)
class Subsearch(Node):
    """`[search … | …]`; `text` instead where it is a template (`foreach`) that is read when its fields are known."""

    pipeline: Pipeline | None = None
    text: str = ""


# What stands behind a command's name.


@dataclass(frozen=True, slots=True)
class Option(Node):
    """`name=value`."""

    name: str
    value: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Word(Node):
    """A field, a name or a number as written; `-field` and the like keep their sign apart."""

    text: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Keyword(Node):
    """A word of the command's own syntax (`OUTPUT`, `WITH`, `+`)."""

    word: str


@dataclass(frozen=True, slots=True)
class Renamed(Node):
    """`old AS new`."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Assign(Node):
    name: str
    value: Expression


@dataclass(frozen=True, slots=True)
class Aggregate(Node):
    """`function(argument) AS alias`; `argument` is a field, or an expression within `eval(…)` (`reckoned`)."""

    function: str
    argument: Expression | None = None
    alias: str = ""
    reckoned: bool = False
    rest: tuple[str, ...] = ()
    """Further arguments (`sparkline(avg(x), 5m)`: the span)."""
    written: str = field(default="", compare=False, repr=False)
    """Without its alias, as it stands in the text: the name that it has where there is no alias."""


@dataclass(frozen=True, slots=True)
class Key(Node):
    """A field to sort by; `kind` is what it is compared as: auto, num, str, ip, or "" (auto)."""

    field: str
    descending: bool = False
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Clause(Node):
    """`BY`, `OVER`, `SORTBY` and what they take."""

    word: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Command(Node):
    name: str
    parts: tuple[Part, ...] = ()
    where: Condition | None = None
    """What `search` looks for."""

    def option(self, name: str, default: str = "") -> str:
        """The value of an option as written, wherever among its parts; the last where it stands twice."""
        every = [p for part in self.parts for p in (part.parts if isinstance(part, Clause) else (part,))]
        return next((p.value for p in reversed(every) if isinstance(p, Option) and p.name == name), default)


@dataclass(frozen=True, slots=True)
class Pipeline(Node):
    commands: tuple[Command, ...]


Expression: TypeAlias = Number | Text | Name | Call | Unary | Binary | Member | Subsearch
Condition: TypeAlias = Term | Compare | OneOf | Every | Either | Negated | Subsearch
Part: TypeAlias = Option | Word | Keyword | Renamed | Assign | Aggregate | Key | Clause | Expression

"""What a command says of itself: its syntax, options and examples, from which parsing, help, completion and documentation follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .frame import Frame
    from .parser import Parser
    from .tree import Command, Part

Shape = Callable[["Parser", "Declaration"], "Part | None"]
"""Reads one part of a command at the parser's place; None, and nothing taken, where something else stands there."""
Compile = Callable[["Frame", "Command"], "Frame"]
"""What a command makes of the rows before it."""


@dataclass(frozen=True, slots=True)
class Opt:
    """An option `name=value`. `kind`: bool, int, num, text, field, span, or the values that there are, split by `|`."""

    name: str
    kind: str = "text"
    default: str = ""
    help: str = ""


@dataclass(frozen=True, slots=True)
class Declaration:
    """`takes`: the shapes of its parts, tried in this order at each place; `examples`: searches, each of which a test runs."""

    name: str
    help: str
    syntax: str
    takes: tuple[Shape, ...]
    compile: Compile
    options: tuple[Opt, ...] = ()
    examples: tuple[str, ...] = ()
    notes: str = ""
    aliases: tuple[str, ...] = ()
    generates: bool = False
    """It can stand first, with a bar before it."""
    defaults: dict[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "defaults", {o.name: o.default for o in self.options})

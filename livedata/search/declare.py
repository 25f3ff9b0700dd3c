"""What a command says of itself: its syntax, options and examples, from which parsing, help, completion and documentation follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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
    """An option `name=value`. `kind`: bool, int, num, text, field, span, or the values that there are, split by `|`.

    Where `help` begins with "Taken" it is read and makes no difference here; with "Not here" it is refused, but at its default.
    """

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

    @property
    def refused(self) -> dict[str, str]:
        """The options that are not here, each with the value at which that makes no difference."""
        return {o.name: o.default for o in self.options if o.help.startswith("Not here")}

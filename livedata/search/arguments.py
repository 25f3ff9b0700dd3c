"""What the options and words of a command are taken for: a truth, a whole number, the one word or field that it wants."""

from __future__ import annotations

from .frame import Frame
from .tree import Command, Renamed, Word


def is_true(text: str) -> bool:
    return text.lower() in {"t", "true", "1", "yes"}


def truth(command: Command, name: str, default: bool = False) -> bool:
    """An option that is true or false."""
    return is_true(command.option(name, str(default)))


def whole(frame: Frame, command: Command, text: str) -> int:
    """An option that is a whole number. Raises SearchError."""
    try:
        return int(text)
    except ValueError:
        frame.fail(command.at, f"{text!r} is no whole number", "for example: limit=10")


def only_word(command: Command) -> Word | None:
    """Its one word; None where there are none or several."""
    words = [p for p in command.parts if isinstance(p, Word)]
    return words[0] if len(words) == 1 else None


def named(frame: Frame, command: Command) -> tuple[str, str]:
    """The one field of a command, and the name of what is made of it: `old AS new`, or the same. Raises SearchError."""
    for part in command.parts:
        if isinstance(part, Renamed):
            return part.old, part.new
        if isinstance(part, Word):
            return part.text, part.text
    return frame.fail(command.at, f"{command.name} wants a field", f"for example: | {command.name} count")

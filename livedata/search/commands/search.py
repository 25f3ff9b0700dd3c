"""`search`: the rows that have words, phrases and values."""

from __future__ import annotations

from ..base import searched
from ..declare import Declaration
from ..frame import Frame
from ..match import matching
from ..tree import Command, Every


def compile_search(frame: Frame, command: Command) -> Frame:
    where = command.where or Every(())
    if frame.build.first:
        found = searched(frame.build, where)
        if not frame.build.subsearch:
            frame.build.told = frame.build.span
        return found
    frame.where(matching(frame, where))
    return frame


COMMAND = Declaration(
    "search",
    "The rows that have these words, phrases and values",
    "search TERM… · field=value · field!=value · field IN (a, b) · NOT, OR, AND · ( ) · earliest=TIME latest=TIME",
    (),
    compile_search,
    notes="Terms are joined by AND; NOT binds before OR, and OR before AND. Case does not count, * is a wildcard. It stands first without being named.",
    examples=('search "Failed password" host=web-*', "* | search host=web-01 NOT unit=cron"),
    generates=True,
)

"""`join`: the fields of another search's row with the same values."""

from __future__ import annotations

from .. import sql
from ..arguments import truth, whole
from ..declare import Declaration, Opt
from ..frame import Field, Frame
from ..shapes import field, keywords, option, subsearch
from ..stacking import beside
from ..tree import Command, Word
from .append import pipeline_of


def compile_join(frame: Frame, command: Command) -> Frame:
    kind = (command.option("type") or "inner").lower()
    if kind not in {"inner", "left", "outer"}:
        frame.fail(command.at, f"type={kind} of join is not there", "inner, left and outer are")
    if truth(command, "usetime"):
        frame.fail(command.at, "usetime of join is not there", "streamstats and transaction go by time")
    inner = frame.build.compile(frame.build, pipeline_of(frame, command))
    names = [p.text for p in command.parts if isinstance(p, Word)]
    if not names:
        names = [n for n in frame.fields if n in inner.fields and n not in {"ts", "_time", "message", "_raw"}]
    on: dict[str, tuple[Field, Field]] = {}
    for name in names:
        ours, theirs = frame.field(name), inner.field(name)
        if ours is None or theirs is None:
            if kind == "inner":
                frame.where(sql.false())
            return frame
        on[name] = (ours, theirs)
    most = whole(frame, command, command.option("max", "1"))
    if most > 0:
        keys = [sql.column(theirs.column) for _, theirs in on.values()]
        place = inner.item("place", sql.window(sql.fn("row_number"), keys, inner.ordering()), window=True)
        inner.where(sql.op("<=", sql.column(place), sql.number(most)))
    return beside(frame, inner, on, outer=kind != "inner", overwrite=truth(command, "overwrite", True))


COMMAND = Declaration(
    "join",
    "The fields of another search's row with the same values",
    "join [type=inner|left] [max=COUNT] FIELD … [SEARCH]",
    (option, subsearch, keywords("ON"), field),
    compile_join,
    options=(
        Opt("type", "inner|left|outer", "inner", "left and outer keep rows that have no other"),
        Opt("max", "int", "1", "How many rows of the other search each takes; 0: all"),
        Opt("overwrite", "bool", "true", "Whether its fields replace those of the same name"),
        Opt("usetime", "bool", "false", "Not here"),
        Opt("earlier", "bool", "true", "Taken"),
        Opt("left", "text", "", "Not here"),
        Opt("right", "text", "", "Not here"),
    ),
    examples=("* | stats count BY host | join host [search priority<4 | stats count AS bad BY host]",),
)

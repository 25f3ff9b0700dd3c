"""`from`: the rows of a table."""

from __future__ import annotations

from ..arguments import only_word
from ..base import narrow, table_frame
from ..declare import Declaration
from ..errors import suggestion
from ..frame import Frame
from ..shapes import field
from ..tree import Command


def compile_from(frame: Frame, command: Command) -> Frame:
    build = frame.build
    word = only_word(command)
    if word is None or not build.first:
        frame.fail(
            command.at,
            "from stands first and takes one table",
            "for example: | from cpu | stats avg(busy_pct) BY host",
        )
    name = word.text
    for prefix in ("datamodel:", "savedsearch:", "lookup:", "inputlookup:"):
        if name.lower().startswith(prefix):
            frame.fail(
                word.at,
                f"{prefix[:-1]} is not there",
                "| inputlookup NAME reads a lookup; tables stand in livedata fleet tables",
            )
    known = {t.lower(): t for t in build.world.tables}
    if name.lower() not in known:
        frame.fail(
            word.at,
            f"there is no table {name}",
            suggestion(name, build.world.tables, "livedata fleet tables lists them"),
        )
    found = table_frame(build, known[name.lower()])
    narrow(found, build.span)
    return found


COMMAND = Declaration(
    "from",
    "The rows of a table, newest first",
    "from TABLE",
    (field,),
    compile_from,
    generates=True,
    examples=("| from log | stats count BY host",),
)

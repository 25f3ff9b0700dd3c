"""`savedsearch`: the rows of a search that is kept under a name."""

from __future__ import annotations

from ..arguments import only_word
from ..declare import Declaration
from ..errors import suggestion
from ..frame import Frame
from ..macros import expanded
from ..shapes import field
from ..tree import Command


def compile_savedsearch(frame: Frame, command: Command) -> Frame:
    from ..grammar import parse

    build = frame.build
    word = only_word(command)
    if word is None or not build.first:
        frame.fail(
            command.at,
            "savedsearch stands first and takes one name",
            "for example: | savedsearch logins | head 5",
        )
    name = word.text
    saved = build.world.saved
    if name not in saved:
        frame.fail(
            word.at,
            f"there is no saved search {name}",
            suggestion(name, saved, "saved searches stand in searches.toml beside config.toml"),
        )
    if name in build.running:
        frame.fail(word.at, f"the saved search {name} names itself")
    text = expanded(saved[name], build.world.macros)
    before, build.text = build.text, text
    build.running.append(name)
    try:
        return build.compile(build, parse(text))
    finally:
        build.text = before
        build.running.pop()


COMMAND = Declaration(
    "savedsearch",
    "The rows of a search that is kept under a name",
    "savedsearch NAME",
    (field,),
    compile_savedsearch,
    notes="Saved searches and macros stand in searches.toml beside config.toml.",
    examples=("| savedsearch logins | stats count BY host",),
    generates=True,
)

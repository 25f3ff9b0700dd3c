"""`bin`: times and numbers cut into buckets."""

from __future__ import annotations

from ..buckets import number_buckets, time_buckets
from ..declare import Declaration, Opt
from ..frame import Field, Frame
from ..shapes import aliased, field, option
from ..tree import Clause, Command, Option, Word


def compile_bin(frame: Frame, command: Command) -> Frame:
    options = {p.name: p.value for p in command.parts if isinstance(p, Option)}
    words = [p for p in command.parts if isinstance(p, Word)]
    if len(words) != 1:
        frame.fail(command.at, "bin wants one field", "for example: | bin _time span=5m")
    name = words[0].text
    alias = next(
        (c.parts[0].text for c in command.parts if isinstance(c, Clause) and isinstance(c.parts[0], Word)),
        name,
    )
    there = frame.field(name, words[0].at)
    if there is None:
        return frame
    bins = options.get("bins", "100")
    if there.kind == "time" or name == "_time":
        made, _ = time_buckets(
            frame,
            there,
            options.get("span", ""),
            int(bins) if bins.isdigit() else 100,
            command.at,
            least=options.get("minspan", ""),
        )
        shown = name
        if alias == name and name not in frame.fields and frame.aliases.get(name) in frame.fields:
            shown = name
        frame.show(alias if alias != name else shown, Field(made, "time"))
        return frame
    frame.put(alias, number_buckets(frame, there, command, options))
    return frame


COMMAND = Declaration(
    "bin",
    "Times and numbers cut into buckets",
    "bin [span=SPAN | bins=COUNT] FIELD [AS name]",
    (option, aliased, field),
    compile_bin,
    options=(
        Opt("span", "span", "", "How wide a bucket is: 5m, 1h, 1d, 1mon; of a number a number"),
        Opt("minspan", "span", "", "The least that it may be"),
        Opt("bins", "int", "100", "How many buckets at most, where span is not given"),
        Opt("start", "num", "", "Not here"),
        Opt("end", "num", "", "Not here"),
        Opt("aligntime", "text", "", "Not here"),
    ),
    aliases=("bucket", "discretize"),
    examples=("* | bin _time span=5m | stats count BY _time", "* | bin span=100 pid | stats count BY pid"),
)

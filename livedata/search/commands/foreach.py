"""`foreach`: the same commands for each of several fields."""

from __future__ import annotations

from .. import sql
from ..declare import Declaration, Opt
from ..evaluate import evaluate_with
from ..frame import Field, Frame
from ..shapes import field, option, template
from ..tree import Assign, Command, Subsearch, Word
from ..values import Value, as_kind

MOST_FIELDS = 500
SERIES = "series_of_the_chart"
"""What stands for a series' name in a template."""


def compile_foreach(frame: Frame, command: Command) -> Frame:
    mode = command.option("mode", "multifield")
    if mode != "multifield":
        frame.fail(
            command.at, f"mode={mode} of foreach is not there", "mvmap goes through the values of a field"
        )
    templates = [p for p in command.parts if isinstance(p, Subsearch)]
    if len(templates) != 1:
        frame.fail(
            command.at,
            "foreach wants commands in brackets",
            "for example: | foreach *_bytes [eval <<FIELD>> = round('<<FIELD>>' / 1024)]",
        )
    words = [p for p in command.parts if isinstance(p, Word)]
    text = templates[0].text
    wild = any(w.text == "*" for w in words)
    done: list[str] = []
    for word in words:
        for name in frame.matching(word.text):
            if name in done:
                continue
            done.append(name)
            if len(done) > MOST_FIELDS:
                frame.fail(command.at, f"foreach goes over more than {MOST_FIELDS} fields")
            frame = _run(frame, _filled(text, name, word.text))
    if wild and frame.wide is not None:
        _each_series(frame, command, text)
    return frame


def _filled(text: str, name: str, pattern: str) -> str:
    """The template for one field."""
    parts = pattern.split("*")
    match = name
    if len(parts) == 2:
        match = name[len(parts[0]) : len(name) - len(parts[1])] if parts[1] else name[len(parts[0]) :]
    return text.replace("<<FIELD>>", name).replace("<<MATCHSTR>>", match).replace("<<MATCHSEG1>>", match)


def _run(frame: Frame, text: str) -> Frame:
    from ..compile import compile_pipeline
    from ..grammar import inner_pipeline, parser_of

    p = parser_of(text)
    pipeline = inner_pipeline(p)
    if p.pos < len(text):
        p.unexpected("in a template")
    build = frame.build
    before, build.text = build.text, text
    try:
        return compile_pipeline(build, pipeline, frame)
    finally:
        build.text = before


def _each_series(frame: Frame, command: Command, text: str) -> None:
    """The template for the columns of a chart, whose names are not known yet: an eval of the field from itself."""
    from ..grammar import inner_pipeline, parser_of

    assert frame.wide is not None
    pipeline = inner_pipeline(parser_of(_filled(text, SERIES, "*")))
    assigns = [p for c in pipeline.commands for p in c.parts]
    plain = all(isinstance(a, Assign) and a.name == SERIES for a in assigns) and all(
        c.name == "eval" for c in pipeline.commands
    )
    if not plain:
        frame.fail(
            command.at,
            "the columns of a chart can be reckoned anew only each from itself",
            "[eval <<FIELD>> = round('<<FIELD>>', 1)]",
        )
    for assign in assigns:
        assert isinstance(assign, Assign)
        value = evaluate_with(frame, assign.value, {SERIES: Value(sql.variable("v"), frame.wide.kind)})
        column = sql.column(frame.wide.column)
        kind = "text" if value.kind in {"null", "bool", "time", "map"} else value.kind
        one = as_kind(value, kind)
        made = sql.fn(
            "map",
            sql.fn("map_keys", column),
            sql.fn("list_transform", sql.fn("map_values", column), sql.function_of("v", one)),
        )
        frame.wide = Field(frame.item("series", made), kind)


COMMAND = Declaration(
    "foreach",
    "The same commands for each of several fields",
    "foreach FIELD … [COMMAND with <<FIELD>>]",
    (option, template, field),
    compile_foreach,
    options=(
        Opt("mode", "multifield", "multifield", "Only this one is here"),
        Opt("fieldstr", "text", "", "Not here"),
        Opt("matchstr", "text", "", "Not here"),
        Opt("matchseg1", "text", "", "Not here"),
        Opt("itemstr", "text", "", "Not here"),
    ),
    notes="<<FIELD>> is the field's name, <<MATCHSTR>> what its * stands for; a value is '<<FIELD>>'.",
    examples=(
        "* | stats count AS n_all count(unit) AS n_unit BY host | foreach n_* [eval <<FIELD>> = '<<FIELD>>' * 2]",
    ),
)

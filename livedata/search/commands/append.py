"""`append`, `appendpipe` and `appendcols`: further rows below, further fields beside."""

from __future__ import annotations

from ..declare import Declaration, Opt
from ..frame import Frame
from ..shapes import option, subsearch
from ..stacking import beside, stacked
from ..tree import Command, Pipeline, Subsearch
from .dedup import truth

SUBSEARCH_OPTIONS = (
    Opt("extendtimerange", "bool", "false", "Taken; the time is that of the search"),
    Opt("maxtime", "int", "60", "Taken; --timeout is of the whole search"),
    Opt("maxout", "int", "50000", "Taken; nothing is cut off"),
    Opt("timeout", "int", "60", "Taken"),
)


def pipeline_of(frame: Frame, command: Command) -> Pipeline:
    """The subsearch of a command that takes one."""
    found = [p.pipeline for p in command.parts if isinstance(p, Subsearch) and p.pipeline]
    if len(found) != 1:
        frame.fail(
            command.at,
            f"{command.name} wants a search in brackets",
            f"for example: | {command.name} [search …]",
        )
    return found[0]


def compile_append(frame: Frame, command: Command) -> Frame:
    inner = frame.build.compile(frame.build, pipeline_of(frame, command))
    return stacked([frame, inner])


def compile_appendpipe(frame: Frame, command: Command) -> Frame:
    from ..compile import compile_pipeline

    other = frame.copy()
    return stacked([frame, compile_pipeline(frame.build, pipeline_of(frame, command), other)])


def compile_appendcols(frame: Frame, command: Command) -> Frame:
    inner = frame.build.compile(frame.build, pipeline_of(frame, command))
    rows = frame.numbered(), inner.numbered()
    return beside(frame, inner, {}, outer=True, overwrite=truth(command, "override"), row=rows)


APPEND = Declaration(
    "append",
    "The rows of another search below these",
    "append [SEARCH]",
    (option, subsearch),
    compile_append,
    options=SUBSEARCH_OPTIONS,
    examples=("host=web-01 | stats count BY host | append [search host=db-01 | stats count BY host]",),
)
APPENDPIPE = Declaration(
    "appendpipe",
    "What commands make of these rows, below them",
    "appendpipe [COMMAND | …]",
    (option, subsearch),
    compile_appendpipe,
    options=(Opt("run_in_preview", "bool", "true", "Taken"),),
    examples=('* | stats count BY host | appendpipe [stats sum(count) AS count | eval host = "all"]',),
)
APPENDCOLS = Declaration(
    "appendcols",
    "The fields of another search beside these, row by row",
    "appendcols [override=BOOL] [SEARCH]",
    (option, subsearch),
    compile_appendcols,
    options=(
        Opt("override", "bool", "false", "Whether fields of the same name are replaced"),
        *SUBSEARCH_OPTIONS,
    ),
    examples=("* | stats count | appendcols [search priority<4 | stats count AS bad]",),
)

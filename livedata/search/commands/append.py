"""`append`, `appendpipe` and `appendcols`: further rows below, further fields beside."""

from __future__ import annotations

from ..arguments import truth
from ..declare import Declaration, Opt
from ..frame import Frame, Order
from ..shapes import option, subsearch
from ..stacking import beside, stacked
from ..tree import Command, Pipeline, Subsearch

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


def compile_union(frame: Frame, command: Command) -> Frame:
    build = frame.build
    first = build.first
    inner = [p.pipeline for p in command.parts if isinstance(p, Subsearch) and p.pipeline]
    if len(inner) + (not first) < 2:
        frame.fail(
            command.at,
            f"{command.name} wants at least two searches in brackets",
            f"for example: | {command.name} [search …] [search …]",
        )
    if command.name == "multisearch" and not first:
        frame.fail(command.at, "multisearch stands first", "append adds the rows of another search")
    frames = [build.compile(build, pipeline) for pipeline in inner]
    events = all(f.events for f in frames) and (first or frame.events)
    made = stacked(frames if first else [frame, *frames])
    time = made.time()
    if events and time is not None:  # events of several searches stand in the order of their times
        made.order = [Order(time.column, True), *made.order]
        made.events = True
    return made


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
UNION = Declaration(
    "union",
    "The rows of several searches; events in the order of their times, else one search's below the other's",
    "union [SEARCH] [SEARCH] …",
    (option, subsearch),
    compile_union,
    options=SUBSEARCH_OPTIONS,
    generates=True,
    examples=("| union [search unit=ssh] [search unit=nginx] | stats count BY unit",),
)
MULTISEARCH = Declaration(
    "multisearch",
    "The events of several searches in the order of their times",
    "multisearch [SEARCH] [SEARCH] …",
    (subsearch,),
    compile_union,
    generates=True,
    examples=(
        '| multisearch [search unit=ssh | eval kind = "ssh"] [search unit=nginx] | stats count BY kind',
    ),
)

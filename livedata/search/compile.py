"""From a search's tree to one SQL statement: each command changes a frame, and the steps become one WITH."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields

from sqlglot import exp

from . import series, sql
from .commands import COMMANDS
from .frame import Build, Frame, Step
from .grammar import parse
from .macros import expanded
from .sql import Sql
from .tree import (
    Clause,
    Command,
    Compare,
    Either,
    Every,
    Key,
    Name,
    Node,
    OneOf,
    Option,
    Pipeline,
    Renamed,
    Term,
    Word,
)
from .values import Kind, Value, as_time
from .world import World


@dataclass(frozen=True, slots=True)
class Compiled:
    """`fields`: the answer's columns and their kinds; `wide`: one of them, a map whose keys are columns of their own. `events`:
    whether rows are events and no table. `span`: the time that it is about, microseconds UTC. `notes`: what is to be said beside the answer."""

    sql: str
    fields: Mapping[str, Kind]
    wide: str | None
    events: bool
    span: tuple[int | None, int | None]
    tables: tuple[str, ...]
    """The tables that it reads."""
    notes: tuple[str, ...]
    terms: tuple[str, ...]
    """The words that its first search looks for."""
    tree: Pipeline


def compile_search(text: str, world: World, *, pretty: bool = False) -> Compiled:
    """The statement of a search.

    Raises:
        SearchError: it is no search, or one that can't be run here.
    """
    text = expanded(text, world.macros)
    tree = parse(text)
    build = Build(text, world, compile_inner, span=(world.since_us, world.until_us))
    build.mentioned = mentioned(tree)
    frame = compile_pipeline(build, tree)
    statement, fields = _statement(frame)
    written = sql.written(statement, pretty)
    return Compiled(
        written,
        fields,
        frame.wide.column if frame.wide else None,
        frame.events,
        build.told or build.span,
        tuple(build.tables),
        tuple(build.notes),
        tuple(terms_of(tree.commands[0].where)),
        tree,
    )


def terms_of(node: object) -> Iterator[str]:
    """The words and phrases that a condition wants to be there."""
    match node:
        case Every(parts=parts) | Either(parts=parts):
            for part in parts:
                yield from terms_of(part)
        case Term(text=text):
            yield text


def mentioned(tree: object) -> tuple[str, ...]:
    """The names of fields that stand anywhere in a search."""
    found: dict[str, None] = {}
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, tuple):
            stack.extend(reversed(node))
        elif isinstance(node, Node):
            match node:
                case (
                    Name(name=name)
                    | Compare(field=name)
                    | OneOf(field=name)
                    | Key(field=name)
                    | Renamed(old=name)
                ):
                    found[name] = None
                case Word(text=name, quoted=False):
                    found[name] = None
            stack.extend(getattr(node, f.name) for f in dataclass_fields(node))
    return tuple(found)


def compile_inner(build: Build, pipeline: Pipeline) -> Frame:
    """A subsearch, of the same time unless it says another."""
    before = build.span, build.subsearch
    build.subsearch = True
    try:
        return compile_pipeline(build, pipeline)
    finally:
        build.span, build.subsearch = before


def compile_pipeline(build: Build, pipeline: Pipeline, frame: Frame | None = None) -> Frame:
    """The rows of commands one after the other, after those of `frame` if there is one."""
    for command in pipeline.commands:
        frame = apply(build, frame, command)
    assert frame is not None
    return frame


def apply(build: Build, frame: Frame | None, command: Command) -> Frame:
    declaration = COMMANDS[command.name]
    if frame is None:
        if not declaration.generates:
            build.fail(
                command.at,
                f"{command.name} can't stand first",
                "it works on the rows before it: | makes none, search and from do",
            )
        frame = Frame(build, Step([]), {})
        frame.step.passes = False
        build.first = True
    else:
        build.first = False
    for option in _options(command.parts):
        if option.name in declaration.refused and not _same(option.value, declaration.refused[option.name]):
            build.fail(
                option.at,
                f"{option.name}= of {command.name} is not there",
                f"without it: {declaration.syntax.split(' · ')[0]}",
            )
    return declaration.compile(frame, command)


def _options(parts: tuple[object, ...]) -> Iterator[Option]:
    for part in parts:
        if isinstance(part, Option):
            yield part
        elif isinstance(part, Clause):
            yield from _options(part.parts)


def _same(value: str, default: str) -> bool:
    """Whether an option's value is its default, however that is written."""
    truth = {"t": "true", "1": "true", "yes": "true", "f": "false", "0": "false", "no": "false"}
    return truth.get(value.lower(), value.lower()) == default


def _statement(frame: Frame) -> tuple[exp.Select, dict[str, Kind]]:
    """The SELECT that gives a frame's fields by their names, in its order."""
    build = frame.build
    series.overwritten(frame)
    shown = dict(frame.fields)
    order = list(frame.order)
    outputs: list[tuple[str, Sql]] = []
    kinds: dict[str, Kind] = {}
    for name, kept in shown.items():
        field = frame.shown.get(kept.column, kept)
        value = Value(sql.column(field.column), field.kind)
        kind = field.kind
        if name == "_time" and kind in {"int", "num"}:
            value, kind = Value(as_time(value), "time"), "time"
        outputs.append((name, value.sql))
        kinds[name] = kind
    if frame.wide is not None:
        outputs.insert(frame.wide_at, (frame.wide.column, sql.column(frame.wide.column)))
        kinds[frame.wide.column] = "map"
    last = frame.step
    plain = all(isinstance(node, exp.Column) and node.name == name for name, node in outputs)
    hidden = {o.column for o in order} & last.items.keys() - {n for n, _ in outputs}
    if (
        last.union
        or not last.sources
        or not plain
        or hidden
        or (last.limit is not None and last.order != order)
    ):
        frame.close()
        last = frame.step
    needed = (
        set().union(*(sql.columns_of(n) for _, n in outputs)) | {o.column for o in order}
        if outputs
        else set()
    )
    final = Step(last.sources, last.items, True, last.where, last.group, order, last.limit)
    demanded = needed | final.uses()
    ctes = []
    for name, step in reversed(build.steps.items()):
        ctes.append((name, _select(build, step, demanded)))
        demanded |= step.uses() | set().union(
            *(sql.columns_of(n) for _, s in step.union for c, n in s.items() if c in demanded)
        )
    items = [
        exp.alias_(
            sql.own(last.items.get(n, node) if isinstance(node, exp.Column) and node.name == n else node),
            sql.identifier(n),
        )
        if not _bare(node, n, last)
        else node
        for n, node in outputs
    ]
    select = _bare_select(final, items or [exp.alias_(sql.number(1), "nothing")])
    with_ = [
        exp.CTE(this=query, alias=exp.TableAlias(this=sql.identifier(name))) for name, query in reversed(ctes)
    ]
    if with_:
        select.set("with_", exp.With(expressions=with_))
    return select, kinds


def _bare(node: Sql, name: str, step: Step) -> bool:
    return isinstance(node, exp.Column) and node.name == name and name not in step.items


def available(build: Build, name: str) -> list[str]:
    """The columns of a step or a table, in order."""
    if name not in build.steps:
        return list(build.tables.get(name, ()))
    step = build.steps[name]
    if step.union:
        return list(step.union[0][1])
    passed = [c for source, _, _ in step.sources for c in available(build, source)] if step.passes else []
    return list(dict.fromkeys([*passed, *step.items]))


def _select(build: Build, step: Step, demanded: set[str]) -> exp.Query:
    """A step's SELECT of the columns that are demanded of it."""
    if step.union:
        selects = [
            exp.Select(expressions=[exp.alias_(sql.own(n), sql.identifier(c)) for c, n in outs.items() if c in demanded] or [exp.alias_(sql.number(1), "one")])
            .from_(exp.Table(this=sql.identifier(source)))
            for source, outs in step.union
        ]  # fmt: skip
        result: exp.Query = selects[0]
        for further in selects[1:]:
            result = exp.Union(this=result, expression=further, distinct=False)
        return result
    passed = [c for source, _, _ in step.sources for c in available(build, source)] if step.passes else []
    items: list[Sql] = [sql.column(c) for c in dict.fromkeys(passed) if c in demanded and c not in step.items]
    items += [exp.alias_(sql.own(n), sql.identifier(c)) for c, n in step.items.items() if c in demanded]
    if (
        not items and step.group is not None and step.items
    ):  # without an aggregate it would be all rows and not one
        name, node = next(reversed(step.items.items()))
        items = [exp.alias_(sql.own(node), sql.identifier(name))]
    return _bare_select(step, items or [exp.alias_(sql.number(1), "one")])


def _bare_select(step: Step, items: list[Sql]) -> exp.Select:
    select = exp.Select(expressions=items)
    if step.distinct:
        select.set("distinct", exp.Distinct())
    for i, (source, kind, on) in enumerate(step.sources):
        table = exp.Table(this=sql.identifier(source))
        if i == 0:
            select.set("from_", exp.From(this=table))
        elif kind == "cross":
            select.append("joins", exp.Join(this=table, kind="CROSS"))
        else:
            select.append(
                "joins",
                exp.Join(
                    this=table,
                    side=kind.upper() if kind != "inner" else None,
                    kind=None if kind != "inner" else "INNER",
                    on=sql.own(on) if on is not None else None,
                ),
            )
    if step.where:
        select.set("where", exp.Where(this=sql.own(sql.both(step.where))))
    if step.group:
        select.set("group", exp.Group(expressions=[sql.own(g) for g in step.group]))
    if step.order:
        select.set(
            "order",
            exp.Order(expressions=[sql.ordered(sql.column(o.column), o.descending) for o in step.order]),
        )
    if step.limit is not None:
        select.set("limit", exp.Limit(expression=sql.number(step.limit)))
    return select

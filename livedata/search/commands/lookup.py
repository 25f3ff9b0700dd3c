"""`lookup` and `inputlookup`: fields and rows of the files in the lookups folder."""

from __future__ import annotations

from collections.abc import Sequence

from .. import sql
from ..arguments import truth
from ..declare import Declaration, Opt
from ..errors import suggestion
from ..frame import Field, Frame, Order, Step
from ..match import matching
from ..parser import Parser
from ..shapes import field, keywords, option, renamed
from ..stacking import stacked
from ..terms import terms
from ..tree import Clause, Command, Keyword, Renamed, Word
from ..values import Value, as_text
from ..world import lookup_table


def known_lookup(frame: Frame, name: str, at: int) -> str:
    """A lookup's name as it is known; `.csv` may stand behind it. Raises SearchError."""
    known = {n.lower(): n for n in frame.build.world.lookups}
    low = name.lower()
    for candidate in (low, low.removesuffix(".csv").removesuffix(".gz")):
        if candidate in known:
            return known[candidate]
    hint = suggestion(
        name, known.values(), "a lookup is a file NAME.csv in the folder lookups beside config.toml"
    )
    return frame.fail(at, f"there is no lookup {name}", hint)


def lookup_step(frame: Frame, name: str) -> tuple[str, dict[str, str]]:
    """A step with a lookup's rows; its name, and the column of each field."""
    build = frame.build
    columns = list(build.world.lookups[name].columns)
    table = lookup_table(name)
    build.tables.setdefault(table, tuple(columns))
    made = {c: build.fresh(c) for c in columns}
    step = Step([(table, "", None)], {m: sql.fn("nullif", sql.column(c), "") for c, m in made.items()}, False)
    rest = frame.step
    frame.step = step
    found = frame.close()
    frame.step = rest
    return found, made


def compile_lookup(frame: Frame, command: Command) -> Frame:
    words = list(command.parts)
    name_at = next((i for i, p in enumerate(words) if isinstance(p, Word)), None)
    if name_at is None:
        frame.fail(
            command.at, "lookup wants the name of a lookup", "for example: | lookup owners host OUTPUT team"
        )
    word = words[name_at]
    assert isinstance(word, Word)
    name = known_lookup(frame, word.text, word.at)
    columns = frame.build.world.lookups[name].columns
    keys, outputs, new = _parts(command, words[name_at + 1 :])
    for theirs, _ in (*keys, *(outputs or ())):
        if theirs not in columns:
            frame.fail(
                command.at,
                f"the lookup {name} has no field {theirs}",
                suggestion(theirs, columns, f"it has {', '.join(columns)}"),
            )
    if not keys:
        frame.fail(
            command.at, "lookup wants a field to look up", f"for example: | lookup {name} {columns[0]}"
        )
    if outputs is None:
        outputs = [(c, c) for c in columns if c not in {k for k, _ in keys}]
    source, made = lookup_step(frame, name)
    ours = [frame.value(event, command.at) for _, event in keys]
    for i, v in enumerate(ours):
        ours[i] = Value(sql.column(frame.item("key", as_text(v))), "text")
    single = frame.build.world.lookups[name].unique(tuple(k for k, _ in keys))
    left = frame.close()
    frame.step = Step([(source, "", None)])
    grouped: dict[str, sql.Sql] = {made[theirs]: sql.column(made[theirs]) for theirs, _ in keys}
    results = {}
    for theirs, _ in outputs:
        column = sql.column(made[theirs])
        every = sql.filtered(sql.fn("list", column), sql.not_null(column))
        results[theirs] = frame.build.fresh(theirs)
        grouped_value = sql.fn("any_value", column) if single else every
        grouped.setdefault(results[theirs], grouped_value)
    frame.grouped(
        {c: n for c, n in grouped.items() if c in made.values()},
        {c: n for c, n in grouped.items() if c not in made.values()},
    )
    right = frame.close()
    on = sql.both(
        [sql.op("=", v.sql, sql.column(made[theirs])) for v, (theirs, _) in zip(ours, keys, strict=True)]
    )
    frame.step = Step([(left, "", None), (right, "left", on)])
    for theirs, event in outputs:
        found = Value(sql.column(results[theirs]), "text" if single else "list")
        before = frame.fields.get(event)
        if new and before is not None:
            from ..values import common

            kind, both = common([Value(sql.column(before.column), before.kind), found])
            found = Value(sql.fn("coalesce", *both), kind)
        frame.show(event, Field(frame.item(event, found.sql), found.kind))
    return frame


Pairs = list[tuple[str, str]]


def _parts(command: Command, parts: Sequence[object]) -> tuple[Pairs, Pairs | None, bool]:
    """The fields to look up and those to take, each as (of the lookup, of the rows); whether values that are there stay."""
    keys: Pairs = []
    outputs: Pairs | None = None
    new = False
    for part in parts:
        if isinstance(part, Keyword):
            outputs = outputs or []
            new = part.word == "OUTPUTNEW"
            continue
        pair = (
            (part.old, part.new)
            if isinstance(part, Renamed)
            else (part.text, part.text)
            if isinstance(part, Word)
            else None
        )
        if pair is not None:
            (keys if outputs is None else outputs).append(pair)
    return keys, outputs, new


def where_terms(p: Parser, d: Declaration) -> Clause | None:
    """`where` and search terms."""
    at = p.pos
    if not p.keyword("where"):
        return None
    start = p.pos
    terms(p, lambda q: q.fail("a subsearch can't stand here"))
    return Clause("WHERE", (Word(p.text[start : p.pos].strip(), True, at=start),), at=at)


def compile_inputlookup(frame: Frame, command: Command) -> Frame:
    build = frame.build
    first = build.first
    word = next((p for p in command.parts if isinstance(p, Word)), None)
    if word is None:
        frame.fail(command.at, "inputlookup wants the name of a lookup", "for example: | inputlookup owners")
    if not first and not truth(command, "append"):
        frame.fail(command.at, "inputlookup stands first", "append=true adds its rows to those before it")
    name = known_lookup(frame, word.text, word.at)
    made = Frame(build, Step([]), {})
    source, columns = lookup_step(made, name)
    made.step = Step([(source, "", None)])
    made.tabled({c: Field(m, "text") for c, m in columns.items()}, [])
    for clause in (p for p in command.parts if isinstance(p, Clause)):
        from ..grammar import parser_of

        inner = clause.parts[0]
        assert isinstance(inner, Word)
        p = parser_of(inner.text)
        p.space()
        made.where(matching(made, terms(p, lambda q: q.fail("a subsearch can't stand here"))))
    made.numbered()
    made.order = [Order(made.order[0].column)]
    if limit := command.option("max"):
        made.first(int(limit) if limit.isdigit() else 1_000_000_000)
    return made if first else stacked([frame, made])


LOOKUP = Declaration(
    "lookup",
    "Fields out of a lookup's row with the same values",
    "lookup NAME FIELD [AS event_field] … [OUTPUT|OUTPUTNEW FIELD [AS name] …]",
    (option, keywords("OUTPUTNEW", "OUTPUT"), renamed, field),
    compile_lookup,
    options=(
        Opt("local", "bool", "false", "Taken"),
        Opt("update", "bool", "false", "Taken"),
        Opt("event_time_field", "field", "", "Not here"),
    ),
    notes="A lookup is a file NAME.csv with a header in the folder lookups beside config.toml. Several rows that match make multivalues.",
    examples=("* | stats count BY host | lookup owners host OUTPUT team",),
)
INPUTLOOKUP = Declaration(
    "inputlookup",
    "The rows of a lookup",
    "inputlookup [append=BOOL] [max=COUNT] NAME [where TERM …]",
    (option, where_terms, field),
    compile_inputlookup,
    options=(
        Opt("append", "bool", "false", "Adds them to the rows before it"),
        Opt("max", "int", "1000000000", "How many"),
        Opt("start", "int", "0", "Not here"),
        Opt("strict", "bool", "false", "Taken"),
    ),
    generates=True,
    examples=("| inputlookup owners where team=web*",),
)

"""`transaction`: rows that belong together as one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlglot import exp

from .. import sql
from ..arguments import truth, whole
from ..declare import Declaration, Opt
from ..evaluate import condition
from ..expression import expression
from ..frame import Field, Frame, Order
from ..match import matching
from ..shapes import field, option
from ..sql import Sql
from ..terms import terms
from ..tree import Command, Word
from ..values import Kind, Value, as_list, as_text
from ..when import BadTime, parse_span

MOST_EVENTS = 1_000


def compile_transaction(frame: Frame, command: Command) -> Frame:
    time = frame.time()
    if time is None or time.kind != "time":
        frame.fail(
            command.at,
            "transaction goes by time, and these rows have none",
            "keep _time in the commands before it",
        )
    words = [p for p in command.parts if isinstance(p, Word)]
    keys: dict[str, Field] = {}
    for word in words:
        there = frame.field(word.text, word.at)
        if there is None:
            frame.where(sql.false())
            there = Field(frame.item(word.text, sql.null()), "text")
        keys[word.text] = there
        if not frame.always(there):
            frame.where(sql.not_null(sql.column(there.column)))
    for name in frame.build.mentioned:
        # What is only found in messages is found before these become one.
        if name not in frame.fields and "*" not in name and name not in keys and not name.startswith("_"):
            there = frame.field(name)
            if there is not None and name not in frame.aliases:
                frame.show(name, there)
    begins, ends = (_marker(frame, command, name) for name in ("startswith", "endswith"))
    frame.close()
    partition = [sql.column(f.column) for f in keys.values()]
    at = sql.column(time.column)
    seconds = sql.fn("epoch", at)
    ascending = [sql.ordered(at)]
    breaks: list[Sql] = []
    before = sql.window(sql.fn("lag", seconds), partition, ascending)
    if pause := _seconds(frame, command, "maxpause"):
        breaks.append(sql.op(">", sql.op("-", seconds, before), sql.number(str(pause))))
    if begins is not None:
        breaks.append(sql.column(begins))
    if ends is not None:
        breaks.append(sql.window(sql.fn("lag", sql.column(ends)), partition, ascending))
    group = _numbered(frame, partition, ascending, breaks)
    if span := _seconds(frame, command, "maxspan"):
        group = _limited(frame, [*partition, sql.column(group)], at, span, group)
    most = whole(frame, command, command.option("maxevents", str(MOST_EVENTS)))
    place = frame.item(
        "place", sql.window(sql.fn("row_number"), [*partition, sql.column(group)], ascending), window=True
    )
    frame.close()
    part = frame.item(
        "part", sql.fn("divide", sql.op("-", sql.column(place), sql.number(1)), sql.number(max(most, 1)))
    )
    frame.close()
    return _made(frame, command, keys, time, [*partition, sql.column(group), sql.column(part)], begins, ends)


def _made(
    frame: Frame,
    command: Command,
    keys: dict[str, Field],
    time: Field,
    group: list[Sql],
    begins: str | None,
    ends: str | None,
) -> Frame:
    """A row of each group."""
    build = frame.build
    at = sql.column(time.column)
    ascending = [sql.ordered(at)]
    made: dict[str, Sql] = {}
    fields: dict[str, Field] = {}
    raw = frame.aliases.get("_raw", "_raw")
    stamp = next((n for n, f in frame.fields.items() if f is time or f.column == time.column), "_time")

    def add(name: str, node: Sql, kind: Kind) -> None:
        column = build.fresh(name)
        made[column] = node
        fields[name] = Field(column, kind)

    add(stamp, sql.fn("min", at), "time")
    for name, f in frame.fields.items():
        if f.column == time.column or name in keys or f.kind == "map":
            continue
        value = Value(sql.column(f.column), f.kind)
        if name == raw:
            joined = sql.fn("list", sql.in_order(as_text(value), ascending))
            add(name, sql.fn("array_to_string", joined, "\n"), "text")
        elif truth(command, "mvlist"):
            add(name, sql.fn("flatten", sql.fn("list", sql.in_order(as_list(value), ascending))), "list")
        else:
            add(
                name,
                sql.fn(
                    "list_sort", sql.fn("list_distinct", sql.fn("flatten", sql.fn("list", as_list(value))))
                ),
                "list",
            )
    add(
        "duration", sql.op("-", sql.fn("epoch", sql.fn("max", at)), sql.fn("epoch", sql.fn("min", at))), "num"
    )
    add("eventcount", sql.fn("count", at), "int")
    whole_ones: list[Sql] = []
    for marker in (begins, ends):
        if marker is not None:
            whole_ones.append(sql.fn("bool_or", sql.column(marker)))
    closed = sql.case([(sql.both(whole_ones), sql.number(1))], sql.number(0))
    add("closed_txn", closed, "int")
    columns = {c.name: c for c in group}
    frame.grouped(columns, made)
    events, aliases = frame.events, dict(frame.aliases)
    frame.tabled(
        {**{n: f for n, f in fields.items() if n == stamp}, **keys, **fields},
        [Order(fields[stamp].column, True)],
    )
    frame.events, frame.aliases = events, {a: b for a, b in aliases.items() if b in frame.fields}
    if whole_ones and not truth(command, "keepevicted"):
        frame.close()
        frame.where(sql.op("=", sql.column(fields["closed_txn"].column), sql.number(1)))
    return frame


def _numbered(
    frame: Frame, partition: Sequence[Sql], ascending: Sequence[exp.Ordered], breaks: Sequence[Sql]
) -> str:
    """A column that goes up by one where a row begins another group."""
    if not breaks:
        return frame.item("group", sql.number(0))
    fresh = frame.item(
        "fresh",
        sql.case([(sql.fn("coalesce", sql.either(breaks), sql.false()), sql.number(1))], sql.number(0)),
        window=True,
    )
    frame.close()
    made = frame.item(
        "group",
        sql.window(
            sql.fn("sum", sql.column(fresh)), partition, ascending, "ROWS UNBOUNDED PRECEDING AND CURRENT ROW"
        ),
        window=True,
    )
    frame.close()
    return made


def _limited(frame: Frame, partition: Sequence[Sql], at: Sql, span: float, group: str) -> str:
    """The same, where a group also ends when it lasts too long: each row's group is named by when it began."""
    frame.close()
    row = frame.item("row", sql.window(sql.fn("row_number"), partition, [sql.ordered(at)]), window=True)
    times = frame.item(
        "times",
        sql.window(sql.fn("list", sql.in_order(sql.fn("epoch", at), [sql.ordered(at)])), partition),
        window=True,
    )
    frame.close()
    begun = sql.fn("list_extract", sql.variable("acc"), sql.number(-1))
    over = sql.op(
        ">",
        sql.op("-", sql.fn("list_extract", sql.variable("one"), sql.number(1)), begun),
        sql.number(str(span)),
    )
    following = sql.case([(over, sql.fn("list_extract", sql.variable("one"), sql.number(1)))], begun)
    body = sql.fn("list_append", sql.variable("acc"), following)
    singles = sql.fn("list_transform", sql.column(times), sql.function_of("t", sql.items(sql.variable("t"))))
    starts = sql.fn(
        "list_reduce", singles, exp.Lambda(this=body, expressions=[exp.Var(this="acc"), exp.Var(this="one")])
    )
    start = frame.item("start", sql.fn("list_extract", starts, sql.column(row)))
    frame.close()
    made = frame.item(
        "group",
        sql.op(
            "||",
            sql.op("||", sql.cast(sql.column(group), "VARCHAR"), sql.text(" ")),
            sql.cast(sql.column(start), "VARCHAR"),
        ),
    )
    frame.close()
    return made


def _seconds(frame: Frame, command: Command, name: str) -> float:
    written = command.option(name)
    if not written or written == "-1":
        return 0
    try:
        size, unit = parse_span(written)
    except BadTime as bad:
        frame.fail(command.at, str(bad), f"for example: {name}=5m")
    return size / 1_000_000 if unit == "us" else size * 2_592_000


def _marker(frame: Frame, command: Command, name: str) -> str | None:
    """A column that says whether a row begins or ends a transaction."""
    written = command.option(name)
    if not written:
        return None
    from ..grammar import parser_of

    inside = re.fullmatch(r"(?:eval)?\((.*)\)", written, re.S)
    p = parser_of(inside[1] if inside else written)
    p.space()
    evaluated = written.lower().startswith("eval")
    found = (
        condition(frame, expression(p))
        if evaluated
        else matching(frame, terms(p, lambda q: q.fail("a subsearch can't stand here")))
    )
    return frame.item(name, sql.fn("coalesce", found, sql.false()))


COMMAND = Declaration(
    "transaction",
    "Rows that belong together as one, with duration and eventcount",
    "transaction FIELD … [maxspan=SPAN] [maxpause=SPAN] [startswith=TERMS] [endswith=TERMS] [maxevents=COUNT]",
    (option, field),
    compile_transaction,
    options=(
        Opt("maxspan", "span", "-1", "How long it may last"),
        Opt("maxpause", "span", "-1", "How far two rows of it may be apart"),
        Opt("maxevents", "int", "1000", "How many rows it may have"),
        Opt("startswith", "text", "", "What its first row has: terms in quotes, or eval(expression)"),
        Opt("endswith", "text", "", "What its last row has"),
        Opt("keepevicted", "bool", "false", "Whether those stay that lack their first or last row"),
        Opt("mvlist", "bool", "false", "Whether fields keep each value of each row"),
        Opt("keeporphans", "bool", "false", "Not here"),
        Opt("unifyends", "bool", "false", "Not here"),
        Opt("connected", "bool", "true", "Not here"),
        Opt("delim", "text", " ", "Taken"),
        Opt("nullstr", "text", "NULL", "Taken"),
        Opt("mvraw", "bool", "false", "Not here"),
        Opt("maxopentxn", "int", "0", "Taken"),
        Opt("maxopenevents", "int", "0", "Taken"),
        Opt("name", "text", "", "Not here"),
    ),
    examples=(
        "* | transaction host maxpause=30s | table _time host duration eventcount",
        '* | transaction host startswith="Failed" maxevents=5',
    ),
)

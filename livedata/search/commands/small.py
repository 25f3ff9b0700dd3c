"""`addinfo`, `rangemap`, `return`, `format`, `filldown`, `reltime`, `replace`, `accum`, `delta`, `autoregress`: a few lines each."""

from __future__ import annotations

import re

from .. import sql
from ..arguments import whole
from ..declare import Declaration, Opt
from ..frame import Field, Frame
from ..parser import Parser
from ..regex import literal, target
from ..shapes import any_option, field, keywords, number, option, renamed, text
from ..sql import Sql
from ..tree import Command, Keyword, Number, Option, Renamed, Text, Word
from ..values import Value, as_number, as_text, of_number, of_text


def compile_addinfo(frame: Frame, command: Command) -> Frame:
    since, until = frame.build.facts.get("span") or frame.build.span
    now = frame.build.world.now_us
    frame.put("info_min_time", of_number((since or 0) / 1_000_000))
    frame.put("info_max_time", of_number((now if until is None else until) / 1_000_000))
    frame.put("info_search_time", of_number(now / 1_000_000))
    frame.put("info_sid", of_text("livedata"))
    return frame


def compile_rangemap(frame: Frame, command: Command) -> Frame:
    name = command.option("field")
    if not name:
        frame.fail(
            command.at,
            "rangemap wants field=",
            "for example: | rangemap field=count low=0-10 high=11-100 default=more",
        )
    value = as_number(frame.value(name, command.at))
    branches: list[tuple[Sql, Sql]] = []
    default = "None"
    for part in command.parts:
        if not isinstance(part, Option) or part.name == "field":
            continue
        if part.name == "default":
            default = part.value
            continue
        found = re.fullmatch(r"(-?\d+(?:\.\d+)?)-(-?\d+(?:\.\d+)?)", part.value)
        if not found:
            frame.fail(part.at, f"{part.value} is no range", "for example: low=0-10")
        low, high = (of_number(g).sql for g in found.groups())
        branches.append(
            (sql.both([sql.op(">=", value, low), sql.op("<=", value, high)]), sql.text(part.name))
        )
    frame.put(
        "range", Value(sql.case(branches, sql.text(default)) if branches else sql.text(default), "text")
    )
    return frame


_RETURNED = re.compile(r"\$?[^\s,|\[\]=]+")


def returned(p: Parser, d: Declaration) -> Word | Renamed | None:
    """A field, `$field` or `alias=field` of `return`."""
    at = p.pos
    p.offer("field")
    found = re.compile(r"([\w.]+)\s*=\s*\$?([^\s,|\[\]]+)").match(p.text, p.pos)
    if found:
        p.pos = found.end()
        p.space()
        return Renamed(found[2], found[1], at=at)
    word = p.match(_RETURNED)
    return None if word is None else Word(word, at=at)


def compile_return(frame: Frame, command: Command) -> Frame:
    if not frame.build.subsearch:
        frame.fail(command.at, "return belongs into a subsearch", "for example: [search … | return 10 host]")
    count = next((int(p.text) for p in command.parts if isinstance(p, Number)), 1)
    frame.first(max(count, 1))
    frame.close()
    fields: dict[str, Field] = {}
    for part in command.parts:
        if isinstance(part, Word):
            plain = part.text.removeprefix("$")
            shown = "search" if part.text.startswith("$") else plain
            there = frame.field(plain, part.at)
        elif isinstance(part, Renamed):
            shown, there = part.new, frame.field(part.old, part.at)
        else:
            continue
        fields[shown] = there or Field(frame.item(shown, sql.null()), "text")
    frame.tabled(fields, frame.order)
    return frame


def compile_format(frame: Frame, command: Command) -> Frame:
    if frame.build.subsearch and not command.parts:
        return frame  # what a subsearch gives is taken so anyway
    if command.parts:
        frame.fail(
            command.at, "the options of format are not there", "a subsearch gives (a AND b) OR (…) by itself"
        )
    pairs = []
    for name, f in frame.fields.items():
        if name.startswith("_") or f.kind == "map":
            continue
        value = as_text(Value(sql.column(f.column), f.kind))
        pairs.append(sql.op("||", sql.op("||", sql.text(f'{name}="'), value), sql.text('"')))
    row = (
        sql.op("||", sql.op("||", sql.text("( "), sql.fn("concat_ws", " AND ", *pairs)), sql.text(" )"))
        if pairs
        else sql.text("NOT ()")
    )
    made = frame.build.fresh("search")
    every = sql.fn("string_agg", sql.in_order(row, frame.ordering()), " OR ")
    if frame.ordering():
        every = sql.fn("array_to_string", sql.fn("list", sql.in_order(row, frame.ordering())), " OR ")
    frame.grouped(
        {},
        {
            made: sql.fn(
                "coalesce", sql.op("||", sql.op("||", sql.text("( "), every), sql.text(" )")), "NOT ()"
            )
        },
    )
    frame.tabled({"search": Field(made, "text")}, [])
    return frame


def compile_filldown(frame: Frame, command: Command) -> Frame:
    words = [p for p in command.parts if isinstance(p, Word)]
    names = [n for w in words for n in frame.matching(w.text)] if words else list(frame.fields)
    frame.numbered()
    frame.close()
    made = {}
    for name in names:
        there = frame.field(name)
        if there is not None:
            column = sql.column(there.column)
            last = sql.filtered(
                sql.fn("arg_max", column, sql.column(frame.order[0].column)), sql.not_null(column)
            )
            over = sql.window(last, (), frame.ordering(), "ROWS UNBOUNDED PRECEDING AND CURRENT ROW")
            made[name] = Field(frame.item(name, over, window=True), there.kind)
    for name, f in made.items():
        frame.show(name, f)
    return frame


def compile_reltime(frame: Frame, command: Command) -> Frame:
    field_name = command.option("timefield", "_time")
    at = as_number(frame.value(field_name, command.at))
    ago = sql.cast(
        sql.fn("floor", sql.op("-", of_number(frame.build.world.now_us / 1_000_000).sql, at)), "BIGINT"
    )
    branches = []
    for seconds, unit in (
        (60, "second"),
        (3_600, "minute"),
        (86_400, "hour"),
        (86_400 * 30, "day"),
        (86_400 * 365, "month"),
        (None, "year"),
    ):
        size = {
            "second": 1,
            "minute": 60,
            "hour": 3_600,
            "day": 86_400,
            "month": 86_400 * 30,
            "year": 86_400 * 365,
        }[unit]
        count = sql.fn("divide", ago, sql.number(size))
        plural = sql.case(
            [(sql.op("=", count, sql.number(1)), sql.text(f" {unit} ago"))], sql.text(f" {unit}s ago")
        )
        branches.append(
            (
                sql.op("<", ago, sql.number(seconds)) if seconds else sql.not_null(ago),
                sql.op("||", sql.cast(count, "VARCHAR"), plural),
            )
        )
    frame.put(command.option("prefix") + "reltime", Value(sql.case(branches), "text"))
    return frame


def compile_replace(frame: Frame, command: Command) -> Frame:
    pairs: list[tuple[str, str]] = []
    names: list[str] = []
    pending: str | None = None
    mode = ""
    for part in command.parts:
        if isinstance(part, Keyword):
            mode = part.word
        elif isinstance(part, Word | Text):
            written = part.text if isinstance(part, Word) else part.value
            if mode == "IN":
                names += frame.matching(written)
            elif mode == "WITH" and pending is not None:
                pairs.append((pending, written))
                pending, mode = None, ""
            else:
                pending = written
    if not pairs:
        frame.fail(
            command.at,
            "replace wants what to replace, and WITH what",
            'for example: | replace "web-*" WITH "web" IN host',
        )
    for name in names or [n for n, f in frame.fields.items() if f.kind == "text"]:
        there = frame.field(name)
        if there is None:
            continue
        value = as_text(Value(sql.column(there.column), there.kind))
        shown: Sql = value
        branches = []
        for old, new in pairs:
            if "*" in old:
                pattern = f"^{'(.*?)'.join(map(literal, old.split('*')))}$"
                branches.append(
                    (
                        sql.fn("regexp_matches", value, pattern, "s"),
                        sql.fn("regexp_replace", value, pattern, target(new), "s"),
                    )
                )
            else:
                branches.append((sql.op("=", value, sql.text(old)), sql.text(new)))
        shown = sql.case(branches, value)
        frame.put(name, Value(shown, "text"))
    return frame


def compile_accum(frame: Frame, command: Command) -> Frame:
    old, new = _one(frame, command)
    there = frame.value(old, command.at)
    frame.numbered()
    frame.close()
    total = sql.window(
        sql.fn("sum", as_number(there)), (), frame.ordering(), "ROWS UNBOUNDED PRECEDING AND CURRENT ROW"
    )
    frame.put(new, Value(total, "int" if there.kind == "int" else "num"), window=True)
    return frame


def _one(frame: Frame, command: Command) -> tuple[str, str]:
    for part in command.parts:
        if isinstance(part, Renamed):
            return part.old, part.new
        if isinstance(part, Word):
            return part.text, part.text
    return frame.fail(command.at, f"{command.name} wants a field", f"for example: | {command.name} count")


def compile_delta(frame: Frame, command: Command) -> Frame:
    old, new = _one(frame, command)
    if new == old:
        new = f"delta({old})"
    back = whole(frame, command, command.option("p", "1"))
    there = frame.value(old, command.at)
    frame.numbered()
    frame.close()
    before = sql.window(sql.fn("lag", as_number(there), sql.number(back)), (), frame.ordering())
    frame.put(
        new,
        Value(sql.op("-", as_number(there), before), "int" if there.kind == "int" else "num"),
        window=True,
    )
    return frame


def compile_autoregress(frame: Frame, command: Command) -> Frame:
    old, new = _one(frame, command)
    written = command.option("p", "1")
    found = re.fullmatch(r"(\d+)(?:-(\d+))?", written)
    if not found or int(found[2] or found[1]) > 1_000:
        frame.fail(command.at, f"p={written} is no range of rows", "for example: p=1-3")
    low, high = int(found[1]), int(found[2] or found[1])
    there = frame.value(old, command.at)
    frame.numbered()
    frame.close()
    for n in range(low, high + 1):
        name = new if new != old and low == high else f"{new}_p{n}"
        frame.put(
            name,
            Value(sql.window(sql.fn("lag", there.sql, sql.number(n)), (), frame.ordering()), there.kind),
            window=True,
        )
    return frame


ADDINFO = Declaration(
    "addinfo",
    "What time the search is about, as fields",
    "addinfo",
    (),
    compile_addinfo,
    examples=("* | addinfo | table info_min_time info_max_time",),
)
RANGEMAP = Declaration(
    "rangemap", "The name of the range that a number is in", "rangemap field=FIELD NAME=LOW-HIGH … [default=NAME]", (any_option,), compile_rangemap,
    examples=("* | stats count BY host | rangemap field=count low=0-10 high=11-1000 default=severe",),
)  # fmt: skip
RETURN = Declaration(
    "return", "What a subsearch gives to the search around it", "return [COUNT] FIELD | alias=FIELD | $FIELD …", (number, returned), compile_return,
    notes="$FIELD gives the value alone, to be looked for as a term.",
    examples=("* [search priority<4 | return 3 host]",),
)  # fmt: skip
FORMAT = Declaration(
    "format",
    "The rows as terms of a search",
    "format",
    (text, field),
    compile_format,
    examples=("* | stats count BY host | fields host | format",),
)
FILLDOWN = Declaration(
    "filldown",
    "The last value before, where a field has none",
    "filldown [FIELD …]",
    (field,),
    compile_filldown,
    examples=("* | table host unit | filldown unit",),
)
RELTIME = Declaration(
    "reltime", "How long ago it was, in words", "reltime [timefield=FIELD]", (option,), compile_reltime,
    options=(Opt("timefield", "field", "_time", "The time"), Opt("prefix", "text", "", "What stands before the field's name")), examples=("* | reltime | table reltime",),
)  # fmt: skip
REPLACE = Declaration(
    "replace", "Values replaced by others", 'replace "OLD" WITH "NEW" … [IN FIELD …]', (keywords("WITH", "IN"), text, field), compile_replace,
    notes="A whole value is replaced; * stands for anything, also in what it becomes.", examples=('* | replace "web-*" WITH "web" IN host | stats count BY host',),
)  # fmt: skip
ACCUM = Declaration(
    "accum",
    "The sum so far",
    "accum FIELD [AS name]",
    (renamed, field),
    compile_accum,
    examples=("* | stats count BY host | accum count AS so_far",),
)
DELTA = Declaration(
    "delta", "The difference to the row before", "delta FIELD [AS name] [p=COUNT]", (option, renamed, field), compile_delta,
    options=(Opt("p", "int", "1", "How many rows before"),), examples=("* | timechart span=1h count | delta count AS change",),
)  # fmt: skip
AUTOREGRESS = Declaration(
    "autoregress", "The values of rows before", "autoregress FIELD [AS name] [p=FIRST-LAST]", (option, renamed, field), compile_autoregress,
    options=(Opt("p", "text", "1", "How many rows before, or from and to"),), examples=("* | timechart span=1h count | autoregress count p=1-2",),
)  # fmt: skip

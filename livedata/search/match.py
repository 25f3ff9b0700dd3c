"""Compiles what `search` looks for into a condition over a frame's rows.

Each part is false, never null, where a row lacks the field, as far as a NOT around it could tell the difference.
"""

from __future__ import annotations

import re
from fnmatch import translate

from sqlglot import exp

from . import sql
from .frame import Frame
from .regex import literal
from .sql import Sql
from .tree import Compare, Condition, Either, Every, Negated, OneOf, Subsearch, Term
from .values import Value, as_number, as_text, compared, looks_numeric, of_number, of_text, timestamp
from .when import BadTime, parse_time

TIMES = frozenset(
    {
        "earliest",
        "latest",
        "_index_earliest",
        "_index_latest",
        "starttime",
        "endtime",
        "starttimeu",
        "endtimeu",
        "timeformat",
    }
)
"""What looks like a field in a search, and says of what time it is."""

BOUNDARY = r"[^0-9A-Za-z\x{80}-\x{10FFFF}]"
"""What no word goes on with."""


def matching(frame: Frame, node: Condition) -> Sql:
    """The condition of a search's terms. Raises SearchError."""
    match node:
        case Every(parts=parts):
            return sql.both([matching(frame, p) for p in parts])
        case Either(parts=parts):
            return sql.either([matching(frame, p) for p in parts])
        case Negated(part=part):
            inner = matching(frame, part)
            return (
                sql.negated(inner)
                if sql.constant_truth(inner) is not None
                else sql.negated(sql.fn("coalesce", inner, sql.false()))
            )
        case Term():
            return _term(frame, node)
        case OneOf(field=field, values=values):
            return sql.either([_compare(frame, field, "=", v, node.at) for v in values])
        case Compare(field=field, operator=operator, value=value):
            return _compare(frame, field, operator, value, node.at)
        case Subsearch():
            return _among(frame, node)


def _term(frame: Frame, node: Term) -> Sql:
    if node.text.strip("*") == "":
        return sql.true() if "*" in node.text or not node.text else sql.false()
    texts = _texts(frame)
    return sql.either([occurs(t, node.text, by_case=node.form == "CASE") for t in texts])


def _texts(frame: Frame) -> list[Sql]:
    """What a bare term is looked for in: the message; of a table without one every text."""
    raw = frame.field("_raw")
    if raw is not None:
        return [as_text(Value(sql.column(raw.column), raw.kind))]
    return [sql.column(f.column) for f in frame.fields.values() if f.kind == "text"]


def occurs(text: Sql, term: str, *, by_case: bool = False) -> Sql:
    """Whether a term stands in a text as whole words, without regard to case; `*` is any run of characters.

    The one place where a bare term becomes SQL: the engine's macro, which knows the files that may have the term.
    """
    if not by_case:
        return sql.fn("has_term", text, re.sub(r"\*+", "*", term))
    before = rf"(?:^|{BOUNDARY})" if term[0].isalnum() else ""
    after = rf"(?:$|{BOUNDARY})" if term[-1].isalnum() else ""
    return sql.fn(
        "regexp_matches", text, before + ".*".join(map(literal, re.split(r"\*+", term))) + after, "s"
    )


def _compare(frame: Frame, field: str, operator: str, value: str, at: int) -> Sql:
    if field in TIMES:
        frame.fail(
            at,
            f"{field} can't stand within OR, NOT or a later search",
            "times belong to the first search, beside its other terms",
        )
    if (
        field == "host"
        and operator in "!="
        and frame.build.world.hosts is not None
        and _is_base(frame, "host")
    ):
        return _hosts(frame, operator, value)
    found = frame.value(field, at)
    if found.kind == "null":
        return sql.false()
    if isinstance(found.constant, str):
        return sql.true() if _holds(found.constant, operator, value) else sql.false()
    if value == "*" and operator in "!=":
        return sql.not_null(found.sql) if operator == "=" else sql.false()
    if found.kind == "list":
        return _any(found, operator, value)
    if field == "unit" and operator in "!=" and "." not in value and "*" not in value:
        either = [sql.text(value.lower()), sql.text(value.lower() + ".service")]
        same = sql.within(sql.fn("lower", found.sql), either)
        return same if operator == "=" else sql.negated(same)
    return _one(frame, found, operator, value, at)


def _is_base(frame: Frame, name: str) -> bool:
    field = frame.fields.get(name)
    return field is not None and field.column == name


def _hosts(frame: Frame, operator: str, value: str) -> Sql:
    """Hosts by their exact names, which narrow what is read."""
    known = sorted(h for h in frame.build.world.hosts or () if _holds(h, "=", value))
    column = sql.column("host")
    if not known:
        same = sql.false()
    elif len(known) == 1:
        same = sql.op("=", column, sql.text(known[0]))
    else:
        same = sql.within(column, [sql.text(h) for h in known])
    return same if operator == "=" else sql.negated(same)


def _holds(text: str, operator: str, pattern: str) -> bool:
    """The same of a text that is known."""
    low, wanted = text.lower(), pattern.lower()
    if operator in "!=":
        same = (
            re.fullmatch(translate(wanted.replace("[", "[[]").replace("?", "[?]")), low) is not None
            if "*" in wanted
            else low == wanted
        )
        return same is (operator == "=")
    return {"<": low < wanted, ">": low > wanted, "<=": low <= wanted, ">=": low >= wanted}[operator]


def _one(frame: Frame, found: Value, operator: str, value: str, at: int) -> Sql:
    if found.kind == "time":
        return _moment(frame, found, operator, value, at)
    if found.kind == "bool" and operator in "!=" and value.lower() in {"true", "t", "1", "false", "f", "0"}:
        wanted = value.lower() in {"true", "t", "1"}
        return sql.own(found.sql) if wanted is (operator == "=") else sql.negated(found.sql)
    if operator in "!=" and "*" in value:
        same = _like(as_text(found), value)
        return same if operator == "=" else sql.negated(same)
    if found.kind in {"int", "num"}:
        if looks_numeric(value):
            return sql.op(operator, found.sql, of_number(value.strip()).sql)
        return sql.op(operator, as_text(found), sql.text(value))
    text = as_text(found)
    if not looks_numeric(value):
        return (
            sql.op(operator, sql.fn("lower", text), sql.text(value.lower()))
            if operator in "!="
            else compared(operator, found, of_text(value))
        )
    return sql.fn(
        "coalesce",
        sql.op(operator, as_number(found), of_number(value.strip()).sql),
        sql.op(operator, text, sql.text(value)),
    )


def _moment(frame: Frame, found: Value, operator: str, value: str, at: int) -> Sql:
    try:
        us = parse_time(value, frame.build.world.now_us)
    except BadTime as bad:
        frame.fail(at, str(bad), "for example: -1h@h, 1795143600, 2026-11-20T03:00:00")
    return sql.op(operator, found.sql, timestamp(us or 0))


def _like(text: Sql, pattern: str) -> Sql:
    """A wildcard without regard to case."""
    parts = re.split(r"\*+", pattern.lower())
    low = sql.fn("lower", text)
    match parts:
        case [start, ""]:
            return sql.fn("starts_with", low, start)
        case ["", end]:
            return sql.fn("ends_with", low, end)
        case ["", middle, ""]:
            return sql.fn("contains", low, middle)
    return sql.fn("regexp_full_match", text, ".*".join(map(literal, re.split(r"\*+", pattern))), "is")


def _any(found: Value, operator: str, value: str) -> Sql:
    """Whether a multivalue field has such a value; `!=` wants one that is another."""
    element = sql.variable("v")
    one = Value(element, "text")
    if "*" in value and operator in "!=":
        test = _like(element, value)
        test = test if operator == "=" else sql.negated(test)
    elif looks_numeric(value):
        test = compared(operator, one, of_text(value))
    else:
        test = sql.op(operator, sql.fn("lower", element), sql.text(value.lower()))
    return sql.op(
        ">", sql.fn("len", sql.fn("list_filter", found.sql, sql.function_of("v", test))), sql.number(0)
    )


def _among(frame: Frame, node: Subsearch) -> Sql:
    """Rows like one of those that a subsearch gives, in all the fields that it gives."""
    if node.pipeline is None:
        frame.fail(node.at, "a template can't stand here")
    build = frame.build
    inner = build.compile(build, node.pipeline)
    internal = {inner.aliases.get(n, n) for n in ("_time", "_raw")} if inner.events else set()
    given = {
        n: f
        for n, f in inner.fields.items()
        if not (n.startswith("_") or n in internal) or len(inner.fields) == 1
    }
    if not given:
        return sql.false() if inner.fields else sql.true()
    pairs: list[Sql] = []
    for name, field in given.items():
        theirs = Value(sql.column(field.column), field.kind)
        if name.lower() in {"search", "query"}:
            pairs += [sql.either([_contains(t, as_text(theirs)) for t in _texts(frame)])]
            continue
        ours = frame.value(name, node.at)
        if ours.kind == "null":
            return sql.false()
        left, right = (sql.fn("lower", as_text(v)) for v in (ours, theirs))
        same = sql.op("=", left, right)
        pairs.append(same if len(given) == 1 else sql.either([sql.is_null(theirs.sql), same]))
    step = inner.close()
    select = exp.Select(expressions=[sql.number(1)]).from_(exp.to_table(step)).where(sql.both(pairs))
    return exp.Exists(this=select)


def _contains(text: Sql, word: Sql) -> Sql:
    pattern = sql.op(
        "||",
        sql.op("||", sql.text(rf"(?:^|{BOUNDARY})"), sql.fn("regexp_escape", word)),
        sql.text(rf"(?:$|{BOUNDARY})"),
    )
    return sql.fn("regexp_matches", text, pattern, "i")

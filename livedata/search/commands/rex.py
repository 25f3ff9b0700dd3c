"""`rex`: fields out of text by a regular expression; and text changed like sed does."""

from __future__ import annotations

import re

from .. import sql
from ..arguments import whole
from ..declare import Declaration, Opt
from ..frame import Frame
from ..functions.texts import replacement
from ..regex import BadRegex, group_names, re2
from ..shapes import option, text
from ..tree import Command, Text
from ..values import Value, as_text

MOST_MATCHES = 1_000


def compile_rex(frame: Frame, command: Command) -> Frame:
    patterns = [p for p in command.parts if isinstance(p, Text)]
    if len(patterns) != 1:
        frame.fail(
            command.at, "rex wants one regular expression in quotes", 'for example: | rex "from (?<ip>\\S+)"'
        )
    name = command.option("field", "_raw")
    value = frame.value(name, command.at)
    subject = as_text(value)
    mode = command.option("mode")
    if mode and mode != "sed":
        frame.fail(command.at, f"mode={mode} is not there", "mode=sed replaces")
    if mode == "sed":
        frame.put(name, Value(_sed(frame, subject, patterns[0]), "text"))
        return frame
    if command.option("offset_field"):
        frame.fail(command.at, "offset_field is not there", "")
    pattern = checked(frame, patterns[0])
    names = group_names(patterns[0].value)
    if not names:
        frame.fail(
            patterns[0].at, "the regular expression names no field", 'for example: | rex "from (?<ip>\\S+)"'
        )
    most = whole(frame, command, command.option("max_match", "1"))
    if most == 1:
        _first(frame, subject, pattern, names)
    else:
        for number, group in names:
            every = sql.fn("regexp_extract_all", subject, pattern, number)
            few = sql.fn("list_slice", every, sql.number(1), sql.number(most if most > 0 else MOST_MATCHES))
            frame.put(group, Value(sql.fn("nullif", few, sql.cast(sql.items(), "VARCHAR[]")), "list"))
    return frame


def _first(frame: Frame, subject: sql.Sql, pattern: str, names: list[tuple[int, str]]) -> None:
    """Fields of the first match. Where nothing matches they stay as they were."""
    before = {group: frame.fields.get(group) for _, group in names}
    for number, group in names:
        found: sql.Sql = sql.fn("nullif", sql.fn("regexp_extract", subject, pattern, number), "")
        there = before[group]
        if there is not None:
            found = sql.fn("coalesce", found, as_text(Value(sql.column(there.column), there.kind)))
        frame.put(group, Value(found, "text"))


def checked(frame: Frame, part: Text) -> str:
    """The regular expression as the engine takes it."""
    try:
        return re2(part.value)
    except BadRegex as bad:
        frame.fail(part.at, str(bad), bad.hint)


def _sed(frame: Frame, subject: sql.Sql, part: Text) -> sql.Sql:
    """`s/regex/replacement/flags` and `y/abc/xyz/`, one after the other."""
    rest = part.value.strip()
    while rest:
        kind = rest[0]
        found = re.match(
            r"([sy])(.)((?:\\.|(?!\2)[^\\])*)\2((?:\\.|(?!\2)[^\\])*)\2([gi0-9]*)\s*;?\s*", rest, re.S
        )
        if not found:
            frame.fail(
                part.at, "this is no sed expression", 'for example: mode=sed "s/secret=\\S+/secret=…/g"'
            )
        _, mark, pattern, new, flags = found.groups()
        pattern, new = (t.replace("\\" + mark, mark) for t in (pattern, new))
        if kind == "y":
            if len(pattern) != len(new):
                frame.fail(part.at, "y/…/…/ wants as many characters on both sides")
            subject = sql.fn("translate", subject, pattern, new)
        else:
            if any(c.isdigit() for c in flags):
                frame.fail(
                    part.at,
                    "sed's number of a match is not there",
                    "g replaces all of them, nothing the first",
                )
            try:
                ready = re2(pattern)
            except BadRegex as bad:
                frame.fail(part.at, str(bad), bad.hint)
            options = ("g" if "g" in flags else "") + ("i" if "i" in flags else "")
            subject = sql.fn(
                "regexp_replace",
                subject,
                ready,
                replacement(new.replace("&", "\\0") if "\\&" not in new else new.replace("\\&", "&")),
                *([options] if options else []),
            )
        rest = rest[found.end() :]
    return subject


COMMAND = Declaration(
    "rex",
    "Fields out of text by a regular expression",
    'rex [field=FIELD] [max_match=COUNT] "REGEX" · rex [field=FIELD] mode=sed "s/REGEX/TEXT/g"',
    (option, text),
    compile_rex,
    options=(
        Opt("field", "field", "_raw", "The text that is looked into"),
        Opt("max_match", "int", "1", "How many matches; more than one make a multivalue; 0: all"),
        Opt("mode", "sed", "", "sed: replaces"),
        Opt("offset_field", "field", "", "Not here"),
    ),
    notes="(?<name>…) and (?P<name>…) name a field. The engine is RE2: without look-around and back-references.",
    examples=(
        r'* | rex "from (?<ip>\S+) port (?<port>\d+)" | table ip port',
        r'* | rex field=message mode=sed "s/\d+/N/g" | table message',
    ),
)

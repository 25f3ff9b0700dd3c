"""`extract`: fields out of `key=value` text."""

from __future__ import annotations

from .. import sql
from ..declare import Declaration, Opt
from ..extract import found_in, pair_between
from ..frame import Frame, Lazy
from ..shapes import field, option
from ..tree import Command
from ..values import Value, as_text


def compile_extract(frame: Frame, command: Command) -> Frame:
    there = frame.field("_raw")
    if there is None:
        return frame
    raw = as_text(Value(sql.column(there.column), there.kind))
    pairs, keys = command.option("pairdelim"), command.option("kvdelim")
    frame.lazy.insert(0, _pairs(raw, pairs, keys))
    frame.found = {n: f for n, f in frame.found.items() if n.startswith("_")}
    frame.open_fields = True
    return frame


def _pairs(raw: sql.Sql, pairs: str, keys: str) -> Lazy:
    def find(name: str) -> Value | None:
        if name.startswith("_") or "*" in name:
            return None
        if not pairs and not keys:
            return found_in(raw, name)
        return Value(pair_between(raw, name, pairs or " ,;", keys or "="), "text")

    return find


COMMAND = Declaration(
    "extract",
    "Fields out of key=value text",
    'extract [pairdelim="CHARACTERS"] [kvdelim="CHARACTERS"]',
    (option, field),
    compile_extract,
    options=(
        Opt("pairdelim", "text", "", "Characters between pairs"),
        Opt("kvdelim", "text", "", "Characters between a name and its value"),
        Opt("auto", "bool", "true", "Taken"),
        Opt("limit", "int", "50", "Taken"),
        Opt("maxchars", "int", "10240", "Taken"),
        Opt("mv_add", "bool", "false", "Not here"),
        Opt("clean_keys", "bool", "true", "Taken"),
        Opt("reload", "bool", "false", "Taken"),
        Opt("segment", "bool", "false", "Taken"),
    ),
    aliases=("kv",),
    notes="The log's fields are found in its messages anyway: this is for other marks than = and blanks.",
    examples=('* | extract pairdelim=" " kvdelim="=" | stats count BY status',),
)

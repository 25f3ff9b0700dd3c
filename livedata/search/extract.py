"""Finds fields in text: `key=value` and JSON, by the name that is asked for."""

from __future__ import annotations

import re

from . import sql
from .regex import literal
from .sql import Sql
from .values import Value

_PART = re.compile(r"([^.{}]*)((?:\{\d*\})*)(?:\.|$)")
_INDEX = re.compile(r"\{(\d*)\}")


def json_path(path: str) -> str:
    """Splunk's path as the engine's: `a.b{}.c{0}` → `$."a"."b"[*]."c"[0]`."""
    parts = ["$"]
    for found in _PART.finditer(path):
        name, indexes = found.groups()
        if name:
            parts.append('."' + name.replace("\\", "").replace('"', "") + '"')
        parts += [f"[{i}]" if i else "[*]" for i in _INDEX.findall(indexes)]
    return "".join(parts)


def json_value(text: Sql, path: str) -> Value:
    """What a path of JSON leads to; of every element of an array a multivalue; null where the text is no JSON or lacks it."""
    where = json_path(path)
    found = sql.fn("json_extract_string", sql.try_cast(text, "JSON"), where)
    if "[*]" in where:
        return Value(sql.fn("nullif", found, sql.cast(sql.items(), "VARCHAR[]")), "list")
    return Value(found, "text")


def pair_regex(name: str) -> str:
    """A regular expression whose first group is the value of `name=value`, with its quotes if it has some."""
    return rf"""(?:^|[\s,;&?(\[{{|"']){literal(name)}=("[^"]*"|'[^']*'|[^\s,;&|"')\]}}]+)"""


def pair_value(text: Sql, name: str) -> Sql:
    """The value of the first `name=value` in a text, null where there is none."""
    found = sql.fn("trim", sql.fn("regexp_extract", text, pair_regex(name), 1), "\"'")
    return sql.case([(sql.fn("contains", text, name + "="), sql.fn("nullif", found, ""))])


def found_in(text: Sql, name: str) -> Value:
    """A field in a message, as it is found by itself: JSON where the message is an object, else `name=value`."""
    of_json = json_value(text, name)
    if of_json.kind == "list":
        return Value(sql.case([(sql.fn("starts_with", text, "{"), of_json.sql)]), "list")
    # An object or an array is no field itself; its parts are.
    leaf = sql.negated(
        sql.within(
            sql.fn("json_type", sql.try_cast(text, "JSON"), json_path(name)),
            map(sql.text, ("OBJECT", "ARRAY")),
        )
    )
    inner = sql.case([(leaf, of_json.sql)])
    return Value(sql.case([(sql.fn("starts_with", text, "{"), inner)], pair_value(text, name)), "text")


def pair_between(text: Sql, name: str, pairs: str, keys: str) -> Sql:
    """The value of a pair, with characters of one's own between pairs, and between a name and its value."""
    apart, between = (f"[{''.join(map(_in_class, marks))}]" for marks in (pairs, keys))
    other = "[^" + apart[1:-1] + "]"
    pattern = rf'(?:^|{apart})\s*{literal(name)}\s*{between}\s*("[^"]*"|{other}+)'
    found = sql.fn("trim", sql.fn("regexp_extract", text, pattern, 1), '" ')
    return sql.fn("nullif", found, "")


def _in_class(char: str) -> str:
    return (
        char
        if char.isalnum() or ord(char) > 127
        else "\\" + char
        if char not in "\n\t "
        else {"\n": r"\n", "\t": r"\t", " ": " "}[char]
    )

"""Declared formats: text that a probe's own script prints, driven by the columns of its header alone.

- `fields`: a row a line, words in the order of the columns; a last column of type str takes the rest of the line. A first line
  of the columns' names is passed over.
- `keyvalue`: one row, a line `name=value`, `name: value` or `name value` for each column; quotes around a value are taken off; lines
  that begin with `#`, `;` or `[` are passed over.
- `csv`: the first line names the columns, in any order, and says by what it parts them: `,` or `;` (RFC 4180, with quotes; and with a blank
  after each, where names have one), a tab or `|` (no quotes: every byte counts).
- `jsonl`: a JSON object a line, its keys are columns; or one JSON text, an object or an array of objects, over many lines.

What a value may be is in `values.py`. In all but `fields`, names that are no columns are passed over, so that a program that has learnt to
say more breaks nothing; where not one column is named, that is a mistake.
"""

from __future__ import annotations

import csv as csv_module
import re
from collections.abc import Iterable
from io import StringIO
from typing import TYPE_CHECKING, Any

import msgspec

from ..model.probe import Column, Probe
from ..model.reading import ParseError, Reading
from .text import bad
from .values import convert

if TYPE_CHECKING:
    from ..model.batch import Row

_BLANKS = " \t\r"
"""What parts words, and ends lines; no other character that Unicode calls blank does, a name may hold it."""
_WORDS = re.compile(r"[ \t]+")
_KEY_VALUE = re.compile(r"[ \t]*([A-Za-z0-9_.-]+)(?:[ \t]*[=:][ \t]*|[ \t\r]+|$)(.*)", re.DOTALL)
_ASIDE = ("#", ";", "[")
"""How a line of comment, or a section's name, begins."""
_ESCAPED = re.compile(r'\\(["$`\\])')
_PARTS = ("\t", "|", ";", ",")
_BARE = ("\t", "|")


def fields(probe: Probe, reading: Reading) -> list[Row]:
    """Words in the order of the columns, a row a line."""
    rows = []
    width = len(probe.columns)
    open_end = probe.columns[-1].type == "str"
    lines = [line.strip(_BLANKS) for line in _lines(reading.text)]
    if lines and _WORDS.split(lines[0].lower()) == [c.name for c in probe.columns]:
        del lines[0]
    for line in lines:
        words = _words(line, width if open_end else 0)
        if len(words) != width:
            raise bad(f"a line of {len(_WORDS.split(line))} words for {width} columns", line)
        rows.append(tuple([convert(c, w) for c, w in zip(probe.columns, words, strict=True)]))
    return rows


def _words(line: str, most: int) -> list[str]:
    """The words of a line; of `most` the last one is the rest of it. 0: all."""
    return [line] if most == 1 else _WORDS.split(line, max(most - 1, 0))


def keyvalue(probe: Probe, reading: Reading) -> list[Row]:
    """One row of named values; none where nothing was printed."""
    own = {c.name for c in probe.columns}
    lines = [line for line in _lines(reading.text) if not line.lstrip(_BLANKS).startswith(_ASIDE)]
    found: dict[str, str] = {}
    for line in lines:
        match = _KEY_VALUE.fullmatch(line)
        if not match:
            raise bad("a line without a name", line)
        if match[1] in found and match[1] in own:
            raise bad(f"{match[1]} is there twice", line)
        found[match[1]] = _unquoted(match[2].strip(_BLANKS))
    if not lines:
        return []
    _one_named(own, found, reading.text)
    return [tuple([convert(c, found.get(c.name)) for c in probe.columns])]


def _unquoted(value: str) -> str:
    """A value as sh would take it where it stands in quotes, as in /etc/os-release."""
    if len(value) < 2 or value[0] != value[-1] or value[0] not in "\"'":
        return value
    return _ESCAPED.sub(r"\1", value[1:-1]) if value[0] == '"' else value[1:-1]


def csv(probe: Probe, reading: Reading) -> list[Row]:
    """Values under a line of column names."""
    text = reading.text.lstrip("\r\n")
    if not text.strip(_BLANKS + "\n"):
        return []
    first = text.partition("\n")[0]
    parted = next((p for p in _PARTS if p in first), ",")
    if parted in _BARE:
        lines = [line.removesuffix("\r").split(parted) for line in _lines(text, keep=parted)]
    else:
        try:
            reader = csv_module.reader(
                StringIO(text, newline=""),
                delimiter=parted,
                strict=True,
                skipinitialspace=f"{parted} " in first,
            )
            lines = [line for line in reader if any(line) or len(line) > 1]
        except csv_module.Error as error:
            raise bad(f"it is no CSV ({error})", text) from error
    names = [name.strip(_BLANKS) for name in lines[0]]
    own = {c.name for c in probe.columns}
    _one_named(own, names, parted.join(names))
    if twice := [name for name in names if name in own and names.count(name) > 1]:
        raise bad(f"the column {twice[0]} is named twice", parted.join(names))
    places = [(c, names.index(c.name) if c.name in names else None) for c in probe.columns]
    rows = []
    for line in lines[1:]:
        if len(line) != len(names):
            raise bad(f"a line of {len(line)} values for {len(names)} columns", parted.join(line))
        rows.append(tuple([convert(c, None if at is None else line[at]) for c, at in places]))
    return rows


def jsonl(probe: Probe, reading: Reading) -> list[Row]:
    """JSON objects, one a line, or all in one text."""
    own = {c.name for c in probe.columns}
    rows = []
    for value in _objects(reading.text):
        _one_named(own, value, str(value))
        rows.append(tuple([_from_json(c, value.get(c.name)) for c in probe.columns]))
    return rows


_WHOLE = msgspec.json.Decoder(dict[str, Any] | list[dict[str, Any]])
_LINE = msgspec.json.Decoder(dict[str, Any])
_NO_JSON = (msgspec.MsgspecError, UnicodeError, RecursionError)


def _objects(text: str) -> list[dict[str, Any]]:
    if not text.strip():
        return []
    try:
        whole = _WHOLE.decode(text)
    except _NO_JSON:
        return [_object(line) for line in _lines(text)]
    return whole if isinstance(whole, list) else [whole]


def _object(line: str) -> dict[str, Any]:
    try:
        return _LINE.decode(line)
    except _NO_JSON as error:
        raise bad("a line is no JSON object", line) from error


def _from_json(column: Column, value: Any) -> Any:
    if value is None:
        return None
    if column.type == "map":
        if not isinstance(value, dict):
            raise bad(f"{column.name} is no map", str(value))
        return [
            (k, v if isinstance(v, str) else msgspec.json.encode(v).decode())
            for k, v in value.items()
            if v is not None
        ]
    if column.type == "str" and isinstance(value, str):
        return value  # JSON has a null of its own
    if isinstance(value, dict | list):
        raise bad(f"{column.name} is no {column.type}", str(value))
    return convert(column, value if isinstance(value, str) else msgspec.json.encode(value).decode())


def _one_named(own: set[str], names: Iterable[str], text: str) -> None:
    if own.isdisjoint(names):
        raise ParseError(f"{bad('not one of the columns is named', text)}; they are {', '.join(sorted(own))}")


def _lines(text: str, keep: str = "") -> list[str]:
    """Lines that are not blank; `keep` is no blank here, since it parts values."""
    return [line for line in text.split("\n") if line.strip(_BLANKS.replace(keep, "") if keep else _BLANKS)]

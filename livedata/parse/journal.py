"""`journalctl -o json --all`: one row for each entry of the journal.

Source: systemd.journal-fields(7), and the "Journal JSON Format" of systemd: a value is text; null where it is too long
(without --all); an array of numbers where it is no printable text; an array of such values where a field comes twice.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from ..model.probe import Probe
from ..model.reading import ParseError, Reading
from .marks import going_on, journals_own, went_back, went_on
from .text import TS_END, bad, natural

if TYPE_CHECKING:
    from ..model.batch import Row

Entry = dict[str, Any]

NOISE = frozenset({
    "__CURSOR", "__REALTIME_TIMESTAMP", "__MONOTONIC_TIMESTAMP", "__SEQNUM", "__SEQNUM_ID", "_BOOT_ID", "_MACHINE_ID",
    "_HOSTNAME", "_SOURCE_REALTIME_TIMESTAMP", "_SOURCE_MONOTONIC_TIMESTAMP", "_SOURCE_BOOTTIME_TIMESTAMP",
    "_RUNTIME_SCOPE", "SYSLOG_TIMESTAMP",
})  # fmt: skip
"""Fields that say nothing more: of the host, the same in each entry, or another form of `ts`."""
_TEXTS = frozenset({str})


def entries(reading: Reading) -> list[Entry]:
    """The complete lines, decoded; what was cut off at the end comes with the next pull.

    Raises:
        ParseError: a line that is no JSON object.
    """
    whole = reading.text[: reading.text.rfind("\n") + 1]
    decoder = msgspec.json.Decoder(Entry)
    try:
        return decoder.decode_lines(whole)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise bad("a line of the journal is no JSON object", _refused(decoder, whole)) from error


def _refused(decoder: msgspec.json.Decoder[Entry], whole: str) -> str:
    """The first line that can't be decoded."""
    for line in whole.split("\n"):
        try:
            if line:
                decoder.decode(line)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            return line
    return whole


def text(value: Any) -> str | None:
    """A field's value as text; bytes that are no UTF-8 stand as backslash escapes, several values on lines of their own."""
    if value is None or isinstance(value, str):
        return value
    if not isinstance(value, list):
        return str(value)
    if value and all(type(item) is int and 0 <= item < 256 for item in value):
        return bytes(value).decode("utf-8", "backslashreplace")
    return "\n".join(text(item) or "" for item in value)


def _number(entry: Entry, name: str, end: int) -> int | None:
    """A field that is a number below `end`, taken out of the entry; one that is none stays there."""
    value = entry.get(name)
    number = _below(value, end) if type(value) is str else None
    if number is not None:
        del entry[name]
    return number


@lru_cache(maxsize=4096)
def _below(value: str, end: int) -> int | None:
    number = int(value) if value.isdecimal() and len(value) <= 12 else end
    return number if number < end else None


def _pid(entry: Entry) -> int | None:
    """What the kernel says of the sender; for what came from elsewhere what the sender says of itself."""
    known, said = entry.get("_PID"), entry.get("SYSLOG_PID")
    if known is None:
        return _number(entry, "SYSLOG_PID", 2**31)
    if said == known:
        del entry["SYSLOG_PID"]
    return _number(entry, "_PID", 2**31)


def _ts(entry: Entry) -> int:
    value = entry.get("__REALTIME_TIMESTAMP")
    if not isinstance(value, str):
        raise ParseError(f"an entry of the journal has no __REALTIME_TIMESTAMP, only {', '.join(entry)[:80]}")
    return natural(value, "__REALTIME_TIMESTAMP", TS_END)


def _boot_id(entry: Entry) -> str | None:
    value = entry.get("_BOOT_ID")
    return _dashed(value) if isinstance(value, str) else None


@lru_cache(maxsize=16)
def _dashed(value: str) -> str:
    """A boot id as /proc/sys/kernel/random/boot_id writes it."""
    try:
        return str(UUID(value))
    except ValueError as error:
        raise bad("an entry's _BOOT_ID is none", value) from error


def _unit(entry: Entry) -> str | None:
    """The unit it is about: what the service manager says of a unit counts as that unit's, as in `journalctl -u`."""
    if entry.get("_PID") == "1" and entry.get("UNIT"):
        return text(entry.pop("UNIT"))
    return text(entry.pop("_SYSTEMD_UNIT", None))


def _identifier(entry: Entry) -> str | None:
    return text(entry.pop("SYSLOG_IDENTIFIER", None) or entry.get("_COMM"))


def _fields(entry: Entry) -> list[tuple[str, str]]:
    """What no other column took."""
    for name in NOISE:
        entry.pop(name, None)
    if set(map(type, entry.values())) <= _TEXTS:  # as nearly always
        return list(entry.items())
    return [(name, text(value) or "") for name, value in entry.items() if value is not None]


COLUMNS: dict[str, Callable[[Entry], Any]] = {
    "ts": _ts,
    "boot_id": _boot_id,
    "priority": lambda entry: _number(entry, "PRIORITY", 8),
    "facility": lambda entry: _number(entry, "SYSLOG_FACILITY", 128),
    "unit": _unit,
    "identifier": _identifier,
    "pid": _pid,
    "uid": lambda entry: _number(entry, "_UID", 2**32),
    "transport": lambda entry: text(entry.pop("_TRANSPORT", None)),
    "message": lambda entry: text(entry.pop("MESSAGE", None)),
    "fields": _fields,
}
"""Column → how it is taken out of an entry, in this order: `unit` before `pid`, which it looks at; `fields` last."""


def journal(probe: Probe, reading: Reading) -> list[Row]:
    """A row an entry, oldest first."""
    names = [column.name for column in probe.columns]
    if unknown := [name for name in names if name not in COLUMNS]:
        raise ParseError(f"the journal gives {', '.join(COLUMNS)}; not {', '.join(unknown)}")
    takers = {name: take for name, take in COLUMNS.items() if name in names}
    take = list(takers.values())
    rows = [tuple([of(entry) for of in take]) for entry in entries(reading)]
    if list(takers) == names:
        return rows
    order = [list(takers).index(name) for name in names]
    return [tuple([row[i] for i in order]) for row in rows]


def cursor(reading: Reading, before: str | None, boot_id: str | None) -> str | None:
    """Where the journal goes on, with `marks` of what came; None where it is as before."""
    line = going_on(reading.text, before, boot_id)
    last = entries(Reading(text=line + "\n")) if line else []
    own = last[0].get("__CURSOR") if last else journals_own(before)
    return went_on(own, reading.text, before) if isinstance(own, str) and own else None


def cursor_back(reading: Reading, before: str | None, boot_id: str | None) -> str | None:
    """Where the journal goes on and back, once the new entries of what `journalctl --reverse` printed are kept; none: it has no older ones."""
    return went_back(reading.text, before, begin=not reading.text)

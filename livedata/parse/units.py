"""`systemctl show` of many units: one row for each.

Source: systemctl(1), org.freedesktop.systemd1(5). A unit is lines `Property=value` up to an empty line; systemctl escapes a newline
within a value. A number that is not known is `[not set]`, or 2**64 - 1 in older versions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..model.probe import Probe
from ..model.reading import ParseError, Reading
from .text import D2_END, I64_END, U64_END, bad, natural

if TYPE_CHECKING:
    from ..model.batch import Row

Properties = Mapping[str, str]

_STAMP = re.compile(r"[A-Z][a-z]{2} (\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}) UTC")
_CHANGES = tuple(f"{state}{way}Timestamp" for state in ("Active", "Inactive") for way in ("Enter", "Exit"))
_EXITED, _KILLED, _DUMPED = "1", "2", "3"
"""si_code of waitid(2), which ExecMainCode holds."""
_UNSET = ("", "[not set]", "infinity", str(U64_END - 1))


def _text(name: str) -> Callable[[Properties], str | None]:
    return lambda unit: unit.get(name) or None


def _number(name: str, end: int = I64_END) -> Callable[[Properties], int | None]:
    def take(unit: Properties) -> int | None:
        text = unit.get(name, "")
        return None if text in _UNSET else natural(text, name, end)

    return take


def _pid(unit: Properties) -> int | None:
    return _number("MainPID")(unit) or None


def _ended(*codes: str) -> Callable[[Properties], int | None]:
    """How the main process ended, if it did so in one of these ways."""
    return lambda unit: _number("ExecMainStatus")(unit) if unit.get("ExecMainCode") in codes else None


def _cpu(unit: Properties) -> int | None:
    """Nanoseconds, cut to hundredths of seconds."""
    nanoseconds = _number("CPUUsageNSec", D2_END)(unit)
    return None if nanoseconds is None else nanoseconds // 10_000_000


def _since(unit: Properties) -> int | None:
    """The latest change of the state, microseconds."""
    return max(filter(None, (_stamp(unit.get(name, "")) for name in _CHANGES)), default=None)


def _stamp(text: str) -> int | None:
    if text in ("", "n/a"):
        return None
    found = _STAMP.fullmatch(text)
    try:
        time = datetime.fromisoformat(f"{found[1]}+00:00") if found else None
    except ValueError:
        time = None
    if time is None:
        raise bad("this is no time in UTC", text)
    return int((time - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * 1_000_000


COLUMNS: Mapping[str, Callable[[Properties], Any]] = MappingProxyType({
    "unit": _text("Id"),
    "description": _text("Description"),
    "load_state": _text("LoadState"),
    "state": _text("ActiveState"),
    "sub_state": _text("SubState"),
    "enabled": _text("UnitFileState"),
    "result": _text("Result"),
    "restarts_total": _number("NRestarts", U64_END),
    "main_pid": _pid,
    "exit_status": _ended(_EXITED),
    "exit_signal": _ended(_KILLED, _DUMPED),
    "memory_bytes": _number("MemoryCurrent"),
    "cpu_seconds_total": _cpu,
    "tasks": _number("TasksCurrent"),
    "since": _since,
    "needs_reload": lambda unit: {"yes": True, "no": False}.get(unit.get("NeedDaemonReload", "")),
})  # fmt: skip


def units(probe: Probe, reading: Reading) -> list[Row]:
    """A row a unit, but for those that are only mentioned by others and do not exist."""
    try:
        takers = [COLUMNS[column.name] for column in probe.columns]
    except KeyError as error:
        raise ParseError(f"a unit has {', '.join(COLUMNS)}; not {error}") from error
    rows = []
    for block in reading.text.split("\n\n"):
        if not block.strip("\n"):
            continue
        unit = dict(_pair(line) for line in block.strip("\n").split("\n"))
        if not unit.get("Id"):
            raise bad("a unit without a name", block)
        if (unit.get("LoadState"), unit.get("ActiveState")) != ("not-found", "inactive"):
            rows.append(tuple([take(unit) for take in takers]))
    return rows


def _pair(line: str) -> tuple[str, str]:
    name, equals, value = line.partition("=")
    if not equals:
        raise bad("a line that is no property of a unit", line)
    return name, value

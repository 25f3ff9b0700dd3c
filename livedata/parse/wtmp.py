"""wtmp as od(1) writes it: one row for each login, logout, boot and shutdown.

Source: wtmp(5), utmp(5). Records are binary: 384 bytes where glibc keeps times in 32 bits (x86, 32-bit arm, s390x, POWER), 400 where
it has 64 (arm64, riscv64), in the byte order of the host. Each answer is looked at for which of these it is.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..model.probe import Probe
from ..model.reading import ParseError, Reading
from .text import TS_END, bad, natural, quote

if TYPE_CHECKING:
    from ..model.batch import Row

HEAD = "hxxi32s4x32s256s4x"
"""type, pid, line, (id), user, host, (exit) of a record; then session, seconds, microseconds, address follow."""
LAYOUTS = tuple(
    struct.Struct(order + HEAD + tail) for tail in ("iii16s20x", "qqq16s20x4x") for order in ("<", ">")
)
MOST_TYPE = 9
_END = TS_END // 1_000_000
EVENTS: Mapping[int, str] = MappingProxyType(
    {2: "boot", 3: "clock_to", 4: "clock_from", 7: "login", 8: "logout"}
)
"""ut_type → event; runlevels, init's and getty's own records are passed over."""
RUN_LEVEL = 1
COLUMNS = ("ts", "boot_id", "event", "user", "tty", "source", "address", "pid", "kernel")
_LINE = 16
"""Bytes on a line of od."""


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes of one file from an offset on."""

    inode: str
    start: int
    data: bytes


def wtmp(probe: Probe, reading: Reading) -> list[Row]:
    """A row an event, in the order they were written."""
    names = [column.name for column in probe.columns]
    if unknown := [name for name in names if name not in COLUMNS]:
        raise ParseError(f"wtmp has {', '.join(COLUMNS)}; not {', '.join(unknown)}")
    rows = []
    for part in _parts(reading.text):
        for record in _records(part, _layout(part)):
            if event := _event(record):
                rows.append(tuple([event.get(name) for name in names]))
    return rows


def place(reading: Reading, before: str | None, boot_id: str | None) -> str | None:
    """`INODE OFFSET` behind the last whole record; None where nothing came."""
    parts = _parts(reading.text)
    if not parts:
        return None
    layout = _layout(parts[-1])
    return f"{parts[-1].inode} {parts[-1].start + len(parts[-1].data) // layout.size * layout.size}"


def _parts(text: str) -> list[Part]:
    """What od printed, as bytes; a line that is cut off is left out."""
    parts: list[tuple[str, int, bytearray]] = []
    again = b""
    repeated = False
    for line in text.split("\n")[:-1]:
        word, _, rest = line.partition(" ")
        if word == "f":
            inode, _, start = rest.partition(" ")
            parts.append((str(natural(inode, "an inode")), natural(start, "an offset"), bytearray()))
            continue
        if not parts:
            raise bad("this is none of od's lines", line)
        data = parts[-1][2]
        if word == "*":
            repeated = True
            continue
        gap = natural(word, "an address of od's") - parts[-1][1] - len(data)
        if repeated and again and 0 <= gap < 2**22:
            data += again * (gap // len(again))
            gap %= len(again)
        if gap:
            raise bad("od's lines do not follow each other", line)
        repeated = False
        try:
            again = bytes.fromhex(rest)
        except ValueError as error:
            raise bad("this is none of od's lines", line) from error
        data += again
    return [Part(inode, start, bytes(data)) for inode, start, data in parts]


def _layout(part: Part) -> struct.Struct:
    """That in which the most records make sense.

    Raises:
        ParseError: they don't in any.
    """
    shares = {layout: _share([_sane(record) for record in _records(part, layout)]) for layout in LAYOUTS}
    best = max(LAYOUTS, key=lambda layout: shares[layout])
    if shares[best] < 0.5:
        raise ParseError(f"no known layout of wtmp fits: {quote(part.data[:64].hex(' '))}")
    return best


def _share(sane: Sequence[bool]) -> float:
    return sum(sane) / len(sane) if sane else 0.5


def _sane(record: tuple[Any, ...]) -> bool:
    kind, *_, seconds, micros, _ = record
    return bool(kind == 0 or (0 < kind <= MOST_TYPE and 0 < seconds < _END and 0 <= micros < 1_000_000))


def _records(part: Part, layout: struct.Struct) -> Iterator[tuple[Any, ...]]:
    """The whole ones; what is cut off at the end comes with the next answer."""
    return layout.iter_unpack(part.data[: len(part.data) // layout.size * layout.size])


def _event(record: tuple[Any, ...]) -> dict[str, Any] | None:
    kind, pid, line, user, host, _, seconds, micros, address = record
    who = _text(user)
    event = "shutdown" if kind == RUN_LEVEL and who == "shutdown" else EVENTS.get(kind)
    if event is None or not _sane(record):
        return None
    told: dict[str, Any] = {"ts": seconds * 1_000_000 + micros, "event": event}
    if event in ("login", "logout"):
        return {
            **told, "user": who, "tty": _text(line), "source": _text(host), "address": _address(address),
            "pid": pid if pid > 0 else None,
        }  # fmt: skip
    return {**told, "kernel": _text(host)}


def _text(field: bytes) -> str | None:
    return field.partition(b"\0")[0].decode("utf-8", "backslashreplace") or None


def _address(field: bytes) -> str | None:
    """utmp(5): an IPv4 address stands in the first four bytes alone."""
    if not any(field):
        return None
    return str(ip_address(field if any(field[4:]) else field[:4]))

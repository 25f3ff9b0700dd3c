"""Log entries as lines that people read: time, host, who, message; a host's colour is its own, and no text of it can forge a line.

An entry of several lines keeps them: the further ones are indented under its message.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from typing import IO, Any
from zlib import crc32

import pyarrow as pa

from .cells import stamp
from .table import Look
from .text import HARMFUL, plain

HOSTS = (33, 172, 36, 133, 142, 74, 168, 66)
"""Colours of the 256 (xterm) that hosts take: told apart by their lightness too, readable on black and on white."""

RESET = "\x1b[0m"
ERROR, WARNING, DEBUG = "\x1b[1;31m", "\x1b[33m", "\x1b[2m"
SEVERITIES = (ERROR, ERROR, ERROR, ERROR, WARNING, "", "", DEBUG)
"""By priority, as syslog(3) numbers them."""


def _local(us: int) -> str:
    """`15:04:05.123`, by this machine's clock on the wall."""
    seconds, fraction = divmod(us, 1_000_000)
    return f"{time.strftime('%H:%M:%S', time.localtime(seconds))}.{fraction // 1000:03d}"


def _day(us: int) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(us // 1_000_000))


def _who(row: dict[str, Any]) -> str:
    """`sshd[123]`: what the entry is from, as syslog writes it."""
    name = row.get("identifier") or row.get("unit") or row.get("transport") or "-"
    return plain(name) + (f"[{row['pid']}]" if row.get("pid") is not None else "")


def _message(text: str | None, indent: str) -> list[str]:
    lines = (text or "").rstrip("\n").split("\n") if text and HARMFUL.search(text) else [text or ""]
    return [plain(lines[0]), *(indent + plain(line) for line in lines[1:])]


def _reversed(found: re.Match[str]) -> str:
    return f"\x1b[7m{found.group()}\x1b[27m" if found.group() else ""


class LogLines:
    """Writes entries: rows with `ts`, `host`, `message` and whatever else of the table `log` there is.

    On a terminal times are local, and a line tells the day where it is another one; elsewhere each has its whole time, in UTC.
    """

    def __init__(self, out: IO[bytes], look: Look, marked: re.Pattern[str] | None = None) -> None:
        self._out = out
        self._marked = marked
        """What is shown in reverse where there is colour."""
        self._look = look
        self._day = _day(time.time_ns() // 1000)
        self._width = 0
        self._utc = stamp("us", "Z")

    def write(self, rows: pa.Table) -> None:
        times = rows["ts"].cast(pa.int64()).to_pylist()
        others = rows.drop_columns(["ts"]).to_pylist()
        lines: list[str] = []
        self._width = max([self._width, *(len(plain(row["host"])) for row in others)])
        for us, row in zip(times, others, strict=True):
            lines += self._entry(us, row)
        self._out.write("".join(line + "\n" for line in lines).encode("utf-8", "backslashreplace"))
        self._out.flush()

    def _entry(self, us: int, row: dict[str, Any]) -> Iterable[str]:
        look, host, who = self._look, plain(row["host"]), _who(row)
        if look.terminal and (day := _day(us)) != self._day:
            self._day = day
            yield f"-- {day} --"
        when = _local(us) if look.terminal else self._utc(us)
        first, *further = _message(row.get("message"), " " * 4)
        padded = host.ljust(self._width)
        if not look.colour:
            yield f"{when} {padded} {who}: {first}"
            yield from further
            return
        if self._marked:
            first, *further = (self._marked.sub(_reversed, line) for line in (first, *further))
        priority = row.get("priority")
        colour = SEVERITIES[priority] if priority is not None and 0 <= priority < 8 else ""
        ends = RESET if colour else ""
        own = f"\x1b[38;5;{HOSTS[crc32(host.encode()) % len(HOSTS)]}m"
        yield f"{when} {own}{padded}{RESET} {who}: {colour}{first}{ends}"
        for line in further:
            yield f"{colour}{line}{ends}"

"""What package managers say could be upgraded: one row for each package, or one without a name where there is none.

Source: apt-get(8) -s; dnf(8) repoquery with --qf; apk-version(8); pacman(8) -Qu. The first line is the manager's name and times of its
lists, seconds since the epoch.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..model.probe import Probe
from ..model.reading import ParseError, Reading
from .text import TS_END, bad, natural

if TYPE_CHECKING:
    from ..model.batch import Row

Update = dict[str, Any]

COLUMNS = ("name", "architecture", "version", "candidate", "origin", "security", "refreshed", "manager")
_APT = re.compile(r"Inst (\S+)(?: \[([^]]*)\])? \((\S+) (.*?) ?\[([^]]*)\]\).*")
_APK = re.compile(r"(\S+?)-(\d\S*-r\d+) +< (\S+)\s*(?:@\S+\s*)?")
_PACMAN = re.compile(r"(\S+) (\S+) -> (\S+)(?: \[ignored\])?")


def updates(probe: Probe, reading: Reading) -> list[Row]:
    """A row an upgrade; or the one that says that the lists of that time know of none."""
    names = [column.name for column in probe.columns]
    if unknown := [name for name in names if name not in COLUMNS]:
        raise ParseError(f"an update has {', '.join(COLUMNS)}; not {', '.join(unknown)}")
    first, *lines = reading.text.split("\n")
    manager, *stamps = first.split(" ")
    if manager not in MANAGERS:
        raise bad("no package manager is called so", manager)
    times = [natural(stamp, "the time of a list", TS_END // 1_000_000) for stamp in stamps if stamp]
    always = {"manager": manager, "refreshed": max(times) * 1_000_000 if times else None}
    found = list(MANAGERS[manager]([line for line in lines if line])) or [{}]
    return [tuple([{**update, **always}.get(name) for name in names]) for update in found]


def _apt(lines: Sequence[str]) -> Iterator[Update]:
    for line in lines:
        name, version, candidate, origin, architecture = _match(_APT, line)
        yield {
            "name": name, "version": version, "candidate": candidate, "origin": origin or None, "architecture": architecture,
            "security": "security" in (origin or "").lower(),
        }  # fmt: skip


def _dnf(lines: Sequence[str]) -> Iterator[Update]:
    """`u` could be installed, `s` is such a one that mends a security problem, `i` is installed."""
    words = [line.split("\t") for line in lines]
    for line in words:
        if len(line) != {"u": 5, "s": 5, "i": 4}.get(line[0]) and not line[-1].endswith("is not installed"):
            raise bad("a line of dnf's without its words", "\t".join(line))
    mending = {tuple(line[1:]) for line in words if line[0] == "s"}
    # Of a kernel several are installed, the newest last.
    installed = {(line[1], line[3]): line[2] for line in words if line[0] == "i"}
    for kind, *update in words:
        if kind == "u":
            name, candidate, architecture, origin = update
            yield {
                "name": name, "version": installed.get((name, architecture)), "candidate": candidate, "origin": origin,
                "architecture": architecture, "security": tuple(update) in mending,
            }  # fmt: skip


def _apk(lines: Sequence[str]) -> Iterator[Update]:
    for line in lines:
        if not line.startswith("Installed:"):
            name, version, candidate = _match(_APK, line)
            yield {"name": name, "version": version, "candidate": candidate}


def _pacman(lines: Sequence[str]) -> Iterator[Update]:
    for line in lines:
        name, version, candidate = _match(_PACMAN, line)
        yield {"name": name, "version": version, "candidate": candidate}


def _match(pattern: re.Pattern[str], line: str) -> tuple[str | None, ...]:
    found = pattern.fullmatch(line)
    if not found:
        raise bad("a line that names no upgrade", line)
    return found.groups()


MANAGERS: Mapping[str, Callable[[Sequence[str]], Iterator[Update]]] = MappingProxyType({
    "apt": _apt, "dnf": _dnf, "apk": _apk, "pacman": _pacman,
})  # fmt: skip

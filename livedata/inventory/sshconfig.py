"""~/.ssh/config read once into blocks: what a host gets out of them is `resolve`'s.

Syntax and order as in ssh_config(5), read like OpenSSH reads it (readconf.c): quotes, `key=value`, comments, Include.
Nothing is executed here, `Match exec` included, and only one file tree is read: /etc/ssh/ssh_config is not.
"""

from __future__ import annotations

import glob
import os
import pwd
import re
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import InventoryError
from .keywords import CAUTIONS, FORCED_OFF, HONOURED, IGNORED
from .text import nearest, quoted, shown

_STRUCTURE = ("Host", "Match", "Include")
_SPELT = {k.lower(): k for k in (*HONOURED, *FORCED_OFF, *CAUTIONS, *IGNORED, *_STRUCTURE)}
_KEPT = frozenset(k.lower() for k in (*HONOURED, *CAUTIONS))
_SEVERAL = frozenset({"userknownhostsfile", "globalknownhostsfile"})
_LINE = re.compile(r'"?([^\s="]+)"?[ \t\r\n]*=?[ \t\r\n]*(.*)', re.DOTALL)
_CRITERION = re.compile(r'\s*(!?)([^\s="!]*)')
_CRITERION_VALUE = re.compile(r'\s*=?\s*(?:"([^"]*)"|([^\s="]+))')
_CRITERIA = frozenset({"host", "originalhost", "user", "localuser"})
DEEPEST = 16
"""Includes within includes, as in OpenSSH; and jumps behind jumps."""


@dataclass(frozen=True, slots=True)
class Local:
    """This machine and its user, as tokens and `~` need them."""

    user: str
    uid: int
    home: str
    hostname: str
    cwd: str
    environ: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Setting:
    """One line: `keyword` in small letters, its arguments, and `file:line`."""

    keyword: str
    args: tuple[str, ...]
    where: str = ""


@dataclass(frozen=True, slots=True)
class Criterion:
    """Of `Match` (or `Host`, whose kind is `patterns`): holds where one of the patterns matches and no `!pattern` does."""

    kind: str
    patterns: tuple[tuple[bool, re.Pattern[str]], ...]
    """(negated, pattern)."""
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that apply together: where all criteria hold, and the block that included their file applies."""

    criteria: tuple[Criterion, ...]
    parent: int | None
    settings: tuple[Setting, ...]
    never: bool = False


@dataclass(frozen=True, slots=True)
class SshConfig:
    """A read configuration. `literals`: names that stand in `Host` lines without a wildcard → their blocks, so that
    a thousand hosts don't try a thousand patterns each; `general`: the blocks every host must try."""

    local: Local
    blocks: tuple[Block, ...] = ()
    literals: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    general: tuple[int, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The concrete names that `Host` lines have, in the file's order."""
        return tuple(self.literals)


def this_user(environ: Mapping[str, str] = os.environ) -> Local:
    """The facts of the machine and user this runs as."""
    home = environ.get("HOME") or os.path.expanduser("~")
    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a uid without a passwd entry, as in containers
        user = environ.get("USER") or str(os.getuid())
    try:
        cwd = os.getcwd()
    except OSError:  # it has been removed
        cwd = home
    return Local(user, os.getuid(), home, socket.gethostname(), cwd, environ)


def read_ssh_config(path: Path, local: Local | None = None) -> SshConfig:
    """Read a client configuration and all it includes; one that isn't there is an empty one.

    Raises:
        InventoryError: it can't be read, others may write to it, or a line can't be understood.
    """
    local = local or this_user()
    if not os.path.exists(path):
        return SshConfig(local)
    reader = _Reader(local)
    reader.file(path, None, 0)
    return reader.config()


def expand_home(path: str, local: Local) -> str:
    """`~` and `~/…` by the home folder in use, `~user/…` by the machine's."""
    if path == "~" or path.startswith("~/"):
        return local.home + path[1:]
    return os.path.expanduser(path)


def split_words(text: str) -> list[str] | None:
    """Words as OpenSSH's argv_split: quotes of both kinds, a few backslash escapes, `#` ends it; None: a quote is left open."""
    words: list[str] = []
    i = 0
    while i < len(text):
        if text[i] in " \t\r\n":
            i += 1
            continue
        if text[i] == "#":
            break
        word, quote = "", ""
        while i < len(text):
            c, after = text[i], text[i + 1 : i + 2]
            if c == "\\" and after and (after in "'\"\\" or (not quote and after == " ")):
                word += after
                i += 1
            elif not quote and c in " \t\r\n":
                break
            elif not quote and c in "'\"":
                quote = c
            elif c == quote:
                quote = ""
            else:
                word += c
            i += 1
        if quote:
            return None
        words.append(word)
    return words


def compile_pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    """`*` and `?` of ssh_config(5), PATTERNS; there are no character classes."""
    parts = re.split(r"(\*+|\?)", text)
    return re.compile(
        "".join(".*" if p[:1] == "*" else "." if p == "?" else re.escape(p) for p in parts), re.DOTALL | flags
    )


def is_pattern(text: str) -> bool:
    return any(c in text for c in "*?!")


def _patterns(texts: list[str], flags: int = 0) -> tuple[tuple[bool, re.Pattern[str]], ...]:
    return tuple((t.startswith("!"), compile_pattern(t.removeprefix("!"), flags)) for t in texts)


class _Reader:
    """Gathers blocks over a tree of files."""

    def __init__(self, local: Local) -> None:
        self._local = local
        self._blocks: list[Block] = []
        self._settings: list[Setting] = []
        self._head: tuple[tuple[Criterion, ...], int | None, bool] | None = None
        self._literals: dict[str, list[int]] = {}
        self._general: list[int] = []
        self._here: list[str] = []
        self._warnings: dict[str, str] = {}
        self._open: list[Path] = []

    def config(self) -> SshConfig:
        return SshConfig(
            self._local,
            tuple(self._blocks),
            {name: tuple(dict.fromkeys(blocks)) for name, blocks in self._literals.items()},
            tuple(self._general),
            tuple(self._warnings.values()),
        )

    def file(self, path: Path, parent: int | None, depth: int, where: str = "") -> None:
        if depth > DEEPEST:
            raise InventoryError(f"files include one another more than {DEEPEST} deep", where=where)
        text = _read(path, self._local)
        self._start((), parent)
        for number, line in enumerate(text.split("\n"), 1):
            stripped = line.strip(" \t\r\f\n")
            if stripped and not stripped.startswith("#"):
                self._line(stripped, shown(f"{path}:{number}"), parent, depth)
        self._close()

    def _line(self, line: str, where: str, parent: int | None, depth: int) -> None:
        if "\0" in line:
            raise InventoryError("there is a NUL byte in this line", where=where)
        match = _LINE.fullmatch(line)
        if match is None:
            raise InventoryError(f"this line has no keyword: {quoted(line)}", where=where)
        keyword, rest = match[1].lower(), match[2]
        words = split_words(rest)
        name = _SPELT.get(keyword, match[1])
        if words is None:
            raise InventoryError(f"a quote is left open after {quoted(name)}", where=where)
        if not rest or not words:
            raise InventoryError(f"{quoted(name)} says nothing", where=where)
        if keyword == "host":
            self._host(words, parent)
        elif keyword == "match":
            self._start(*self._match(rest, where, parent))
        elif keyword == "include":
            self._include(words, where, depth)
        elif keyword in _KEPT:
            if keyword == "proxycommand":
                words = [rest]
            elif len(words) > 1 and keyword not in _SEVERAL:
                raise InventoryError(f"{name} takes one value, not {len(words)}", where=where)
            self._settings.append(Setting(keyword, tuple(words), where))
        elif keyword not in _SPELT:
            self._warn(
                keyword, f"{where}: ssh has no keyword {quoted(name)}", nearest(keyword, _SPELT.values(), " ")
            )

    def _warn(self, key: str, text: str, hint: str = "") -> None:
        self._warnings.setdefault(key, f"{text}; {hint}" if hint.strip() else text)

    def _start(self, criteria: tuple[Criterion, ...], parent: int | None, never: bool = False) -> None:
        self._close()
        self._head = (criteria, parent, never)

    def _close(self) -> None:
        """End the block at hand; `_here` are the names that lead to it, none where every host must try it."""
        if self._head is None:
            return
        criteria, parent, never = self._head
        index = len(self._blocks)
        self._blocks.append(Block(criteria, parent, tuple(self._settings), never))
        self._settings = []
        for name in self._here:
            self._literals.setdefault(name, []).append(index)
        if not self._here and not never:
            self._general.append(index)
        self._here = []
        self._head = None

    def _host(self, words: list[str], parent: int | None) -> None:
        self._start((Criterion("patterns", _patterns(words)),), parent)
        plain = [w for w in words if not is_pattern(w)]
        if len(plain) == len(words):
            self._here = plain
        else:
            for name in plain:
                self._literals.setdefault(name, [])

    def _match(
        self, rest: str, where: str, parent: int | None
    ) -> tuple[tuple[Criterion, ...], int | None, bool]:
        criteria: list[Criterion] = []
        at, never, seen = 0, False, 0
        while (found := _CRITERION.match(rest, at)) and found[2] and not found[2].startswith("#"):
            kind, negated, at = found[2].lower(), bool(found[1]), found.end()
            seen += 1
            if kind == "all":
                never = never or negated
                continue
            if kind in _CRITERIA:
                value = _CRITERION_VALUE.match(rest, at)
                if value is None:
                    raise InventoryError(f"Match {kind} says no pattern", where=where)
                at = value.end()
                texts = (value[1] if value[1] is not None else value[2]).split(",")
                # As OpenSSH does: `Match host` doesn't mind the case, `Host` and `Match user` do.
                flags = re.IGNORECASE if kind.endswith("host") else 0
                criteria.append(Criterion(kind, _patterns(texts, flags), negated))
                continue
            self._warn(
                f"match {kind}",
                f"{where}: Match {quoted(kind)} is not honoured (and never run): its lines are left out",
            )
            return (), parent, True
        if not seen:
            raise InventoryError(
                "Match says no criterion", where=where, hint="host, originalhost, user, localuser, all"
            )
        return tuple(criteria), parent, never

    def _include(self, words: list[str], where: str, depth: int) -> None:
        self._close()
        block = len(self._blocks) - 1
        for word in words:
            pattern = os.path.join(self._local.home, ".ssh", expand_home(word, self._local))
            for path in sorted(glob.glob(pattern)):
                if not os.path.isdir(path):
                    self.file(Path(path), block, depth + 1, where)
        self._start((), block)


def _read(path: Path, local: Local) -> str:
    """A file's text; one that others may write is refused, for a ProxyCommand in it would be run as this user."""
    try:
        with path.open(encoding="utf-8", errors="surrogateescape", newline="\n") as file:
            status = os.fstat(file.fileno())
            if status.st_uid not in (0, local.uid) or status.st_mode & 0o002:
                raise InventoryError(
                    "others may write to it, so it isn't read",
                    where=shown(str(path)),
                    hint="chmod go-w it, or make it yours",
                )
            return file.read()
    except OSError as error:
        raise InventoryError(f"can't read it: {error.strerror}", where=shown(str(path))) from error


def walk(config: SshConfig, names: tuple[str, ...]) -> Iterator[tuple[int, Block]]:
    """The blocks that may apply to a host of these names, in order."""
    indexes = set(config.general)
    for name in names:
        indexes.update(config.literals.get(name, ()))
    for index in sorted(indexes):
        yield index, config.blocks[index]

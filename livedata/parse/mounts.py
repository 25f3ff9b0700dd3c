"""What the `filesystem` probe prints: lines of /proc/self/mountinfo, and what stat or df said of each file system.

Source: proc_pid_mountinfo(5); stat -f -c '%S %b %f %a %c %d %n' (coreutils and busybox: statfs(2)) or df -P -k (POSIX). A line
begins with what it is: `m` a mount, `s` an answer with its mount at the end, `a MOUNT` an answer, `h MOUNT` no answer in time.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..model.probe import Probe
from ..model.reading import ParseError, Reading
from .text import I64_END, bad

if TYPE_CHECKING:
    from ..model.batch import Row

Space = tuple[int | None, ...]
"""size, used, available (bytes), inodes, used, free."""

_STAT = re.compile(r"(\d+) (\d+) (\d+) (\d+) (\d+) (\d+) (/.*)")
_DF = re.compile(r"\S.*? +(\d+) +(-?\d+) +(-?\d+) +(?:\d+%|-) +(/.*)")
_ESCAPE = re.compile(r"\\([0-7]{3})")
_NOTHING: Space = (None,) * 6
COLUMNS = (
    "mount", "device", "type", "state", "readonly",
    "size_bytes", "used_bytes", "available_bytes", "inodes", "inodes_used", "inodes_free",
)  # fmt: skip


def mounts(probe: Probe, reading: Reading) -> list[Row]:
    """A row a mount point; where several are mounted on it, the last, which hides the others."""
    mounted: dict[str, tuple[str, str, bool]] = {}
    answers: dict[str, Space] = {}
    hanging = set()
    for line in reading.text.split("\n"):
        what, _, rest = line.partition(" ")
        if what == "m":
            mount, device, kind, readonly = mountinfo(rest)
            mounted[mount] = (device, kind, readonly)
        elif what == "s":
            space, mount = answer(rest)
            answers[mount] = space
        elif what == "a":
            mount, _, said = rest.partition(" ")
            if said:
                answers[unescape(mount)] = answer(said)[0]
        elif what == "h":
            hanging.add(unescape(rest))
        elif line:
            raise bad("a line that is neither a mount nor an answer", line)
    rows = []
    for mount, (device, kind, readonly) in mounted.items():
        state = "ok" if mount in answers else "hanging" if mount in hanging else None
        values: dict[str, Any] = dict(
            zip(COLUMNS, (mount, device, kind, state, readonly, *answers.get(mount, _NOTHING)), strict=True)
        )
        try:
            rows.append(tuple([values[column.name] for column in probe.columns]))
        except KeyError as error:
            raise ParseError(f"a mount has {', '.join(COLUMNS)}; not {error}") from error
    return rows


def unescape(text: str) -> str:
    r"""`/mnt/a\040b` → `/mnt/a b`: blanks, tabs, newlines and backslashes are octal in mountinfo."""
    return _ESCAPE.sub(lambda found: chr(int(found[1], 8)), text)


def mountinfo(line: str) -> tuple[str, str, str, bool]:
    """Mount point, device, type, and whether it is read-only, as a mount or as a whole."""
    before, dash, after = line.partition(" - ")
    left, right = before.split(" "), after.split(" ")
    if not dash or len(left) < 6 or len(right) < 2 or not left[4].startswith("/"):
        raise bad("a line of mountinfo lacks its fields", line)
    options = left[5].split(",") + (right[2].split(",") if len(right) > 2 else [])
    return unescape(left[4]), unescape(right[1]), right[0], "ro" in options


def answer(line: str) -> tuple[Space, str]:
    """The space that stat or df told, and the mount point at the end of the line."""
    if found := _STAT.fullmatch(line):
        try:
            unit, blocks, free, available, inodes, inodes_free = map(int, found.groups()[:6])
        except ValueError as error:
            raise bad("a number of stat's is too long", line) from error
        known = inodes > 0  # btrfs and vfat have none to run out of, and say 0
        space: tuple[int | None, ...] = (
            blocks * unit, (blocks - free) * unit, available * unit,
            inodes if known else None, inodes - inodes_free if known else None, inodes_free if known else None,
        )  # fmt: skip
    elif found := _DF.fullmatch(line):
        try:
            space = (*(int(number) * 1024 for number in found.groups()[:3]), None, None, None)
        except ValueError as error:
            raise bad("a number of df's is too long", line) from error
    else:
        raise bad("neither stat nor df writes this", line)
    return tuple([n if n is not None and 0 <= n < I64_END else None for n in space]), found.groups()[-1]

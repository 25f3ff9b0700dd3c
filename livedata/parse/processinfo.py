"""What the `process_info` probe prints: a line for each process that says whose it is, then command lines. One row each.

Source: proc_pid_cmdline(5), proc_pid_status(5), proc_pid_stat(5), cgroups(7). Secrets in command lines are taken out here, so
nothing behind the parser has them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..model.probe import Probe
from ..model.reading import ParseError, Reading
from ..model.scrape import Outcome
from .cgrouppath import container, pod, unit
from .redact import redact
from .text import D2_END, TS_END, bad, natural

if TYPE_CHECKING:
    from ..model.batch import Row

_SLASH = re.compile(r"/[./]{0,200}")
CUT = frozenset({Outcome.TRUNCATED, Outcome.TIMEOUT})
"""An answer that broke off: what came whole is kept."""
MOST_BYTES = 4096
"""Of a command line, as the probe asks for it."""
COLUMNS = (
    "pid", "start_seconds", "started", "ended", "ppid", "uid", "user", "command", "cgroup", "unit", "container", "pod",
)  # fmt: skip


def process_info(probe: Probe, reading: Reading) -> list[Row]:
    """A row for each process that was still there.

    Raises:
        ParseError: it is not what the probe prints, or `probe` has columns that it does not give.
    """
    names = [column.name for column in probe.columns]
    if unknown := [name for name in names if name not in COLUMNS]:
        raise ParseError(f"it gives {', '.join(COLUMNS)}; not {', '.join(unknown)}")
    slash, _, text = reading.text.partition("\n")
    if not _SLASH.fullmatch(slash):
        raise bad("it begins with no /", slash)
    cut = reading.outcome in CUT
    told, parted, lines = text.partition("\n\n")
    if not parted and cut:
        told = told.rpartition("\n")[0]
    elif not parted:
        raise bad("there are no command lines", text[-200:])
    first, *processes = told.split("\n")
    boot = None if first == "-" else natural(first, "the boot time", TS_END // 1_000_000)
    commands = command_lines(lines, slash, cut=cut)
    rows = []
    for line in processes:
        values = _process(line, boot)
        values["command"] = _command(commands.get(str(values["pid"]), ""), reading.redact)
        rows.append(tuple([values.get(name) for name in names]))
    return rows


def command_lines(text: str, slash: str, *, cut: bool = False) -> dict[str, str]:
    """What `head` printed of `PID/cmdline` and last of `/dev/null`, by pid; words are ended by NUL.

    `slash`: how the `/` is spelled in the names of these files. `cut`: it is not all, so the last one may not be whole.

    Raises:
        ParseError: it has no end.
    """
    header = re.compile(rf"\n==> (?:([0-9]{{1,10}}){slash}cmdline|{slash}dev/null) <==\n".replace(".", r"\."))
    _, *pieces = header.split("\n" + text)
    commands = dict(zip(pieces[::2], pieces[1::2], strict=True))
    if commands.pop(None, None) is None:
        if not cut:
            raise bad("the command lines have no end", text[-200:])
        if pieces:
            commands[pieces[-2]] = pieces[-1].rpartition("\0")[0]
    return commands


def _command(text: str, extra: Sequence[str]) -> str | None:
    """The command line as ps prints it, without secrets; of one that was cut the last word, which may be half a secret, is left out."""
    words = text.rstrip("\0 ").split("\0")
    if len(text.encode()) >= MOST_BYTES and not text.endswith("\0"):
        words[-1] = "…"
    return redact(words, extra) or None


def _process(line: str, boot: int | None) -> dict[str, Any]:
    """A line of the second part."""
    words = line.split(" ", 5)
    if len(words) != 6 or not words[5].startswith("/"):
        raise bad("a line that is none of a process", line)
    pid, ppid, start, uid = (natural(word, "a number of a process", D2_END) for word in words[:4])
    started = None if boot is None else boot * 1_000_000 + start * 10_000
    path = words[5].removesuffix(" (deleted)")
    return {
        "pid": pid, "start_seconds": start, "started": started if started is None or started < TS_END else None,
        "ppid": ppid, "uid": uid, "user": None if words[4] == "-" else words[4],
        "cgroup": path, "unit": unit(path), "container": container(path), "pod": pod(path),
    }  # fmt: skip

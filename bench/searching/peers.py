"""What a user would search logs with instead: ripgrep over plain text, journalctl over a journal, lnav; each a command, its CPU from wait4(2).

All read what is in the page cache. journalctl and lnav are given fewer entries, and their time is told for as many as the others had.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from .questions import Question

REMOTE = Path("/lib/systemd/systemd-journal-remote")


@dataclass(frozen=True, slots=True)
class Answer:
    cpu_ms: float
    wall_ms: float
    lines: int


@dataclass(frozen=True, slots=True)
class Peer:
    """`entries`: how many it was given; `bytes` they take on disk."""

    name: str
    entries: int
    bytes: int
    ask: Callable[[Question], Answer]


def _ran(command: Sequence[str], environment: dict[str, str] | None = None) -> Answer:
    begun = time.perf_counter()
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={**os.environ, **(environment or {})}
    )  # fmt: skip
    assert process.stdout is not None
    said = process.stdout.read()
    process.stdout.close()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = (time.perf_counter() - begun) * 1e3
    return Answer((used.ru_utime + used.ru_stime) * 1e3, wall, said.count(b"\n"))


def lines(entries: pa.Table) -> pa.ChunkedArray:
    """As `journalctl -o short-iso` and most programs write them."""
    stamp = pc.strftime(entries["ts"], "%Y-%m-%dT%H:%M:%S+0000")
    pid = entries["pid"].cast(pa.string())
    head = pc.binary_join_element_wise(stamp, entries["host"], entries["identifier"], " ")
    return pc.binary_join_element_wise(head, "[", pid, "]: ", entries["message"], "\n", "")


def write_text(entries: pa.Table, path: Path) -> None:
    with path.open("wb") as file:
        for batch in entries.to_batches(100_000):
            text = lines(pa.Table.from_batches([batch]))
            file.write("".join(text.to_pylist()).encode())


def write_journal(entries: pa.Table, path: Path) -> None:
    """In the Journal Export Format (https://systemd.io/JOURNAL_EXPORT_FORMATS/), through systemd-journal-remote."""
    feed = subprocess.Popen([REMOTE, "-o", path, "-"], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    assert feed.stdin is not None
    assert feed.stderr is not None
    for row in entries.to_pylist():
        fields = {
            "__REALTIME_TIMESTAMP": str(row["ts"].value if hasattr(row["ts"], "value") else int(row["ts"].timestamp() * 1e6)),
            "_BOOT_ID": row["boot_id"].replace("-", ""), "_HOSTNAME": row["host"], "PRIORITY": str(row["priority"]),
            "SYSLOG_IDENTIFIER": row["identifier"], "_PID": str(row["pid"]), "_SYSTEMD_UNIT": row["unit"] or "init.scope",
            "_TRANSPORT": row["transport"], **dict(row["fields"]), "MESSAGE": row["message"],
        }  # fmt: skip
        text = "".join(f"{name}={value.strip()}\n" for name, value in fields.items())
        feed.stdin.write(f"{text}\n".encode())
    feed.stdin.close()
    said = feed.stderr.read()
    if feed.wait():
        raise RuntimeError(f"systemd-journal-remote: {said.decode()[-300:]}")


def ripgrep(entries: pa.Table, folder: Path) -> Peer:
    path = folder / "all.log"
    write_text(entries, path)

    def ask(question: Question) -> Answer:
        assert question.pattern is not None
        how = ["--count"] if not question.rows else []
        return _ran(
            [
                "rg",
                "--no-config",
                *how,
                *(["-F"] if question.fixed else []),
                "-e",
                question.pattern,
                str(path),
            ]
        )

    return Peer("ripgrep", entries.num_rows, path.stat().st_size, ask)


def journalctl(entries: pa.Table, folder: Path) -> Peer:
    path = folder / "some.journal"
    write_journal(entries, path)

    def ask(question: Question) -> Answer:
        assert question.pattern is not None
        wanted = re.escape(question.pattern) if question.fixed else question.pattern
        return _ran(
            [
                "journalctl",
                "--file",
                str(path),
                "--no-pager",
                "-q",
                "-o",
                "cat",
                "--case-sensitive=yes",
                f"--grep={wanted}",
            ]
        )

    return Peer("journalctl --grep", entries.num_rows, path.stat().st_size, ask)


def lnav(entries: pa.Table, folder: Path) -> Peer:
    path = folder / "some.log"
    write_text(entries, path)
    home = {"HOME": str(folder), "TERM": "dumb"}

    def ask(question: Question) -> Answer:
        assert question.pattern is not None
        wanted = re.escape(question.pattern) if question.fixed else question.pattern
        return _ran(["lnav", "-n", "-c", f":filter-in {wanted}", str(path)], home)

    return Peer("lnav", entries.num_rows, path.stat().st_size, ask)


def installed(entries: pa.Table, some: pa.Table, folder: Path) -> list[Peer]:
    """Those that this machine has; the slow ones with `some` of the entries."""
    found = []
    if shutil.which("rg"):
        found.append(ripgrep(entries, folder))
    if shutil.which("journalctl") and REMOTE.exists():
        found.append(journalctl(some, folder))
    if shutil.which("lnav"):
        found.append(lnav(some, folder))
    return found

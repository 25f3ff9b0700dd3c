"""A host's journal: the folder that journald keeps it in, entries in journald's native protocol, and files of entries of long ago."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

from tests.fleet.roots import JOURNAL_GID, put

DAEMON = Path("/usr/lib/systemd/systemd-journald")
REMOTE = Path("/usr/lib/systemd/systemd-journal-remote")
SOCKET = "run/systemd/journal/socket"
CONFIG = "[Journal]\nStorage=persistent\nReadKMsg=no\nAudit=no\nRateLimitBurst=0\n"
READY = "mkdir -p /run/systemd/journal && touch /run/systemd/journal/flushed"
"""To run before journald: the mark that /var is writable, without which it keeps to /run (systemd-journald.service(8))."""


def lay(root: Path) -> None:
    """A persistent journal whose files the group systemd-journal may read, as Debian's tmpfiles.d lays it."""
    put(root, "/etc/systemd/journald.conf", CONFIG)
    folder = root / "var/log/journal" / (root / "etc/machine-id").read_text().strip()
    folder.mkdir(parents=True)
    for made in (folder.parent, folder):
        os.chown(made, 0, JOURNAL_GID)
        made.chmod(0o2755)


def entry(fields: dict[str, str | bytes]) -> bytes:
    """An entry as systemd's JOURNAL_NATIVE_PROTOCOL writes it: a value with a newline or NUL brings its length."""
    lines = []
    for name, value in fields.items():
        raw = value.encode() if isinstance(value, str) else value
        plain = b"\n" not in raw and b"\0" not in raw
        lines.append(
            name.encode() + (b"=" + raw if plain else b"\n" + len(raw).to_bytes(8, "little") + raw) + b"\n"
        )
    return b"".join(lines)


def send(root: Path, entries: list[bytes]) -> None:
    """Hand entries to the journald of the host whose root folder, as the machine sees it now, this is."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.connect(str(root / SOCKET))
        for sent in entries:
            sock.sendall(sent)


def write(root: Path, name: str, entries: list[dict[str, str]]) -> None:
    """A journal file of its own beside journald's, in its own sequence, whose entries bear the times they say; as Journal Export Format has them."""
    assert REMOTE.exists(), "missing: apt-get install systemd-journal-remote"
    folder = root / "var/log/journal" / (root / "etc/machine-id").read_text().strip()
    text = "".join("".join(f"{k}={v}\n" for k, v in entry.items()) + "\n" for entry in entries)
    subprocess.run(
        [str(REMOTE), "-o", str(folder / name), "-"], input=text.encode(), capture_output=True, check=True
    )
    os.chown(folder / name, 0, JOURNAL_GID)
    (folder / name).chmod(0o640)

"""A host's key beside what known_hosts has, and adding it there."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ShownKey:
    """`name` as known_hosts writes it ([address]:port beside port 22); `line` what would be added to `file`.

    `known`: the very key is there already; `others`: fingerprints of other keys of its type that are; `problem`: why no
    key could be had.
    """

    name: str = ""
    file: str = ""
    line: str = ""
    fingerprint: str = ""
    known: bool = False
    others: tuple[str, ...] = ()
    problem: str = ""


def known_hosts_name(address: str, port: int) -> str:
    """sshd(8), SSH_KNOWN_HOSTS FILE FORMAT: the port stands with the name unless it is 22."""
    return address if port == 22 else f"[{address}]:{port}"


def add_known_host(key: ShownKey) -> None:
    """Append the key to its known_hosts file, made private if it is new."""
    path = Path(key.file)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    old = path.read_bytes() if path.exists() else b""
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(handle, "ab") as file:
        file.write((b"" if not old or old.endswith(b"\n") else b"\n") + key.line.encode() + b"\n")

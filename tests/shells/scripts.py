"""What the tests of scripts share: every shell they may meet, programs that stand in for the machine's, and rows."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from livedata.model.probe import Probe
from livedata.model.reading import Reading
from livedata.parse import PARSERS
from livedata.probe.load import load_probes

PROBES = load_probes()
SCRIPTS = [probe for probe in PROBES.values() if probe.body]
SHELLS = {"dash": ["dash"], "bash": ["bash", "--posix"], "busybox": ["busybox", "sh"], "mksh": ["mksh"]}

Run = Callable[..., "CompletedProcess[str]"]
"""Runs a script: its text, `as_nobody`, and variables by name."""


def become_nobody(folder: Path) -> dict[str, Any]:
    """Where the tests run as root, whom no mode keeps out: another user, who may reach the folder."""
    if os.geteuid() != 0:
        return {}
    for path in (folder, *folder.parents):
        if "pytest" in str(path):
            path.chmod(0o755)
    return {"user": 65534, "group": 65534, "extra_groups": []}


def program(folder: Path, name: str, script: str) -> None:
    """A program that comes before the machine's own."""
    file = folder / "bin" / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


def rows(probe: Probe, text: str) -> list[dict[str, Any]]:
    names = [column.name for column in probe.columns]
    return [dict(zip(names, row, strict=True)) for row in PARSERS[probe.parse](probe, Reading(text=text))]


def at(probe: str, folder: Path, *paths: str) -> str:
    """A probe's script that looks for these paths below a folder."""
    body = PROBES[probe].body
    for path in paths:
        assert path in body
        body = body.replace(path, f"{folder}{path}")
    return body


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

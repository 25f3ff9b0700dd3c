"""Who is measured, each in a group of its own: what all contenders have in common, and livedata."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .group import Group
from .machines import USER, Access, Ground

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Peer:
    """`tick` asks every host once; its connections stay, and all its processes are in `group`."""

    name: str
    group: Group
    tick: Callable[[], None]
    close: Callable[[], None] = lambda: None


class Driven:
    """A contender that is a process of its own, told by lines what to do; it answers each with a line of JSON."""

    def __init__(self, group: Group, command: Sequence[str], errors: Path) -> None:
        self.group = group
        self._errors = errors
        with errors.open("ab") as log:
            self._process = subprocess.Popen(
                group.inside(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )

    def tell(self, line: str) -> dict[str, Any]:
        """Say a line; its answer."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"a contender died:\n{self._errors.read_text()[-2000:]}")
        found: dict[str, Any] = json.loads(answer)
        return found

    def rss_mb(self) -> float:
        """Resident memory of its process (proc_pid_status(5))."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


def write_plan(ground: Ground, name: str, hosts: Sequence[Access], **more: object) -> Path:
    """What a driven contender must know, as a file in a folder of its own."""
    folder = ground.folder / name
    folder.mkdir()
    plan = {
        "hosts": [[h.name, h.port] for h in hosts], "user": USER, "key": str(ground.folder / "key"),
        "known_hosts": str(ground.folder / "known_hosts"), "folder": str(folder), **more,
    }  # fmt: skip
    path = folder / "plan.json"
    path.write_text(json.dumps(plan))
    return path


def start_livedata(
    ground: Ground, name: str, hosts: Sequence[Access], every: float, whole: bool = False
) -> Driven:
    """The collector over these hosts, all imported and not yet connected; `whole`: idle processes give rows too."""
    plan = write_plan(ground, name, hosts, every=every, whole=whole)
    command = [sys.executable, str(HERE / "watching.py"), str(plan)]
    livedata = Driven(ground.group(name), command, ground.folder / f"{name}.err")
    livedata.tell("run 0")
    return livedata


def find(program: str, peers: Path | None = None) -> str | None:
    """A program in the environment of the peers, in this Python's, or on the path."""
    folders = [peers / "bin"] if peers else []
    own = ":".join(str(folder) for folder in [*folders, Path(sys.executable).parent])
    return shutil.which(program, path=own) or shutil.which(program)

"""Who is measured: livedata, what a user would pick instead over SSH, and node_exporter. All in groups that count CPU."""

from __future__ import annotations

import gzip
import json
import shlex
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .group import Group
from .machines import UID, USER, Access, Machine, free_port

HERE = Path(__file__).parent
PARALLEL = 32
SCRAPES = 10
"""Scrapes of node_exporter in one round: one alone is too short."""
LEAST_BYTES = 5000
"""An answer with less than this did not hold the files."""


class Driven:
    """A contender that is a process of its own, told by lines what to do."""

    def __init__(self, group: Group, command: Sequence[str], errors: Path) -> None:
        self.group = group
        with errors.open("ab") as log:
            self._process = subprocess.Popen(
                group.inside(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )
        self._errors = errors

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
        assert self._process.stdin
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def write_plan(folder: Path, name: str, hosts: Sequence[Access], **more: object) -> Path:
    """What a driven contender must know, as a file."""
    own = folder / name
    own.mkdir()
    plan = {
        "hosts": [[h.name, h.port] for h in hosts], "user": USER, "key": str(folder / "key"),
        "known_hosts": str(folder / "known_hosts"), "folder": str(own), **more,
    }  # fmt: skip
    path = own / "plan.json"
    path.write_text(json.dumps(plan))
    return path


def start_livedata(
    folder: Path, name: str, hosts: Sequence[Access], every: float, groups: list[Group]
) -> Driven:
    groups.append(Group(name))
    plan = write_plan(folder, name, hosts, every=every)
    return Driven(groups[-1], [sys.executable, str(HERE / "watching.py"), str(plan)], folder / f"{name}.err")


@dataclass(frozen=True, slots=True)
class Peer:
    """`tick` asks every host once; its connections stay, and its processes are in `group`."""

    name: str
    group: Group
    tick: Callable[[], None]
    close: Callable[[], None]


def the_command(files: Sequence[str]) -> str:
    """One fork on the host for all files: what someone who knows would ask for."""
    return f"head -n 99999 {' '.join(files)} 2>/dev/null; :"


def find(program: str, peers: Path | None) -> str | None:
    """A program in the environment of the peers, in this Python's, or on the path."""
    folders = [peers / "bin"] if peers else []
    own = ":".join(str(f) for f in [*folders, Path(sys.executable).parent])
    return shutil.which(program, path=own) or shutil.which(program)


def _command_line(
    group: Group, name: str, hosts: int, errors: Path, argv: Sequence[str], **environment: str
) -> Peer:
    """A peer that is run anew for each tick; its connections are opened by a first run, whose output is looked at."""
    command = group.inside(["env", *(f"{k}={v}" for k, v in environment.items()), *argv])

    def run(output: int) -> subprocess.CompletedProcess[bytes]:
        # ControlPersist's masters keep standard error open for as long as they live, so it may be no pipe.
        with errors.open("ab") as log:
            return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=log, check=False)

    def tick() -> None:
        if run(subprocess.DEVNULL).returncode:
            raise RuntimeError(f"{name} failed:\n{errors.read_text()[-2000:]}")

    first = run(subprocess.PIPE)
    if first.returncode or len(first.stdout) < LEAST_BYTES * hosts:
        raise RuntimeError(f"{name} gave {len(first.stdout)} bytes:\n{errors.read_text()[-2000:]}")
    return Peer(name, group, tick, lambda: None)


def start_peers(
    folder: Path,
    hosts: Sequence[Access],
    files: Sequence[str],
    peers: Path | None,
    heavy: bool,
    groups: list[Group],
) -> list[Peer]:
    """The peers that are installed; with `heavy`, Ansible too."""
    found: list[Peer] = []
    command = the_command(files)
    errors = folder / "peers.err"

    def group(name: str) -> Group:
        groups.append(Group(name))
        return groups[-1]

    def options(name: str) -> list[str]:
        return ["-F", str(folder / "ssh_config"), "-o", f"ControlPath={folder}/{name}-%n"]

    argv = ["xargs", "-a", str(folder / "hosts"), "-P", str(PARALLEL), "-I", "{}"]
    found.append(
        _command_line(
            group("xargs"),
            "xargs -P ssh, ControlPersist",
            len(hosts),
            errors,
            [*argv, "ssh", *options("x"), "{}", command],
        )
    )
    python = find("python", peers) or sys.executable
    if (
        subprocess.run([python, "-c", "import pssh.clients"], capture_output=True, check=False).returncode
        == 0
    ):
        plan = write_plan(folder, "pssh", hosts, command=command)
        driven = Driven(group("pssh"), [python, str(HERE / "fetching.py"), str(plan)], folder / "pssh.err")

        def tick() -> None:
            if driven.tell("tick")["answer_bytes"] < LEAST_BYTES * len(hosts):
                raise RuntimeError("parallel-ssh got no answers")

        tick()
        found.append(Peer("parallel-ssh", driven.group, tick, driven.close))
    clush = find("clush", peers)
    if clush:
        argv = [
            clush,
            "-q",
            "--hostfile",
            str(folder / "hosts"),
            "-f",
            str(PARALLEL),
            "-o",
            shlex.join(options("c")).replace("%", "%%"),
        ]
        found.append(
            _command_line(group("clush"), "clush, ControlPersist", len(hosts), errors, [*argv, command])
        )
    ansible = find("ansible", peers)
    if ansible and heavy:
        (folder / "inventory").write_text("[all]\n" + (folder / "hosts").read_text())
        argv = [
            ansible,
            "all",
            "-i",
            str(folder / "inventory"),
            "-m",
            "raw",
            "-f",
            str(PARALLEL),
            "-a",
            command,
        ]
        found.append(
            _command_line(
                group("ansible"), "ansible -m raw, ControlPersist", len(hosts), errors, argv, ANSIBLE_SSH_ARGS=shlex.join(options("a")),
                ANSIBLE_HOME=str(folder / "ansible"), ANSIBLE_LOCAL_TEMP=str(folder / "ansible/tmp"),
            )
        )  # fmt: skip
    return found


def start_exporters(folder: Path, groups: list[Group], machines: list[Machine]) -> list[Peer]:
    """node_exporter as it comes, and with its processes collector, each on a machine of its own with 200 processes."""
    program = find("prometheus-node-exporter", None) or find("node_exporter", None)
    if not program:
        return []
    found: list[Peer] = []
    for name, options in (
        ("node_exporter", []),
        ("node_exporter --collector.processes", ["--collector.processes"]),
    ):
        groups.append(Group(f"exporter{len(found)}"))
        port = free_port()
        machines.append(
            Machine(
                groups[-1], folder / "passwd",
                ["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups", program,
                 f"--web.listen-address=127.0.0.1:{port}", *options], port,
            )
        )  # fmt: skip

        def tick(port: int = port) -> None:
            for _ in range(SCRAPES):
                request = urllib.request.Request(
                    f"http://127.0.0.1:{port}/metrics", headers={"Accept-Encoding": "gzip"}
                )
                with urllib.request.urlopen(request, timeout=10) as answer:
                    if b"node_cpu_seconds_total" not in gzip.decompress(answer.read()):
                        raise RuntimeError("node_exporter gave no metrics")

        found.append(Peer(name, groups[-1], tick, lambda: None))
    return found

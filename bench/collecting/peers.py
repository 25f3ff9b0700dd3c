"""What a user would pick instead over SSH, each with connections that stay; they fetch the same files and drop them."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from .contenders import HERE, Driven, Peer, find, write_plan
from .machines import Ground

PARALLEL = "32"
LEAST_BYTES = 5000
"""An answer with less than this did not hold the files."""


def the_command(files: Sequence[str]) -> str:
    """One fork on the host for all files: what someone who knows would ask for."""
    return f"head -n 99999 {' '.join(files)} 2>/dev/null; :"


def start_peers(ground: Ground, files: Sequence[str], environment: Path | None, heavy: bool) -> list[Peer]:
    """Those that are installed, connected; with `heavy`, Ansible too."""
    command = the_command(files)
    found = [
        _xargs(ground, command),
        _parallel_ssh(ground, command, environment),
        _clush(ground, command, environment),
    ]
    if heavy:
        found.append(_ansible(ground, command, environment))
    return [peer for peer in found if peer]


def _ssh_options(ground: Ground, own: str) -> list[str]:
    """OpenSSH's client as it comes, its masters not shared with other contenders."""
    return ["-F", str(ground.folder / "ssh_config"), "-o", f"ControlPath={ground.folder}/{own}-%n"]


def _program(ground: Ground, name: str, group: str, command: Sequence[str]) -> Peer:
    """A peer that is run anew for each tick; a first run opens its connections, and its output is looked at."""
    own = ground.group(group)
    errors = ground.folder / f"{group}.err"

    def run(output: int) -> subprocess.CompletedProcess[bytes]:
        # ControlPersist's masters keep standard error open for as long as they live, so it may be no pipe.
        with errors.open("ab") as log:
            done = subprocess.run(
                own.inside(command), stdin=subprocess.DEVNULL, stdout=output, stderr=log, check=False
            )
        if done.returncode:
            raise RuntimeError(f"{name} failed:\n{errors.read_text()[-2000:]}")
        return done

    def tick() -> None:
        run(subprocess.DEVNULL)

    came = len(run(subprocess.PIPE).stdout)
    if came < LEAST_BYTES * len(ground.hosts):
        raise RuntimeError(f"{name} gave {came} bytes:\n{errors.read_text()[-2000:]}")
    return Peer(name, own, tick)


def _xargs(ground: Ground, command: str) -> Peer:
    xargs = ["xargs", "-a", str(ground.folder / "hosts"), "-P", PARALLEL, "-I", "{}"]
    ssh = ["ssh", *_ssh_options(ground, "x"), "{}", command]
    return _program(ground, "xargs -P ssh, ControlPersist", "xargs", [*xargs, *ssh])


def _clush(ground: Ground, command: str, environment: Path | None) -> Peer | None:
    clush = find("clush", environment)
    if not clush:
        return None
    ssh = shlex.join(_ssh_options(ground, "c")).replace("%", "%%")  # its configuration's own quoting
    hosts = str(ground.folder / "hosts")
    return _program(
        ground, "clush, ControlPersist", "clush",
        [clush, "-q", "--hostfile", hosts, "-f", PARALLEL, "-o", ssh, command],
    )  # fmt: skip


def _ansible(ground: Ground, command: str, environment: Path | None) -> Peer | None:
    ansible = find("ansible", environment)
    if not ansible:
        return None
    inventory = ground.folder / "inventory"
    inventory.write_text("[all]\n" + (ground.folder / "hosts").read_text())
    variables = [
        f"ANSIBLE_SSH_ARGS={shlex.join(_ssh_options(ground, 'a'))}",
        f"ANSIBLE_HOME={ground.folder}/ansible",
        f"ANSIBLE_LOCAL_TEMP={ground.folder}/ansible/tmp",
    ]
    return _program(
        ground, "ansible -m raw, ControlPersist", "ansible",
        ["env", *variables, ansible, "all", "-i", str(inventory), "-m", "raw", "-f", PARALLEL, "-a", command],
    )  # fmt: skip


def _parallel_ssh(ground: Ground, command: str, environment: Path | None) -> Peer | None:
    python = find("python", environment) or sys.executable
    if subprocess.run([python, "-c", "import pssh"], capture_output=True, check=False).returncode:
        return None
    plan = write_plan(ground, "pssh", ground.hosts, command=command)
    driven = Driven(
        ground.group("pssh"), [python, str(HERE / "fetching.py"), str(plan)], ground.folder / "pssh.err"
    )

    def tick() -> None:
        if driven.tell("tick")["answer_bytes"] < LEAST_BYTES * len(ground.hosts):
            raise RuntimeError("parallel-ssh got no answers")

    tick()
    return Peer("parallel-ssh", driven.group, tick, driven.close)

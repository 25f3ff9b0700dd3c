"""Machines to ask: on loopback, each with an OpenSSH server, process ids and accounts of its own, all in one cgroup.

A session is two processes of sshd and a shell, which work at each tick, so that 100 sessions to one server would read 300 busy
processes of their own. Here few share a machine, which is then filled up to 200 processes, a fifth of which do something
between two ticks, the sessions' own among them: what a tick reads is what it would on a real host.
A machine lives as long as the pipe to it; nothing of it is seen or left outside its namespaces (unshare(1)).
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .group import Group

SESSIONS, MACHINES = 3, 50
"""Sessions a machine, but no more than so many machines: beyond 150 sessions more of their own processes are seen."""
PROCESSES = 200
CHANGING = 40
USER = "livedata-bench"
UID = 64_777
BUSY = Path(__file__).parent / "busy.py"

MACHINE = """
set -e
mount -t proc proc /proc
mount --bind "$1/passwd" /etc/passwd
mount -t tmpfs -o size=1m,mode=755 tmpfs /run
mkdir -m 755 /run/sshd
cp "$1/key.pub" /run/authorized_keys
fillers=$2 python=$3 busy=$4
shift 4
"$@" </dev/null >/dev/null 2>&1 &
echo up
while read -r wanted changing; do
  echo 0 >"$fillers"
  set -- /proc/[0-9]*
  count=$#
  if [ $count -lt "$changing" ]; then
    "$python" "$busy" $((changing - count)) </dev/null >/dev/null 2>&1 &
    count=$changing
  fi
  while [ $count -lt "$wanted" ]; do
    sleep 86400 </dev/null >/dev/null 2>&1 &
    count=$((count + 1))
  done
  echo $count
done
"""
"""Process 1 of a machine: its server in the background, then fillers, until its standard input ends."""

SSHD_CONFIG = """\
HostKey {folder}/host_key
AuthorizedKeysFile /run/authorized_keys
AllowUsers {user}
PidFile none
UsePAM no
UseDNS no
PrintMotd no
PrintLastLog no
PasswordAuthentication no
KbdInteractiveAuthentication no
MaxStartups 1000
LogLevel ERROR
"""

SSH_CONFIG = """\
Host *
  HostName 127.0.0.1
  User {user}
  IdentityFile {folder}/key
  IdentitiesOnly yes
  IdentityAgent none
  BatchMode yes
  StrictHostKeyChecking yes
  UserKnownHostsFile {folder}/known_hosts
  GlobalKnownHostsFile /dev/null
  ControlMaster auto
  ControlPersist 600
"""


@dataclass(frozen=True, slots=True)
class Access:
    """How a host of the benchmark is reached; all have the same address, key and user."""

    name: str
    port: int


class Machine:
    """One machine, its server running when this returns.

    Args:
        group: counts the CPU of its server.
        fillers: the group of the processes that only fill it.
        folder: holds what it has as /etc/passwd, and the key that its account takes.
        server: the server's command; it may not go into the background by itself.
        port: where it will listen on 127.0.0.1.
    """

    def __init__(self, group: Group, fillers: Group, folder: Path, server: Sequence[str], port: int) -> None:
        apart = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private"]
        words = [str(folder), str(fillers.path / "cgroup.procs"), sys.executable, str(BUSY), *server]
        self._process = subprocess.Popen(
            group.inside([*apart, "/bin/sh", "-c", MACHINE, "machine", *words]),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        if self._said() != "up":
            raise RuntimeError("no machine: are mount and PID namespaces allowed here (root, util-linux)?")
        _await_port(port)

    def _said(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()

    def fill(self) -> int:
        """Add processes up to `PROCESSES` in all, `CHANGING` of them busy; how many there are then."""
        assert self._process.stdin
        self._process.stdin.write(f"{PROCESSES} {CHANGING}\n")
        self._process.stdin.flush()
        return int(self._said())

    def close(self) -> None:
        self._process.kill()  # and with it, by --kill-child, the machine's process 1 and so all of it
        self._process.communicate()


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def _await_port(port: int) -> None:
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError(f"nothing listens on port {port}")


@dataclass(slots=True)
class Ground:
    """What a run stands on: its folder, the hosts to ask, and all that must be ended with it.

    `folder` holds `passwd`, `key`, `host_key`, `known_hosts`, `sshd_config`, `ssh_config` and, a name a line, `hosts`.
    """

    folder: Path
    hosts: list[Access] = field(default_factory=list)
    machines: list[Machine] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    fillers: Group = field(init=False)

    def __post_init__(self) -> None:
        self.fillers = self.group("fillers")

    def group(self, name: str) -> Group:
        self.groups.append(Group(name))
        return self.groups[-1]

    def machine(self, group: Group, server: Sequence[str], port: int) -> None:
        self.machines.append(Machine(group, self.fillers, self.folder, server, port))

    def fill(self) -> int:
        """Bring every machine to its number of processes; the most that one has."""
        return max([machine.fill() for machine in self.machines])

    def close(self) -> None:
        for machine in self.machines:
            machine.close()
        for group in self.groups:
            group.end()
        shutil.rmtree(self.folder, ignore_errors=True)


def prepare(folder: Path) -> None:
    """Write keys, accounts and configurations of this run."""
    for name in ("key", "host_key"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", folder / name], check=True
        )
    (folder / "known_hosts").write_text(f"* {(folder / 'host_key.pub').read_text()}")
    accounts = Path("/etc/passwd").read_text(encoding="utf-8")
    (folder / "passwd").write_text(f"{accounts}{USER}:*:{UID}:{UID}::/:/bin/sh\n")
    (folder / "sshd_config").write_text(SSHD_CONFIG.format(folder=folder, user=USER))
    (folder / "ssh_config").write_text(SSH_CONFIG.format(folder=folder, user=USER))


def start_hosts(ground: Ground, sessions: int) -> Group:
    """Start as many machines as so many hosts need; the group that counts their CPU."""
    prepare(ground.folder)
    group = ground.group("hosts")
    sshd = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/sbin") or "sshd"
    each = max(SESSIONS, -(-sessions // MACHINES))
    for first in range(0, sessions, each):
        port = free_port()
        config = str(ground.folder / "sshd_config")
        ground.machine(group, [sshd, "-D", "-f", config, "-o", f"ListenAddress=127.0.0.1:{port}"], port)
        ground.hosts += [Access(f"h{i:04}", port) for i in range(first, min(first + each, sessions))]
    with (ground.folder / "ssh_config").open("a", encoding="utf-8") as file:
        file.writelines(f"Host {host.name}\n  Port {host.port}\n" for host in ground.hosts)
    (ground.folder / "hosts").write_text("".join(f"{host.name}\n" for host in ground.hosts))
    return group

"""A lesser host, for where no namespaces are allowed: an sshd on a loopback address, with the machine's name and processes.

What a kind says of sshd, keys and the login shell holds; one that needs its own userland, /proc or journal is refused.
"""

from __future__ import annotations

import contextlib
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.fleet.host import Process, TestHost, process_at, wait_for
from tests.fleet.kinds import Kind
from tests.fleet.roots import HOME


def forced_command(root: Path, kind: Kind) -> str:
    """The line of sshd_config that has the kind's shell run what a client asks for, since no user is made here."""
    laid = root / kind.shell.lstrip("/")
    shell = laid if laid.exists() else kind.shell
    return f'ForceCommand HOME={root}{HOME} SHLVL=0 exec {shlex.quote(str(shell))} -c "$SSH_ORIGINAL_COMMAND"'


def tree(pid: int) -> Iterator[Process]:
    """A process and its descendants, but for what ends while being looked at, and zombies."""
    with contextlib.suppress(OSError):
        found = process_at(Path(f"/proc/{pid}"))
        if not found.command.startswith("["):
            yield found
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            yield from tree(int(child))


@dataclass
class PlainHost(TestHost):
    """An sshd of its own, which logs in as root."""

    __test__ = False
    _sshd: subprocess.Popen[bytes] | None = None

    def boot(self) -> None:
        kind = self.kind
        odd = kind.userland != "debian" or kind.sh != "dash" or kind.hidepid or kind.journal != "none"
        assert not odd, (
            f"{self.name}: this sort of host needs namespaces, and this machine allows none (unshare fails)"
        )
        Path("/run/sshd").mkdir(exist_ok=True)
        with (self.root / "etc/ssh/sshd_config").open("a") as config:
            config.write(forced_command(self.root, kind) + "\n")
        if kind.at_start != "refuse":
            self.start()
        if kind.at_start == "freeze":
            self.freeze()

    def start(self) -> None:
        with (self.root / "var/log/sshd.log").open("ab") as log:
            command = ["/usr/sbin/sshd", "-D", "-e", "-f", str(self.root / "etc/ssh/sshd_config")]
            self._sshd = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=log)
        wait_for(self._listens)

    def stop(self) -> None:
        super().stop()
        if self._sshd:
            self._sshd.wait(10)
            self._sshd = None

    def shut_down(self) -> None:
        self.stop()

    def reboot(self) -> None:
        raise AssertionError(f"{self.name}: without namespaces a host can't boot anew")

    def processes(self) -> list[Process]:
        """sshd and all that it started, as the machine numbers them."""
        return sorted(tree(self._sshd.pid)) if self._sshd else []

    def _sshds(self) -> list[Process]:
        return self.processes()

    def _nsenter(self) -> list[str]:
        return []

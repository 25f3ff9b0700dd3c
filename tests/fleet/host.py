"""One real host: an OpenSSH server in namespaces of its own, with the levers that tests pull on it.

Host name, processes, files, users, boot id, uptime and journal are the host's own. The kernel, its counters
(/proc/stat, meminfo, diskstats ...), the network and, read-only, /usr and /sys are the machine's.
A host lives as long as the pipe to its first process is open: however the tests end, the kernel takes its processes
and mounts away with it.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from tests.fleet import journal
from tests.fleet.kinds import Kind
from tests.fleet.roots import make_key, put

BOOT = Path(__file__).with_name("boot.sh")
SPACES = ("--uts", "--pid", "--mount", "--ipc")
"""The namespaces of a host, as unshare(1) and nsenter(1) both name them; `--time` joins where the kernel has it."""
CLOCKS = {"monotonic": time.CLOCK_MONOTONIC, "boottime": time.CLOCK_BOOTTIME}
SSHD = re.compile(r"/usr/sbin/sshd |sshd(-\w+)?: ")
"""How the command lines of sshd's processes begin; since OpenSSH 9.8 the sessions are `sshd-session`."""


@functools.cache
def spaces() -> tuple[str, ...]:
    """The namespaces that this machine gives to a host; none where it allows none."""
    for wanted in ((*SPACES, "--time"), SPACES):
        if not subprocess.run(
            ["unshare", *wanted, "--fork", "true"], capture_output=True, check=False
        ).returncode:
            return wanted
    return ()


@functools.cache
def _unsigned() -> bool:
    """Whether unshare(1) refuses a minus, as that of util-linux 2.39 does, which takes 2**64 - n for it."""
    behind = ["unshare", "--time", "--monotonic=-1", "--fork", "true"]
    return subprocess.run(behind, capture_output=True, check=False).returncode != 0


def _before(seconds: int) -> int:
    """An offset of a clock that sets it back, as unshare(1) takes it."""
    return 2**64 - seconds if _unsigned() else -seconds


def wait_for(what: Callable[[], object], seconds: float = 20.0, every: float = 0.05) -> Any:
    """The first true value that `what` gives. Raises AssertionError when none comes in time."""
    end = time.monotonic() + seconds
    while not (value := what()):
        assert time.monotonic() < end, f"waited {seconds} s in vain for {what}"
        time.sleep(every)
    return value


class Process(NamedTuple):
    """A process of a host: `pid` as the host numbers it, `outer` as the machine does."""

    pid: int
    command: str
    """Its command line, or its name in brackets where it has none, as with a zombie."""
    outer: int


@dataclass
class TestHost:
    """A running (or stopped) host."""

    __test__ = False  # no test class for pytest
    name: str
    kind: Kind
    address: str
    port: int
    root: Path
    """Its root folder, as the machine sees it: files as they stand on the disk, without what is mounted on them."""
    _namespaces: subprocess.Popen[bytes] | None = None

    @property
    def init(self) -> int:
        """The machine's pid of the host's first process."""
        assert self._namespaces, f"{self.name} is down"
        pid = self._namespaces.pid
        return int(wait_for(lambda: Path(f"/proc/{pid}/task/{pid}/children").read_text().split())[0])

    @property
    def public_key(self) -> str:
        """The host's key as known_hosts has it, a line."""
        return (self.root / "etc/ssh/host_key.pub").read_text()

    @property
    def boot_id(self) -> str:
        return (self.root / "etc/boot_id").read_text().strip()

    def boot(self) -> None:
        """Power on, and start what the kind says. Raises AssertionError with what went wrong."""
        self._enter_namespaces()
        if self.kind.journal != "none":
            self.start_journal()
        if self.kind.at_start != "refuse":
            self.start()
        if self.kind.at_start == "freeze":
            self.freeze()

    def start_journal(self) -> None:
        """Start journald and wait until it takes entries."""
        self.exec(f"rm -f /{journal.SOCKET}; {journal.READY}; {journal.DAEMON} </dev/null >/dev/null 2>&1 &")
        wait_for((self._view / journal.SOCKET).exists)

    def shut_down(self) -> None:
        """Power off: every process is gone, the files stay. A host that is off already stays so."""
        if self._namespaces:
            assert self._namespaces.stdin
            self._namespaces.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._namespaces.wait(5)
            self._namespaces.kill()
            self._namespaces.wait(10)
            self._namespaces = None

    def reboot(self) -> None:
        """All processes are new, and so are the boot id and, where the kernel has time namespaces, the uptime.
        The counters of /proc/stat and its like stay the machine's: they do not begin anew."""
        self.shut_down()
        put(self.root, "/etc/boot_id", f"{uuid.uuid4()}\n")
        self.boot()

    def start(self) -> None:
        """Start sshd and wait until it listens."""
        self.exec("/usr/sbin/sshd -t && /usr/sbin/sshd -E /var/log/sshd.log")
        wait_for(self._listens)

    def stop(self) -> None:
        """Kill sshd and its sessions: connections close, new ones are refused."""
        self._signal(signal.SIGKILL, self._sshds)

    def kick(self) -> None:
        """Kill the sessions, not the listener. What they ran is orphaned, as in life."""
        self._signal(signal.SIGKILL, lambda: [p for p in self._sshds() if "sbin/sshd" not in p.command])

    def freeze(self) -> None:
        """Stop every process of the host, as a machine that hangs: the kernel still accepts connections.

        Going on are its first process and that one's `cat`, which see to it that the host ends with the tests.
        """
        self._signal(
            signal.SIGSTOP,
            lambda: [p for p in self.processes() if p.pid != 1 and p.command != "cat"],
            once=True,
        )

    def thaw(self) -> None:
        """Let go on what `freeze` stopped."""
        self._signal(signal.SIGCONT, self.processes, once=True)

    def rekey(self) -> None:
        """Another host key, as after a new installation; known_hosts stays as it was."""
        self.stop()
        make_key(self.root / "etc/ssh/host_key")
        self.start()

    def exec(self, command: str) -> str:
        """Run a command as the host's root, past SSH, as the truth to compare with; its standard output."""
        done = subprocess.run(
            [*self._nsenter(), "/bin/sh", "-c", command],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        assert done.returncode == 0, f"{self.name}: {command}: exit {done.returncode}: {done.stderr}"
        return done.stdout

    def ssh(self, command: str, config: Path) -> subprocess.CompletedProcess[bytes]:
        """The real OpenSSH client."""
        return subprocess.run(
            ["ssh", "-n", "-F", str(config), self.name, command], capture_output=True, timeout=20, check=False
        )

    def processes(self) -> list[Process]:
        """Every process of the host by pid, read on the machine: neither sshd nor ps has a hand in it."""
        return sorted(processes_of(Path(f"/proc/{self.init}/ns/pid").readlink()))

    def log(self, message: str | bytes, **fields: str | bytes) -> None:
        """Put an entry into the host's journal; `fields` are upper-case journal fields (systemd.journal-fields(7))."""
        self.log_all([message], **fields)

    def log_all(self, messages: Iterable[str | bytes], **fields: str | bytes) -> None:
        """Put many entries into the host's journal, alike but for their message."""
        common = {"PRIORITY": "6", "SYSLOG_IDENTIFIER": "test", **fields}
        journal.send(self._view, [journal.entry({"MESSAGE": message, **common}) for message in messages])

    def journal(self, *arguments: str) -> str:
        """What the host's own journalctl says, once everything logged has arrived."""
        self.exec("journalctl --sync")
        return self.exec(" ".join(["journalctl", "--no-pager", *arguments]))

    @property
    def _view(self) -> Path:
        """The root folder with all that is mounted in it."""
        return Path(f"/proc/{self.init}/root")

    def _enter_namespaces(self) -> None:
        hidepid = ",hidepid=invisible" if self.kind.hidepid else ""
        now = [
            f"--{name}={_before(int(time.clock_gettime(clock)))}"
            for name, clock in CLOCKS.items()
            if "--time" in spaces()
        ]
        self._namespaces = subprocess.Popen(
            ["unshare", *spaces(), *now, "--fork", "--kill-child", str(BOOT), str(self.root),
             self.name, self.kind.userland, self.kind.sh, hidepid],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert self._namespaces.stdout
        assert self._namespaces.stderr
        with self._namespaces.stdout as said, self._namespaces.stderr as problem:
            assert said.readline() == b"ready\n", f"{self.name} does not boot: {problem.read().decode()}"

    def _nsenter(self) -> list[str]:
        return ["nsenter", "--target", str(self.init), *spaces()]

    def _listens(self) -> bool:
        with socket.socket() as sock:
            return sock.connect_ex((self.address, self.port)) == 0

    def _sshds(self) -> list[Process]:
        return [p for p in self.processes() if SSHD.match(p.command)]

    def _signal(self, number: int, wanted: Callable[[], list[Process]], *, once: bool = False) -> None:
        """Signal the wanted processes, and then those that came meanwhile, until there are none; or only `once`."""

        def none_left() -> bool:
            found = wanted()
            for process in found:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.outer, number)
            return once or not found

        wait_for(none_left)


def processes_of(namespace: Path) -> Iterator[Process]:
    """The processes of a PID namespace, in no order; `namespace` is what /proc/PID/ns/pid links to."""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended while being looked at
            if (folder / "ns/pid").readlink() == namespace:
                yield process_at(folder)


def process_at(folder: Path) -> Process:
    """The process that a folder of /proc tells of (proc(5)). Raises OSError once it is gone."""
    status = (folder / "status").read_text()
    pids, name = re.search(r"^NSpid:\s(.+)$", status, re.M), re.search(r"^Name:\s(.+)$", status, re.M)
    assert pids, status
    assert name, status
    command = (folder / "cmdline").read_bytes().rstrip(b"\0").replace(b"\0", b" ").decode("utf-8", "replace")
    return Process(int(pids[1].split()[-1]), command or f"[{name[1]}]", int(folder.name))

"""Real hosts for the tests: each an OpenSSH server in UTS, PID, mount and IPC namespaces of its own, on a loopback address.

They share the machine's kernel, network, uptime and /proc/stat; host name, processes, files, users, boot id and journal are their own.
Root is needed, and openssh-server, busybox-static and util-linux. Everything ends with the process that started it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.fleet.kinds import KINDS, Kind
from tests.fleet.roots import JOURNAL_GID, USER, lay, put

BOOT = Path(__file__).with_name("boot.sh")
NEEDED = {
    "sshd": "openssh-server",
    "ssh-keygen": "openssh-client",
    "busybox": "busybox-static",
    "unshare": "util-linux",
}
JOURNALD = Path("/usr/lib/systemd/systemd-journald")
SSHD_CONFIG = """\
{first}
ListenAddress {address}:{port}
HostKey /etc/ssh/host_key
AuthorizedKeysFile .ssh/authorized_keys
PidFile none
UsePAM no
UseDNS no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PrintMotd no
MaxStartups 100
"""


def what_is_missing() -> str:
    """Why no host can be started here, with the command that mends it; nothing where all is well."""
    if os.geteuid() != 0:
        return "the fleet tests start hosts in namespaces of their own: run them as root"
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    packages = sorted(
        {package for program, package in NEEDED.items() if not shutil.which(program, path=path)}
    )
    packages += [] if JOURNALD.exists() else ["systemd"]
    return f"missing: apt-get install {' '.join(packages)}" if packages else ""


def wait_for(what: Callable[[], object], seconds: float = 20.0, every: float = 0.05) -> Any:
    """The first true value that `what` gives. Raises AssertionError when none comes in time."""
    end = time.monotonic() + seconds
    while not (value := what()):
        assert time.monotonic() < end, f"waited {seconds} s in vain for {what}"
        time.sleep(every)
    return value


@dataclass
class TestHost:
    """A running (or stopped) host."""

    __test__ = False  # no test class for pytest
    name: str
    kind: Kind
    address: str
    port: int
    root: Path
    public_key: str
    _namespaces: subprocess.Popen[bytes] | None = None
    _sshd: subprocess.Popen[bytes] | None = None
    _daemons: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def init(self) -> int:
        """The machine's pid of the host's first process."""
        assert self._namespaces
        pid = self._namespaces.pid
        return int(wait_for(lambda: Path(f"/proc/{pid}/task/{pid}/children").read_text().split())[0])

    def boot(self) -> None:
        hidepid = ",hidepid=invisible" if self.kind.hidepid else ""
        self._namespaces = subprocess.Popen(
            ["unshare", "--uts", "--pid", "--mount", "--ipc", "--fork", "--kill-child", str(BOOT), str(self.root),
             self.name, self.kind.userland, self.kind.sh, hidepid],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        assert self._namespaces.stdout
        assert self._namespaces.stdout.readline() == b"ready\n"
        self._namespaces.stdout.close()
        if self.kind.journal != "none":
            self._start_journald()
        if self.kind.at_start != "refuse":
            self.start()
        if self.kind.at_start == "freeze":
            self.freeze()

    def start(self) -> None:
        """Start sshd and wait until it listens."""
        with (self.root / "var/log/sshd.log").open("ab") as log:
            self._sshd = self._enter("/usr/sbin/sshd", "-D", "-e", "-f", "/etc/ssh/sshd_config", stderr=log)
        wait_for(self._listens)

    def stop(self) -> None:
        """Kill sshd and its sessions."""
        self._signal(signal.SIGKILL, lambda words: words.startswith(("sshd:", "/usr/sbin/sshd")))
        if self._sshd:
            self._sshd.wait(10)
            self._sshd = None

    def kick(self) -> None:
        """Kill the sessions, not the listener."""
        self._signal(signal.SIGKILL, lambda words: words.startswith(f"sshd: {USER}"))

    def freeze(self) -> None:
        """Stop every process of the host, as a machine that hangs: the kernel still accepts connections."""
        self._signal(signal.SIGSTOP, lambda words: True)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT, lambda words: True)
        for process in (*self._daemons, self._sshd):
            if process:
                process.send_signal(signal.SIGCONT)  # nsenter stops and goes on with what it entered

    def rekey(self) -> None:
        """Another host key, as after a new installation; known_hosts stays as it was."""
        self.stop()
        make_key(self.root / "etc/ssh/host_key")
        self.start()

    def reboot(self) -> None:
        """All processes are new, and so is the boot id. Uptime stays the machine's."""
        self.shut_down()
        put(self.root, "/etc/boot_id", f"{uuid.uuid4()}\n")
        self.boot()

    def shut_down(self) -> None:
        if self._namespaces:
            assert self._namespaces.stdin
            self.thaw()
            self._namespaces.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._namespaces.wait(5)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._namespaces.pid, signal.SIGKILL)
            self._namespaces.wait(10)
            for process in (*self._daemons, self._sshd):
                if process:
                    process.wait(10)
            self._namespaces = self._sshd = None
            self._daemons = []

    def exec(self, command: str) -> str:
        """Run a command as the host's root, past SSH; its standard output."""
        done = subprocess.run(
            [*self._nsenter(), "/bin/sh", "-c", command],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        assert done.returncode == 0, f"{self.name}: {command}: {done.stderr}"
        return done.stdout

    def ssh(self, command: str, config: Path) -> subprocess.CompletedProcess[bytes]:
        """The real OpenSSH client."""
        return subprocess.run(
            ["ssh", "-n", "-F", str(config), self.name, command], capture_output=True, timeout=20, check=False
        )

    @property
    def boot_id(self) -> str:
        return (self.root / "etc/boot_id").read_text().strip()

    def log(self, message: str | bytes, **fields: str | bytes) -> None:
        """Put an entry into the host's journal (systemd's native protocol: a field with a newline brings its length)."""
        data = b""
        for name, value in {
            "MESSAGE": message,
            "PRIORITY": "6",
            "SYSLOG_IDENTIFIER": "test",
            **fields,
        }.items():
            raw = value.encode() if isinstance(value, str) else value
            data += name.encode() + (
                b"\n" + len(raw).to_bytes(8, "little") + raw + b"\n"
                if b"\n" in raw or b"\0" in raw
                else b"=" + raw + b"\n"
            )
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.connect(f"/proc/{self.init}/root/run/systemd/journal/socket")
            sock.sendall(data)

    def journal(self, *arguments: str) -> str:
        """What the host's own journalctl says, once everything logged has arrived."""
        self.exec("journalctl --sync")
        return self.exec(" ".join(["journalctl", "--no-pager", *arguments]))

    def _start_journald(self) -> None:
        # The mark that /var is writable: without it journald keeps to /run (systemd-journald.service(8), Storage=).
        self.exec("mkdir -p /run/systemd/journal && touch /run/systemd/journal/flushed")
        self._daemons.append(self._enter(str(JOURNALD)))
        wait_for(Path(f"/proc/{self.init}/root/run/systemd/journal/socket").exists)

    def _nsenter(self) -> list[str]:
        return ["nsenter", "-t", str(self.init), "--uts", "--pid", "--mount", "--ipc"]

    def _enter(self, *command: str, **options: Any) -> subprocess.Popen[bytes]:
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.Popen([*self._nsenter(), *command], **{**quiet, **options})

    def _listens(self) -> bool:
        assert self._sshd
        assert self._sshd.poll() is None, (self.root / "var/log/sshd.log").read_text()
        with socket.socket() as sock:
            return sock.connect_ex((self.address, self.port)) == 0

    def _signal(self, number: int, wanted: Callable[[str], bool]) -> None:
        """Signal the host's processes whose command line is wanted."""
        mine = os.readlink(f"/proc/{self.init}/ns/pid")
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if os.readlink(folder / "ns/pid") == mine and int(folder.name) != self.init:
                    words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                    if wanted(words):
                        os.kill(int(folder.name), number)


def make_key(path: Path) -> str:
    """A fresh ed25519 key pair at `path`; the public half."""
    for old in (path, path.with_suffix(".pub")):
        old.unlink(missing_ok=True)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", str(path)], check=True)
    return path.with_suffix(".pub").read_text()


class Fleet:
    """Hosts made on demand, with an ssh_config and a known_hosts that fit. Use as a context manager."""

    def __init__(self, network: int) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="livedata-fleet-"))
        self.folder.chmod(0o755)
        self.hosts: dict[str, TestHost] = {}
        self.config = self.folder / "ssh_config"
        self.known_hosts = self.folder / "known_hosts"
        self.key = self.folder / "id_ed25519"
        self._public = make_key(self.key)
        self._network = network

    def make(self, name: str, kind: str = "dash", *, trusted: bool = True, **changes: Any) -> TestHost:
        """Start a host of a kind, some of its fields changed; `trusted`: its key stands in known_hosts."""
        address = f"127.77.{self._network}.{len(self.hosts) + 1}"
        with socket.socket() as sock:
            sock.bind((address, 0))
            port = sock.getsockname()[1]
        what = replace(KINDS[kind], **changes)
        root = self.folder / name
        root.mkdir()
        config = SSHD_CONFIG.format(first="\n".join(what.sshd), address=address, port=port)
        lay(root, name, what, public_key=self._public, sshd_config=config)
        if what.journal != "none":
            _lay_journal(root)
        key = make_key(root / "etc/ssh/host_key")
        host = TestHost(name, what, address, port, root, key)
        self.hosts[name] = host
        host.boot()
        if trusted:
            with self.known_hosts.open("a") as file:
                file.write(f"[{address}]:{port} {key}")
        with self.config.open("a") as file:
            file.write(
                f"Host {name}\n  HostName {address}\n  Port {port}\n  User {USER}\n  IdentityFile {self.key}\n"
                f"  IdentitiesOnly yes\n  UserKnownHostsFile {self.known_hosts}\n  GlobalKnownHostsFile /dev/null\n\n"
            )
        return host

    def close(self) -> None:
        for host in self.hosts.values():
            host.shut_down()
        shutil.rmtree(self.folder)

    def __enter__(self) -> Fleet:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _lay_journal(root: Path) -> None:
    """A persistent journal whose files the group systemd-journal may read, as Debian's tmpfiles.d lays it."""
    put(
        root,
        "/etc/systemd/journald.conf",
        "[Journal]\nStorage=persistent\nReadKMsg=no\nAudit=no\nRateLimitBurst=0\n",
    )
    folder = root / "var/log/journal" / (root / "etc/machine-id").read_text().strip()
    folder.mkdir(parents=True)
    for made in (folder.parent, folder):
        os.chown(made, 0, JOURNAL_GID)
        made.chmod(0o2755)


@contextlib.contextmanager
def fleet_of(network: int) -> Iterator[Fleet]:
    missing = what_is_missing()
    assert not missing, missing
    with Fleet(network) as fleet:
        yield fleet

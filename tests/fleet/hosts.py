"""Real hosts for the tests, made on demand, with an ssh_config and a known_hosts that fit.

    with fleet_of(0) as fleet:
        host = fleet.make("web-01", "busybox")
        assert host.ssh("hostname", fleet.config).stdout == b"web-01\n"

`kinds.py` has the sorts of hosts, `host.py` one that runs, `plain.py` what is left of it where no namespaces are allowed.
Root is needed, and what `NEEDED` names. Nothing on the machine changes.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from tests.fleet import journal
from tests.fleet.host import Process, TestHost, spaces, wait_for
from tests.fleet.kinds import KINDS
from tests.fleet.plain import PlainHost
from tests.fleet.roots import HOME, USER, lay, make_key

__all__ = ["Fleet", "Process", "TestHost", "fleet_of", "make_key", "wait_for", "what_is_missing"]

NEEDED = {
    "sshd": "openssh-server",
    "ssh": "openssh-client",
    "busybox": "busybox-static",
    "bash": "bash",
    "mksh": "mksh",
    "unshare": "util-linux",
    "logrotate": "logrotate",
    "/usr/share/i18n/locales/de_DE": "locales",
    str(journal.DAEMON): "systemd",
}
"""Programs and files, each with the Debian package that brings it."""
SSHD_CONFIG = """\
{first}
ListenAddress {address}:{port}
HostKey {root}/etc/ssh/host_key
AuthorizedKeysFile {root}{home}/.ssh/authorized_keys
PidFile none
UsePAM no
UseDNS no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PrintMotd no
MaxStartups 100
{last}
"""


def what_is_missing() -> str:
    """Why no host can be started here, with the command that mends it; nothing where all is well."""
    if os.geteuid() != 0:
        return "the fleet tests start hosts in namespaces of their own: run them as root"
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    packages = {
        p for need, p in NEEDED.items() if not shutil.which(need, path=path) and not Path(need).is_file()
    }
    return f"missing: apt-get install {' '.join(sorted(packages))}" if packages else ""


@functools.cache
def no_penalties() -> str:
    """From 9.8 on, sshd would punish an address for failed logins, which tests make on purpose."""
    version = subprocess.run(["ssh", "-V"], capture_output=True, text=True, check=True).stderr
    found = re.match(r"OpenSSH_(\d+)\.(\d+)", version)
    return "PerSourcePenalties no" if found and (int(found[1]), int(found[2])) >= (9, 8) else ""


class Fleet:
    """Hosts by name, and the files that an ssh client needs to reach them. Use as a context manager.

    `network`, 0 to 255, is the third byte of the hosts' addresses, 127.77.network.n. `plain`: make hosts without
    namespaces; None finds out whether it must be so.
    """

    def __init__(self, network: int, *, plain: bool | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="livedata-fleet-"))
        self.folder.chmod(0o755)
        self.hosts: dict[str, TestHost] = {}
        self.config = self.folder / "ssh_config"
        self.known_hosts = self.folder / "known_hosts"
        self.key = self.folder / "id_ed25519"
        self.plain = not spaces() if plain is None else plain
        self._public = make_key(self.key)
        self._network = network

    def make(self, name: str, kind: str = "dash", *, trusted: bool = True, **changes: Any) -> TestHost:
        """Start a host of a kind, some of its fields changed; `trusted`: its key stands in known_hosts."""
        address = f"127.77.{self._network}.{len(self.hosts) + 1}"
        port = free_port(address)
        what = replace(KINDS[kind], **changes)
        root = self.folder / name
        root.mkdir()
        seen = root if self.plain else ""
        config = SSHD_CONFIG.format(
            first="\n".join(what.sshd).format(root=seen),
            address=address,
            port=port,
            root=seen,
            home=HOME,
            last=no_penalties(),
        )
        lay(root, name, what, public_key=self._public, sshd_config=config)
        if what.journal != "none":
            journal.lay(root)
        host = (PlainHost if self.plain else TestHost)(name, what, address, port, root)
        self.hosts[name] = host
        host.boot()
        if trusted:
            self.trust(host)
        with self.config.open("a") as file:
            file.write(
                f"Host {name}\n  HostName {address}\n  Port {port}\n  User {'root' if self.plain else USER}\n"
                f"  IdentityFile {self.key}\n  IdentitiesOnly yes\n  UserKnownHostsFile {self.known_hosts}\n"
                "  GlobalKnownHostsFile /dev/null\n\n"
            )
        return host

    def trust(self, host: TestHost) -> None:
        """Write a host's present key into known_hosts, beside any other."""
        with self.known_hosts.open("a") as file:
            file.write(f"[{host.address}]:{host.port} {host.public_key}")

    def close(self) -> None:
        """End all hosts and take their files away."""
        for host in self.hosts.values():
            host.shut_down()
        shutil.rmtree(self.folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def free_port(address: str) -> int:
    """A port that nobody listens on; nobody else uses the address, so it stays free."""
    with socket.socket() as sock:
        sock.bind((address, 0))
        return int(sock.getsockname()[1])


@contextlib.contextmanager
def fleet_of(network: int) -> Iterator[Fleet]:
    """A fleet, gone with the block. Raises AssertionError with the command that mends it where something is missing."""
    missing = what_is_missing()
    assert not missing, missing
    with Fleet(network) as fleet:
        yield fleet

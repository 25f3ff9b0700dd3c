"""A bare Debian or Ubuntu in a folder, fresh from debootstrap(8), whose commands run as on a machine of its own.

Its mounts, processes and host name are its own; the kernel and the network are this machine's. Where packages come from
is read from this machine's own configuration when it is made. It ends with the pipe to its first process, as the hosts
of tests/fleet do.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import IO, Self

from tests.fleet.hosts import wait_for

ROOT = Path(__file__).parents[2]
USER = "ada"
CHECKOUT = f"/home/{USER}/livedata"
NAME = "fresh"
PACKAGES = "git,python3,python3-venv,ca-certificates"
SPACES = ("--mount", "--pid", "--uts", "--ipc")
BOOT = """\
set -eu
hostname "$1" || echo "$1" >/proc/sys/kernel/hostname
mount --bind "$0" "$0"
cd "$0"
mount -t proc proc proc
mount --rbind /sys sys
mount --rbind /dev dev
pivot_root . mnt
cd /
umount -l /mnt
echo ready
cat
"""
"""Enters the root for good: from a mere chroot(2) no host of the tests could start, since pivot_root(2) refuses there."""
ACQUIRE = re.compile(r"Acquire::(https?|Check|Retries)\b")
REGISTRIES = re.compile(r"PIP_.+|SSL_CERT_.+|.+_(CERTS?|BUNDLE|CAINFO)|(https?|all|no)_proxy", re.I)
"""Variables that tell pip, git and apt the way out; nothing else of this environment reaches the machine."""


class Machine:
    """A copy of a laid root, running. Use as a context manager; the copy is gone with it."""

    def __init__(self, laid: Path, root: Path) -> None:
        subprocess.run(["cp", "-a", str(laid), str(root)], check=True)
        self.root = root
        self.environ = {k: v for k, v in os.environ.items() if REGISTRIES.fullmatch(k)} | {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        }

    def __enter__(self) -> Self:
        self._spaces = subprocess.Popen(
            ["unshare", *SPACES, "--fork", "--kill-child", "/bin/sh", "-c", BOOT, str(self.root), NAME],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._spaces.stdout
        assert self._spaces.stdout.readline() == "ready\n"
        return self

    def __exit__(self, *error: object) -> None:
        self._spaces.kill()
        self._spaces.communicate()
        remove(self.root)

    def start(self, *arguments: str, says: IO[bytes] | int, user: str = USER) -> subprocess.Popen[bytes]:
        """Start a command in the checkout; both its streams go to `says`."""
        (first,) = children(self._spaces.pid)
        become = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"]
        enter = ["nsenter", "--target", str(first), *SPACES]
        shell = ["/bin/sh", "-c", f'cd {CHECKOUT} && exec "$@"', "sh"]
        home = f"/home/{user}" if user != "root" else "/root"
        return subprocess.Popen(
            [*enter, *become, *shell, *arguments], env={**self.environ, "HOME": home},
            stdin=subprocess.DEVNULL, stdout=says, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def run(self, *arguments: str, user: str = USER, code: int = 0) -> str:
        """What a command of the checkout printed on both streams. Raises AssertionError at another exit code."""
        process = self.start(*arguments, says=subprocess.PIPE, user=user)
        said = process.communicate()[0].decode()
        assert process.returncode == code, f"{arguments} exits {process.returncode}:\n{said}"
        return said

    def has(self, program: str) -> bool:
        return bool(self.run("/bin/sh", "-c", f"command -v {program} || :", user="root"))


def children(pid: int) -> list[int]:
    """The child processes of a process, as soon as there are any (proc(5))."""
    return [int(child) for child in wait_for(Path(f"/proc/{pid}/task/{pid}/children").read_text).split()]


def lay(root: Path) -> None:
    """Lay the smallest system of this machine's own suite, with PACKAGES, a user, and that user's clone of what is
    committed here. Raises AssertionError with the command that mends it where something is missing."""
    assert os.geteuid() == 0, "a bare machine can be laid by root only: run the tests as root"
    assert shutil.which("debootstrap"), "missing: apt-get install debootstrap"
    suite, mirror, components = archive()
    options = ["--variant=minbase", f"--include={PACKAGES}", f"--components={components}"]
    done = subprocess.run(
        ["debootstrap", *options, suite, str(root), mirror], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    root.chmod(0o755)
    lend_registries(root)
    subprocess.run(["chroot", str(root), "/usr/sbin/useradd", "--create-home", USER], check=True)
    subprocess.run(["git", "clone", "-q", str(ROOT), str(root) + CHECKOUT], check=True)
    subprocess.run(["chroot", str(root), "/bin/chown", "-R", f"{USER}:{USER}", f"/home/{USER}"], check=True)


def remove(root: Path) -> None:
    """Take a root away, and nothing that might be mounted in it."""
    subprocess.run(["rm", "-rf", "--one-file-system", str(root)], check=True)


def archive() -> tuple[str, str, str]:
    """The suite that this machine runs, where apt gets it, and its components with commas between."""
    suite = platform.freedesktop_os_release()["VERSION_CODENAME"]
    form = ["--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages"]
    targets = [line.split() for line in lines("apt-get", "indextargets", *form)]
    found = [(uri, component) for uri, release, component in targets if release == suite]
    assert found, f"apt knows nowhere to get {suite} from: apt-get update"
    return suite, found[0][0], ",".join(dict.fromkeys(c for uri, c in found if uri == found[0][0]))


def lend_registries(root: Path) -> None:
    """Let apt and pip there reach what they reach here, by the same names, proxies and certificates."""
    acquire = [line for line in lines("apt-config", "dump") if ACQUIRE.match(line)]
    (root / "etc/apt/apt.conf.d/99registries").write_text("\n".join([*acquire, ""]))
    pip = (sys.executable, "-m", "pip", "config")
    read = re.findall(r"^  (/\S+), exists: True", "\n".join(lines(*pip, "debug")), re.M)
    named = re.findall(r"/[^\s'\"]+", "\n".join(lines(*pip, "list")))
    told = [value for name, value in os.environ.items() if REGISTRIES.fullmatch(name)]
    for path in {Path("/etc/resolv.conf"), *map(Path, (*read, *named, *told))}:
        if path.is_file():
            target = root / str(path)[1:]
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)


def lines(*command: str) -> list[str]:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()

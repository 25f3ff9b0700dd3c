"""On a bare Debian with nothing but git and Python, two commands do all: `./dev up` collects, `./dev test` tests."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fleet.hosts import wait_for

ROOT = Path(__file__).parents[2]
CHECKOUT = "/srv/livedata"
ENTER = """\
set -eu
mount --bind "$0" "$0"
cd "$0"
mount -t proc proc proc
mount --rbind /sys sys
mount --rbind /dev dev
pivot_root . mnt
cd "$1"
umount -l /mnt
shift
exec "$@"
"""
"""Enters a root folder for good: a mere chroot could start no hosts of its own, since pivot_root(2) refuses there."""
ACQUIRE = re.compile(r"Acquire::(https?|Check|Retries)")
PRIVATE = ("PYTHON", "VIRTUAL_ENV", "LIVEDATA_", "XDG_", "PYTEST", "PYENV")

pytestmark = pytest.mark.slow


class Machine:
    """A bare root folder, entered with mounts and processes of its own, and with this machine's network."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.environ = {
            **{k: v for k, v in os.environ.items() if not k.startswith(PRIVATE)},
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8", "CI": "true",
        }  # fmt: skip

    def command(self, *arguments: str, folder: str = CHECKOUT) -> list[str]:
        spaces = ["--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child"]
        return ["unshare", *spaces, "/bin/sh", "-c", ENTER, str(self.root), folder, *arguments]

    def run(self, *arguments: str, folder: str = CHECKOUT, code: int = 0) -> str:
        """What a command printed on both streams."""
        done = subprocess.run(
            self.command(*arguments, folder=folder), env=self.environ, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, f"{arguments} exits {done.returncode}:\n{done.stdout}"
        return done.stdout

    def has(self, path: str) -> None:
        """Copy a file of this machine to the same place there."""
        target = self.root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)


def lines(*command: str) -> list[str]:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def lend_registries(machine: Machine) -> None:
    """Let apt and pip there reach what this machine's reach, by the same names, proxies and certificates."""
    acquire = [line for line in lines("apt-config", "dump") if ACQUIRE.match(line)]
    (machine.root / "etc/apt/apt.conf.d/99registries").write_text("\n".join([*acquire, ""]))
    wanted = {
        Path("/etc/resolv.conf"),
        *map(Path, re.findall(r"^  (/\S+), exists: True", "\n".join(lines("pip", "config", "debug")), re.M)),
    }
    for line in lines("pip", "config", "list"):
        wanted |= {Path(word) for word in re.findall(r"/[^\s'\"]+", line)}
    wanted |= {
        Path(value)
        for name, value in os.environ.items()
        if name.endswith(("_CERT", "_CERTS", "_BUNDLE", "_FILE", "CAINFO"))
    }
    for path in wanted:
        if path.is_file():
            machine.has(str(path))


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Debian's smallest, of this machine's suite, with a fresh clone of what is committed here."""
    assert os.geteuid() == 0, "a bare Debian can be laid by root only: run the tests as root"
    assert shutil.which("debootstrap"), "missing: apt-get install debootstrap"
    root = tmp_path_factory.mktemp("machine")
    root.chmod(0o755)
    suites = [
        line.split()
        for line in lines(
            "apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages"
        )
    ]
    codename = next(
        line
        for line in Path("/etc/os-release").read_text().splitlines()
        if line.startswith("VERSION_CODENAME=")
    )
    mirror = next(uri for uri, release in suites if release == codename.partition("=")[2])
    subprocess.run(
        ["debootstrap", "--variant=minbase", "--include=git,python3,python3-venv,ca-certificates",
         codename.partition("=")[2], str(root), mirror], check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    made = Machine(root)
    lend_registries(made)
    subprocess.run(["git", "clone", "-q", str(ROOT), str(root) + CHECKOUT], check=True)
    yield made
    shutil.rmtree(root)


def test_one_command_collects(machine: Machine) -> None:
    assert "livedata up" in machine.run("./dev", "help")
    up = subprocess.Popen(
        machine.command("./dev", "up"),
        env=machine.environ,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert up.stderr
        assert up.stderr.readline().startswith("dev: setting up ")
        assert "atch" in up.stderr.readline()
        asked = (
            "./dev",
            "run",
            "fleet",
            "query",
            "SELECT count(*) > 0 AS there FROM memory",
            "--format",
            "csv",
        )
        wait_for(lambda: "true" in machine.run("/bin/sh", "-c", '"$@" || :', "sh", *asked), 90, 1)
    finally:
        up.send_signal(signal.SIGKILL)
        up.communicate()
    rows = machine.run(
        "./dev",
        "run",
        "fleet",
        "query",
        "SELECT DISTINCT outcome FROM scrape WHERE probe = 'cpu'",
        "--format",
        "csv",
    )
    assert rows.split() == ["outcome", "ok"]


def test_the_other_command_tests(machine: Machine) -> None:
    said = machine.run(
        "./dev", "test", "tests/fleet/test_hosts_kinds.py", "tests/dev/test_wheel.py", "tests/unit"
    )
    assert re.search(r"^\d+ passed in ", said.splitlines()[-1].strip("= ")), said
    assert "installing" in said
    assert "openssh-server" in said
    # What was installed for the tests serves them alone.
    assert not (machine.root / "usr/sbin/policy-rc.d").exists()
    assert "sshd" not in machine.run("ps", "-e")
    assert machine.run("git", "status", "--short") == ""


def test_pip_and_pipx_need_no_checkout(machine: Machine) -> None:
    machine.run("python3", "-m", "venv", "/opt/plain", folder="/")
    machine.run("/opt/plain/bin/pip", "install", "-qq", CHECKOUT, folder="/")
    assert machine.run("/opt/plain/bin/livedata", "--version", folder="/tmp").startswith("livedata ")

"""On a bare Debian with nothing but git and Python, two commands do all: `./dev up` collects, `./dev test` tests."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dev.machine import NAME, USER, Machine, children, lay, remove
from tests.fleet.hosts import wait_for

pytestmark = pytest.mark.slow

SPINE = ("tests/unit/transport", "tests/fleet/test_spine.py", "tests/fleet/test_hosts_kinds.py")


@pytest.fixture(scope="module")
def laid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = tmp_path_factory.mktemp("bare") / "root"
    lay(root)
    yield root
    remove(root)


@pytest.fixture
def machine(laid: Path) -> Iterator[Machine]:
    with Machine(laid, laid.with_name("machine")) as running:
        yield running


def ticks(machine: Machine) -> int:
    """How often the processor's table was asked, by what the store says."""
    asked = machine.run("./dev", "run", "fleet", "query", "SELECT count(*) AS n FROM cpu", "--format", "csv")
    return int(asked.split()[1])


def test_one_command_collects_and_says_what_to_try_next(machine: Machine, tmp_path: Path) -> None:
    for absent in ("make", "ssh", "sshd", "gcc", "curl", "sudo", "pip"):
        assert not machine.has(absent)
    heard = tmp_path / "heard"
    with heard.open("wb") as stream:
        up = machine.start("./dev", "up", says=stream)
    try:
        wait_for(lambda: f"{NAME}: answers" in heard.read_text(), 180, 0.5)
        said = heard.read_text()
        assert said.startswith("dev: setting up ")
        assert f"Watching this machine ({NAME}), without SSH. Nothing is installed on " in said
        assert "Kept in ~/.local/share/livedata, which only you can read.\n" in said
        assert "Ctrl-C stops; what was collected stays.\n" in said
        offers = re.findall(r"^  (\S*livedata .+)$", said.partition("Ask from another terminal:")[2], re.M)
        assert len(offers) == 3
        for offer in offers:
            machine.run("/bin/sh", "-c", offer)
        wait_for(lambda: ticks(machine) >= 2, 60, 1)
    finally:
        for collector in children(up.pid):
            os.kill(collector, signal.SIGKILL)
        up.wait()
    kept = ticks(machine)
    assert kept >= 2
    wait_for(lambda: not machine.run("./dev", "run", "fleet", "snapshot") and ticks(machine) > kept, 60, 1)


def test_the_other_command_installs_what_it_needs_and_tests(machine: Machine) -> None:
    said = machine.run("./dev", "test", *SPINE, user="root")
    assert re.search(r"^=* ?\d+ passed in ", said.splitlines()[-1]), said
    assert re.match(r"dev: installing( \S+)* openssh-server ", said), said
    # What was installed for the tests serves them alone, and is there the next time.
    assert not machine.has("/usr/sbin/policy-rc.d")
    assert "sshd" not in machine.run("ps", "-e")
    assert machine.run("git", "status", "--short") == ""
    assert machine.run("./dev", "run", "--version", user="root").startswith("livedata ")
    again = machine.run("./dev", "test", "tests/dev/test_dev_script.py", user="root")
    assert "dev:" not in again


def test_what_is_missing_is_one_sentence(machine: Machine) -> None:
    said = machine.run("./dev", "test", code=1)
    assert re.fullmatch(
        r"dev: these packages are missing:( [a-z0-9-]+)+\. As root: apt-get install( [a-z0-9-]+)+\n", said
    )
    assert " openssh-server " in said
    machine.run("apt-get", "-qq", "purge", "^python3[.0-9]*-venv$", user="root")
    version = re.sub(r"^Python (\d+\.\d+).*\n", r"\1", machine.run("python3", "--version"))
    package = f"python{version}-venv"
    assert machine.run("./dev", "up", code=1) == (
        f"dev: these packages are missing: {package}. As root: apt-get install {package}\n"
    )
    said = machine.run("./dev", "run", "--version", user="root")
    assert said.startswith(f"dev: installing {package}\n")
    assert re.search(r"^livedata \d", said, re.M)


def test_python_itself_is_installed(machine: Machine) -> None:
    machine.run(
        "apt-get", "-qq", "--allow-remove-essential", "purge", "^python3.*", "^libpython3.*", user="root"
    )
    assert not machine.has("python3")
    assert machine.run("./dev", "up", code=1) == (
        "dev: these packages are missing: python3. As root: apt-get install python3\n"
    )
    machine.run("./dev", "run", "--version", user="root")
    assert machine.run("./dev", "run", "--version").startswith("livedata ")
    assert USER in machine.run("id")

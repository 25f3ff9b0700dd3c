"""`./dev` does its set-up once, says in one sentence what it can't, and names each package that the tests need."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.fleet.hosts import NEEDED

ROOT = Path(__file__).parents[2]
TOOLS = ("cat", "chmod", "cksum", "dirname", "id", "ls", "mkdir", "cp", "rm", "sed")
NEW_ENOUGH = """\
case "$*" in
  *"import pip"*) echo yes ;;
  *"import sys; print"*) echo python3.11-venv ;;
  "-m venv --clear "*)
    mkdir -p "$4/bin" && cp "$0" "$4/bin/python" && cp "$0" "$4/bin/livedata" && echo >"$4/pyvenv.cfg" ;;
  "run where") pwd ;;
esac
"""


class Checkout:
    """A checkout with `./dev`, on a machine that has the programs that a test gives it, and no others."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "bin"
        self.calls = folder / "calls"
        self.path.mkdir()
        shutil.copy(ROOT / "dev", folder / "dev")
        (folder / "pyproject.toml").write_text("[project]\n")
        for tool in TOOLS:
            (self.path / tool).symlink_to(shutil.which(tool) or tool)
        self.program("id", "echo 1000")

    def program(self, name: str, body: str) -> None:
        """A program that notes how it was called, then runs `body`."""
        path = self.path / name
        path.unlink(missing_ok=True)
        path.write_text(f'#!/bin/sh\necho "{name} $*" >>{self.calls}\n{body}\n')
        path.chmod(0o755)

    def dev(self, *arguments: str, cwd: str = "/", **environ: str) -> subprocess.CompletedProcess[str]:
        self.calls.write_text("")
        return subprocess.run(
            ["/bin/sh", str(self.folder / "dev"), *arguments], cwd=cwd, stdin=subprocess.DEVNULL,
            env={"PATH": str(self.path), "HOME": "/nowhere", **environ}, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def called(self, pattern: str) -> list[str]:
        return [line for line in self.calls.read_text().splitlines() if re.search(pattern, line)]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_every_command_is_in_the_help(checkout: Checkout) -> None:
    commands = set(
        re.findall(r"^  ([a-z |]+)\)", (ROOT / "dev").read_text().partition("\ncase $command")[2], re.M)
    )
    told = checkout.dev("help")
    assert told.returncode == 0
    words = {word for command in commands for word in command.split(" | ")}
    assert {"up", "run", "test", "check"} <= words
    for word in words - {"help"}:
        assert f"./dev {word} " in told.stdout
    assert "set -eu" not in told.stdout
    unknown = checkout.dev("tset")
    assert unknown.returncode == 1
    assert unknown.stderr == "dev: there is no command 'tset'; ./dev help lists them\n"


def test_an_old_python_is_said(checkout: Checkout) -> None:
    checkout.program(
        "python3", 'case "$*" in *version_info*) exit 1 ;; *--version*) echo Python 3.9.2 ;; esac'
    )
    done = checkout.dev("up")
    assert done.returncode == 1
    assert done.stderr.startswith("dev: Python 3.11 or newer is needed, and Python 3.9.2 is here; ")
    assert done.stderr.count("\n") == 1


def test_a_python_that_was_named_and_is_none_is_said(checkout: Checkout) -> None:
    checkout.program("python3", NEW_ENOUGH)
    for named in ("/bin/false", "python3.99"):
        done = checkout.dev("up", PYTHON=named)
        assert done.returncode == 1
        assert done.stderr == f"dev: PYTHON={named} is no Python 3.11 or newer, which is needed\n"
    assert not (checkout.folder / ".venv").exists()


def test_no_python_at_all_is_said_or_installed(checkout: Checkout) -> None:
    done = checkout.dev("up")
    assert done.returncode == 1
    assert done.stderr == "dev: these packages are missing: python3. As root: apt-get install python3\n"
    checkout.program("id", "echo 0")
    checkout.program("apt-get", "exit 100")
    done = checkout.dev("up")
    assert done.returncode == 1
    assert "apt-get could not install python3" in done.stderr
    assert checkout.called("apt-get") == ["apt-get update -qq"]


def test_what_the_tests_need_is_named_where_this_is_not_root(checkout: Checkout) -> None:
    checkout.program("sshd", "")
    done = checkout.dev("test")
    assert done.returncode == 1
    assert "As root: apt-get install" in done.stderr
    assert " mksh" in done.stderr
    assert "openssh-server" not in done.stderr
    assert not checkout.called("apt-get|python")


def test_the_environment_is_made_once_and_brought_up_to_date(checkout: Checkout) -> None:
    checkout.program("python3", NEW_ENOUGH)
    first = checkout.dev("up", "--store", "here")
    assert first.returncode == 0, first.stderr
    assert first.stderr == f"dev: setting up {checkout.folder}/.venv (once; a minute or so)\n"
    assert len(checkout.called("-m venv --clear")) == 1
    assert len(checkout.called("pip install")) == 1
    assert checkout.called("up --store here")
    again = checkout.dev("up")
    assert again.stderr == ""
    assert not checkout.called("pip install|venv")
    (checkout.folder / "pyproject.toml").write_text("[project]\nname = 'other'\n")
    checkout.dev("up")
    assert len(checkout.called("pip install")) == 1
    assert not checkout.called("-m venv --clear")


def test_a_program_runs_where_it_was_called(checkout: Checkout, tmp_path: Path) -> None:
    checkout.program("python3", NEW_ENOUGH)
    elsewhere = tmp_path / "else where"
    elsewhere.mkdir()
    assert checkout.dev("run", "run", "where", cwd=str(elsewhere)).stdout == f"{elsewhere}\n"
    there = checkout.dev("run", "run", "where", cwd=str(elsewhere), LIVEDATA_VENV="its own")
    assert there.stdout == f"{elsewhere}\n"
    assert (elsewhere / "its own/livedata-stamp").exists()


def test_a_folder_that_is_no_environment_is_left_alone(checkout: Checkout, tmp_path: Path) -> None:
    checkout.program("python3", NEW_ENOUGH)
    letter = tmp_path / "home/letter"
    letter.parent.mkdir()
    letter.write_text("dear")
    done = checkout.dev("up", LIVEDATA_VENV=str(letter.parent))
    assert done.returncode == 1
    assert done.stderr.startswith(f"dev: {letter.parent} is in the way: it is no Python environment; ")
    assert done.stderr.count("\n") == 1
    assert letter.read_text() == "dear"
    assert not checkout.called("python")


def test_half_an_environment_is_made_anew(checkout: Checkout) -> None:
    checkout.program("python3", NEW_ENOUGH)
    checkout.dev("up")
    python = checkout.folder / ".venv/bin/python"
    python.write_text(
        "#!/bin/sh\nexit 1\n"
    )  # as after an upgrade of the system's Python, or Ctrl-C amid ensurepip
    done = checkout.dev("up")
    assert done.returncode == 0, done.stderr
    assert len(checkout.called("-m venv --clear")) == 1


def test_an_environment_that_moved_is_made_anew(checkout: Checkout, tmp_path: Path) -> None:
    checkout.program("python3", NEW_ENOUGH)
    checkout.dev("up")
    moved = tmp_path / "moved"
    moved.mkdir()
    for name in ("dev", "pyproject.toml", ".venv"):
        (checkout.folder / name).rename(moved / name)
    checkout.folder = moved
    assert checkout.dev("up").returncode == 0
    assert len(checkout.called("-m venv --clear")) == 1
    checkout.dev("up")
    assert not checkout.called("-m venv --clear|pip install")


def test_a_failed_installation_is_tried_again(checkout: Checkout) -> None:
    checkout.program(
        "python3", NEW_ENOUGH + 'case "$*" in *"pip install"*) echo no network >&2; exit 1 ;; esac\n'
    )
    for _ in range(2):
        done = checkout.dev("up")
        assert done.returncode == 1
        assert "no network\ndev: pip could not install" in done.stderr
        assert checkout.called("pip install")


def test_every_package_of_the_fleet_is_installed() -> None:
    named = set(re.findall(r"\S+=([a-z-]+)", (ROOT / "dev").read_text().partition("\n  test)")[2]))
    assert set(NEEDED.values()) <= named

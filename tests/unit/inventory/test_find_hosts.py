"""The one call the commands make, and the two commands of the inventory itself."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from livedata.config import load_config
from livedata.errors import InventoryError, UsageError
from livedata.inventory import find_hosts

ROOT = Path(__file__).parents[3]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in (
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
        "LIVEDATA_INVENTORY",
        "LIVEDATA_CONFIG",
        "LIVEDATA_SSH_CONFIG",
    ):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".ssh").mkdir()
    return tmp_path


@pytest.fixture
def run(home: Path) -> Run:
    """Runs the command line in a process of its own."""

    def livedata(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", "from livedata.cli.main import main; main()", *arguments],
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    return livedata


def write(home: Path, text: str) -> Path:
    path = home / ".config" / "livedata" / "inventory.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_no_inventory_is_no_host(home):
    assert find_hosts(load_config()) == ()


@pytest.mark.parametrize("how", ["flag", "environment", "config.toml"])
def test_an_inventory_that_was_asked_for_must_be_there(home, monkeypatch, how):
    path = str(home / "mine.toml")
    if how == "environment":
        monkeypatch.setenv("LIVEDATA_INVENTORY", path)
    if how == "config.toml":
        (home / ".config" / "livedata").mkdir(parents=True)
        (home / ".config" / "livedata" / "config.toml").write_text(f"inventory = '{path}'")
    with pytest.raises(InventoryError, match="there is no such inventory"):
        find_hosts(load_config(inventory=path if how == "flag" else None))


def test_hosts_come_from_the_inventory_and_from_the_spot(home):
    write(home, 'hosts = ["web-01", "db-01"]')
    config = load_config()
    assert [h.name for h in find_hosts(config)] == ["web-01", "db-01"]
    assert [h.name for h in find_hosts(config, ["me@192.0.2.1", "db*"])] == ["db-01", "192.0.2.1"]
    with pytest.raises(UsageError, match="there is no host or group 'web'"):
        find_hosts(config, ["web"])


def test_each_warning_is_told_once(home):
    (home / ".ssh" / "config").write_text("Match exec x\nHost *\nStrictHostKeyChecking no\n")
    write(home, 'hosts = ["web-01", "db-01"]')
    told: list[str] = []
    find_hosts(load_config(), ["web-01", "db-01", "me@x"], told.append)
    assert [t.partition("config:")[2][:9] for t in told] == ["1: Match ", "3: Strict"]


def test_pydantic_is_loaded_only_for_an_inventory(home):
    ask = (
        "import sys; from livedata.config import load_config; from livedata.inventory import find_hosts\n"
        "find_hosts(load_config(), ['me@192.0.2.1']); print('pydantic' in sys.modules)"
    )
    said = [subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True).stdout]
    write(home, 'hosts = ["a"]')
    said.append(
        subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True).stdout
    )
    assert said == ["False\n", "True\n"]


def test_init_writes_an_inventory_once(home, run):
    first = run("fleet", "init")
    path = home / ".config" / "livedata" / "inventory.toml"
    assert (first.returncode, first.stdout) == (0, "")
    assert first.stderr == f"wrote {path}; put your hosts in, then: livedata fleet check\n"
    assert find_hosts(load_config()) == ()
    path.write_text("# mine")
    again = run("fleet", "init")
    assert (again.returncode, path.read_text()) == (2, "# mine")
    assert again.stderr == f"livedata: {path}: there is an inventory already\n  --force replaces it\n"
    assert run("fleet", "init", "--force").returncode == 0
    assert path.read_text() != "# mine"
    assert [p.name for p in path.parent.iterdir()] == ["inventory.toml"]


def test_init_can_show_every_key_and_write_nothing(home, run):
    said = run("fleet", "init", "--example")
    assert said.stdout == (ROOT / "inventory.example.toml").read_text()
    assert not (home / ".config").exists()


def test_the_lines_of_the_starter_are_an_inventory(home):
    from livedata.inventory.starter import STARTER

    commented = [line.removeprefix("# ") for line in STARTER.splitlines()]
    start = commented.index("[defaults]")
    write(home, "\n".join(commented[start:]))
    hosts = find_hosts(load_config())
    assert [h.name for h in hosts][:3] == ["web-01", "db-01", "web-02"]
    assert len(hosts) == 21


def test_init_takes_every_concrete_host_of_ssh_config(home, run):
    (home / ".ssh" / "config").write_text(
        "Host web-01 db.example.com\n User mon\nHost WEB-01 git\n HostName git.example.com\n User git\n"
        "Host gh\n HostName github.com\nHost *.internal\n User x\nHost bad/name 'esc\x1b[2J' broken\n Port none\nHost *\n ProxyJump none\n"
    )
    said = run("fleet", "init", "--from-ssh-config")
    assert said.returncode == 0, said.stderr
    assert said.stderr.startswith("wrote 2 hosts to ")
    text = (home / ".config" / "livedata" / "inventory.toml").read_text()
    assert text.splitlines()[3:] == [
        "[hosts.web-01]",
        '[hosts."db.example.com"]',
        "# WEB-01: left out, it differs from web-01 only in case",
        "# git: left out, a place for git, without a shell",
        "# gh: left out, a place for git, without a shell",
        "# bad/name: left out, it can't be a host's name",
        "# esc\\x1b[2J: left out, it can't be a host's name",
        "# broken: left out, 'none' is no port",
    ]
    assert [h.route.user for h in find_hosts(load_config())] == ["mon", "mon"]


def test_init_from_an_ssh_config_without_hosts_writes_nothing(home, run):
    said = run("fleet", "init", "--from-ssh-config")
    assert (said.returncode, "it names no host to watch" in said.stderr) == (2, True)
    assert not (home / ".config").exists()


INVENTORY = """
[hosts.web-01]
address = "192.0.2.1"
user = "mon"
jump = "ops@gate:2222"
groups = ["web"]
labels = { env = "prod", note = "äöü" }
[hosts.here]
transport = "local"
[groups.web]
"""


def test_hosts_is_a_table_for_people(home, run):
    write(home, INVENTORY)
    said = run("fleet", "hosts")
    assert (said.returncode, said.stderr) == (0, "")
    assert [line.split() for line in said.stdout.splitlines()[2:3]] == [
        ["web-01", "ssh", "mon", "192.0.2.1", "22", "ops@gate:2222", "web", "env=prod", "note=äöü"]
    ]
    assert "here    local" in said.stdout


def test_hosts_as_data_has_everything(home, run):
    write(home, INVENTORY)
    said = run("fleet", "hosts", "env=prod", "--format", "jsonl")
    (host,) = [json.loads(line) for line in said.stdout.splitlines()]
    assert host["host"] == "web-01"
    assert host["labels"] == {"env": "prod", "note": "äöü"}
    assert (host["jumps"], host["groups"], host["port"]) == (["ops@gate:2222"], ["web"], 22)
    assert run("fleet", "hosts", "-f", "csv").stdout.startswith("host,transport,user,address,port,")


def test_hosts_says_a_mistake_and_warns(home, run):
    path = write(home, "[hosts.a]\nprot = 1")
    said = run("fleet", "hosts")
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr == f"livedata: {path}:2: there is no key 'prot' in [hosts.a]\n  did you mean port?\n"
    write(home, "[hosts.a]")
    (home / ".ssh" / "config").write_text("StrictHostKeyChecking no")
    said = run("fleet", "hosts")
    assert said.returncode == 0
    assert said.stderr.startswith(f"livedata: {home}/.ssh/config:1: StrictHostKeyChecking no is not honoured")


def test_hosts_without_any_says_the_next_step(home, run):
    said = run("fleet", "hosts", "-f", "jsonl")
    assert (said.returncode, said.stdout) == (0, "")
    assert "livedata fleet init writes it" in said.stderr

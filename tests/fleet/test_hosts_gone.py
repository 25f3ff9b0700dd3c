"""Nothing of a fleet outlives it, however it ends; and what is missing for one is said with its remedy."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fleet import hosts
from tests.fleet.host import processes_of
from tests.fleet.hosts import Fleet, wait_for
from tests.fleet.plain import PlainHost

OWNER = """
import sys, time
from tests.fleet.hosts import Fleet
fleet = Fleet(200)
for kind in ("dash", "journal", "frozen", "hang_shell"):
    host = fleet.make(kind.replace("_", "-"), kind)
    print(host._namespaces.pid, host.init, flush=True)
print(fleet.folder, flush=True)
time.sleep(1000)
"""


def namespaces(fleet: Fleet) -> list[Path]:
    return [Path(f"/proc/{host.init}/ns/pid").readlink() for host in fleet.hosts.values()]


def test_a_closed_fleet_leaves_nothing() -> None:
    mounts = Path("/proc/self/mountinfo").read_text()
    with Fleet(201) as fleet:
        for kind in ("dash", "busybox", "journal", "frozen"):
            fleet.make(kind, kind)
        spaces = namespaces(fleet)
        assert all(list(processes_of(space)) for space in spaces)
        assert str(fleet.folder) not in Path("/proc/self/mountinfo").read_text()
    assert not fleet.folder.exists()
    assert [list(processes_of(space)) for space in spaces] == [[], [], [], []]
    assert Path("/proc/self/mountinfo").read_text() == mounts


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_hosts_end_with_the_process_that_made_them(number: signal.Signals) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    )
    assert owner.stdout
    pids = [int(pid) for _ in range(4) for pid in owner.stdout.readline().split()]
    assert len(pids) == 8
    folder = owner.stdout.readline().strip()
    space = [Path(f"/proc/{init}/ns/pid").readlink() for init in pids[1::2]]
    owner.send_signal(number)
    owner.communicate()
    wait_for(lambda: not any(list(processes_of(s)) for s in space))
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))
    assert folder not in Path("/proc/self/mountinfo").read_text()
    subprocess.run(["rm", "-r", "--one-file-system", folder], check=True)


def test_a_host_that_can_not_boot_says_why_and_leaves_nothing() -> None:
    with Fleet(202) as fleet, pytest.raises(AssertionError, match=r"web-01 does not boot: .*no-such-shell"):
        fleet.make("web-01", sh="no-such-shell")
    assert not fleet.folder.exists()


def test_an_sshd_that_does_not_start_says_why() -> None:
    with Fleet(203) as fleet, pytest.raises(AssertionError, match=r"Bad configuration option: NoSuchOption"):
        fleet.make("web-01", sshd=("NoSuchOption yes",))


def test_what_is_missing_comes_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    assert hosts.what_is_missing() == ""
    monkeypatch.setattr(hosts, "NEEDED", {"sh": "dash", "no-such-program": "one", "/no/such/file": "two"})
    assert hosts.what_is_missing() == "missing: apt-get install one two"
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "run them as root" in hosts.what_is_missing()


def test_plain_hosts_where_namespaces_are_not_allowed() -> None:
    with Fleet(204, plain=True) as fleet:
        host = fleet.make("web-01")
        assert isinstance(host, PlainHost)
        assert host.ssh("echo $((6 * 7))", fleet.config).stdout == b"42\n"
        assert host.processes()[0].command.startswith("sshd: /usr/sbin/sshd")
        loud = fleet.make("loud-01", "banner").ssh("echo mine", fleet.config)
        assert loud.stdout.startswith(b"Welcome to the noisy host\n")
        assert loud.stdout.endswith(b"mine\n")
        assert b"AUTHORISED" in loud.stderr
        assert fleet.make("closed-01", "nologin").ssh("echo never", fleet.config).returncode == 1
        assert b"Permission denied" in fleet.make("noauth-01", "noauth").ssh("true", fleet.config).stderr
        host.rekey()
        assert b"HAS CHANGED" in host.ssh("true", fleet.config).stderr
        host.stop()
        assert b"refused" in host.ssh("true", fleet.config).stderr
        host.start()
        with pytest.raises(AssertionError, match="needs namespaces"):
            fleet.make("box-01", "busybox")
        listeners = [p.outer for h in fleet.hosts.values() for p in h.processes()]
    assert listeners
    assert not any(Path(f"/proc/{pid}").exists() for pid in listeners)

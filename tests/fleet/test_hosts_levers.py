"""The levers on a host do what they say, as OpenSSH's own client and the machine see it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.fleet.host import spaces
from tests.fleet.hosts import Fleet, TestHost, wait_for


@contextmanager
def session(fleet: Fleet, host: TestHost) -> Iterator[subprocess.Popen[bytes]]:
    """An ssh session on the host in which `cat` answers."""
    command = ["ssh", "-F", str(fleet.config), host.name, "echo there; exec cat"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as ssh:
        assert ssh.stdout
        assert ssh.stdout.readline() == b"there\n"
        try:
            yield ssh
        finally:
            ssh.kill()


def answers(fleet: Fleet, host: TestHost) -> bool:
    return host.ssh("true", fleet.config).returncode == 0


def test_stop_ends_sessions_and_refuses_new_ones_until_start(fleet: Fleet) -> None:
    host = fleet.make("web-01")
    with session(fleet, host) as ssh:
        host.stop()
        assert ssh.wait(10) == 255
    assert b"refused" in host.ssh("true", fleet.config).stderr
    host.start()
    assert answers(fleet, host)


def test_kick_ends_sessions_only(fleet: Fleet) -> None:
    host = fleet.make("web-01")
    with session(fleet, host) as ssh:
        host.kick()
        assert ssh.wait(10) == 255
    assert answers(fleet, host)


def test_a_frozen_host_is_silent_and_goes_on_when_thawed(fleet: Fleet) -> None:
    host = fleet.make("web-01")
    with session(fleet, host) as ssh:
        host.freeze()
        assert ssh.stdin
        assert ssh.stdout
        ssh.stdin.write(b"hello?\n")
        ssh.stdin.flush()
        with pytest.raises(subprocess.TimeoutExpired):
            subprocess.run(
                ["ssh", "-n", "-F", str(fleet.config), "web-01", "true"],
                capture_output=True,
                timeout=1,
                check=False,
            )
        assert ssh.poll() is None
        host.thaw()
        assert ssh.stdout.readline() == b"hello?\n"


def test_rekey_is_a_changed_key(fleet: Fleet) -> None:
    host = fleet.make("web-01")
    before = host.public_key
    host.rekey()
    assert host.public_key != before
    assert b"HOST IDENTIFICATION HAS CHANGED" in host.ssh("true", fleet.config).stderr
    fleet.trust(host)
    assert answers(fleet, host)


def test_reboot_renews_processes_boot_id_and_uptime_and_keeps_files(fleet: Fleet) -> None:
    host = fleet.make("log-01", "journal")
    host.log("before")
    host.journal()
    host.exec("echo kept >/home/mon/file")
    boot_id, outer = host.boot_id, host.init
    with session(fleet, host) as ssh:
        host.reboot()
        assert ssh.wait(10) == 255
    assert host.boot_id != boot_id
    assert host.init != outer
    assert (
        host.ssh("cat /proc/sys/kernel/random/boot_id file", fleet.config).stdout.decode()
        == f"{host.boot_id}\nkept\n"
    )
    host.log("after")
    assert host.journal("-q", "-o", "cat", "-t", "test").split() == ["before", "after"]
    assert host.journal("-q", "-o", "cat", "-t", "test", "-b").split() == ["after"]


def test_uptime_is_the_hosts_own(fleet: Fleet) -> None:
    host = fleet.make("web-01")
    if "--time" in spaces():
        assert float(host.exec("cat /proc/uptime").split()[0]) < 60
        born = host.exec("grep btime /proc/stat")
        wait_for(lambda: float(host.exec("cat /proc/uptime").split()[0]) >= 2, 30)
        host.reboot()
        assert float(host.exec("cat /proc/uptime").split()[0]) < 2
        assert host.exec("grep btime /proc/stat") != born


def test_processes_are_those_of_the_host(fleet: Fleet) -> None:
    host = fleet.make("web-01")
    with session(fleet, host):
        told = {int(pid) for pid in host.ssh("cd /proc && echo [0-9]*", fleet.config).stdout.split()}
        truth = {p.pid: p.command for p in host.processes()}
        assert set(truth) <= told
        assert sorted(truth.values()).count("cat") == 2  # the session's and that of its first process


def test_exec_says_what_failed(fleet: Fleet) -> None:
    with pytest.raises(AssertionError, match=r"web-01: echo no >&2; exit 3: exit 3: no"):
        fleet.make("web-01").exec("echo no >&2; exit 3")

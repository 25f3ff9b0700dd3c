"""Each sort of host shows OpenSSH's own client what it promises."""

from __future__ import annotations

import json
import socket
import subprocess

import pytest

from tests.fleet.hosts import Fleet

SHELLS = {
    "dash": "/usr/bin/dash",
    "bash": "/usr/bin/bash",
    "mksh": "/usr/bin/mksh",
    "busybox": "/bin/busybox",
}


def ask(fleet: Fleet, name: str, command: str) -> tuple[int, str, str]:
    done = fleet.hosts[name].ssh(command, fleet.config)
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def test_hosts_are_distinct(fleet: Fleet) -> None:
    for kind in ("dash", "bash", "busybox"):
        fleet.make(f"{kind}-01", kind)
    told = {}
    for name, host in fleet.hosts.items():
        _, out, _ = ask(
            fleet,
            name,
            "cat /proc/sys/kernel/hostname /proc/sys/kernel/random/boot_id /etc/machine-id; id -un",
        )
        hostname, boot_id, machine_id, user = out.split()
        assert (hostname, boot_id, user) == (name, host.boot_id, "mon")
        told[boot_id, machine_id] = name
        pids = ask(fleet, name, "cd /proc && echo [0-9]*")[1].split()
        truth = host.processes()
        assert "1" in pids
        assert len(pids) < 20
        assert {p.pid for p in truth} - {int(pid) for pid in pids} == set()
        assert truth[0].command.endswith("/init")
    assert len(told) == 3
    assert not {p.outer for p in fleet.hosts["dash-01"].processes()} & {
        p.outer for p in fleet.hosts["bash-01"].processes()
    }


@pytest.mark.parametrize("kind", SHELLS)
def test_sh_is_what_the_kind_says(fleet: Fleet, kind: str) -> None:
    host = fleet.make("web-01", kind)
    for command in ("readlink /proc/$$/exe; :", "/bin/sh -c 'readlink /proc/$$/exe; :'"):
        exe = ask(fleet, "web-01", command)[1].strip()
        # Where another shell is laid over the machine's sh, the kernel names the file that is covered.
        assert exe in (SHELLS[kind], "/usr/bin/dash")
    assert ("set" in host.exec("echo ${BASH_VERSION:+set}")) == (kind == "bash")
    assert ("set" in host.exec("echo ${KSH_VERSION:+set}")) == (kind == "mksh")


def test_a_busybox_host_has_nothing_else(fleet: Fleet) -> None:
    fleet.make("box-01", "busybox")
    for absent in ("bash", "dash", "journalctl", "systemctl", "python3", "perl"):
        assert (
            ask(fleet, "box-01", f"command -v {absent}")[0] == 127
            or not ask(fleet, "box-01", f"command -v {absent}")[1]
        )
    assert "BusyBox" in "".join(ask(fleet, "box-01", "ps --help")[1:])
    assert ask(fleet, "box-01", "awk 'BEGIN { print 6 * 7 }' | sed s/4/5/")[1] == "52\n"


def test_a_banner_is_noise_on_both_streams(fleet: Fleet) -> None:
    fleet.make("loud-01", "banner")
    code, out, err = ask(fleet, "loud-01", "echo mine")
    assert code == 0
    assert out.startswith("Welcome to the noisy host\n")
    assert out.endswith("mine\n")
    assert "AUTHORISED USE ONLY" in err
    assert "oops" in err


def test_locales_reach_the_shell(fleet: Fleet) -> None:
    fleet.make("odd-01", "locale")
    fleet.make("de-01", "german")
    assert "LC_ALL=de_DE.UTF-8\n" in ask(fleet, "odd-01", "env")[1]
    half = "/usr/bin/printf %.1f 0,5"
    assert ask(fleet, "de-01", half)[:2] == (0, "0,5")
    assert "cannot change locale" in ask(fleet, "odd-01", "bash -c :")[2]


def test_hidepid_shows_the_user_its_own_processes_only(fleet: Fleet) -> None:
    host = fleet.make("hidden-01", "hidepid")
    pids = ask(fleet, "hidden-01", "cd /proc && echo [0-9]*")[1].split()
    assert "1" not in pids
    assert pids
    assert "1" in host.exec("cd /proc && echo [0-9]*").split()


@pytest.mark.parametrize(("kind", "seconds"), [("dash", True), ("maxsessions", False)])
def test_one_session_a_connection(fleet: Fleet, kind: str, seconds: bool) -> None:
    fleet.make("narrow-01", kind)
    ssh = ["ssh", "-F", str(fleet.config), "-S", str(fleet.folder / "control")]
    with subprocess.Popen(
        [*ssh, "-M", "narrow-01", "cat"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as first:
        assert first.stdin
        assert first.stdout
        first.stdin.write(b"here\n")
        first.stdin.flush()
        assert first.stdout.readline() == b"here\n"
        # No connection of its own can stand in for a channel of the first.
        second = subprocess.run(
            [*ssh, "-o", "ProxyCommand=false", "narrow-01", "true"], capture_output=True, check=False
        )
        assert (second.returncode == 0) == seconds, second.stderr
        first.stdin.close()


def test_no_shell(fleet: Fleet) -> None:
    fleet.make("closed-01", "nologin")
    code, out, _ = ask(fleet, "closed-01", "echo never")
    assert code != 0
    assert "never" not in out
    assert "not available" in out


@pytest.mark.parametrize("kind", ["noauth", "password"])
def test_the_key_opens_nothing(fleet: Fleet, kind: str) -> None:
    fleet.make("closed-01", kind)
    done = subprocess.run(
        ["ssh", "-F", str(fleet.config), "-o", "BatchMode=yes", "closed-01", "true"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 255
    assert f"Permission denied ({'password' if kind == 'password' else 'publickey'})" in done.stderr


@pytest.mark.parametrize(
    ("kind", "first"), [("flood", b"\0" * 100), ("flood_lines", b"all work and no play\n")]
)
def test_a_flood_has_no_end(fleet: Fleet, kind: str, first: bytes) -> None:
    fleet.make("flood-01", kind)
    with subprocess.Popen(
        ["ssh", "-n", "-F", str(fleet.config), "flood-01", "true"], stdout=subprocess.PIPE
    ) as ssh:
        assert ssh.stdout
        for _ in range(1000):
            assert ssh.stdout.read(len(first)) == first
        ssh.kill()


@pytest.mark.parametrize("kind", ["frozen", "hang_shell"])
def test_silence(fleet: Fleet, kind: str) -> None:
    host = fleet.make("mute-01", kind)
    with socket.create_connection((host.address, host.port), 5) as sock:
        sock.settimeout(1)
        if kind == "frozen":
            with pytest.raises(TimeoutError):
                sock.recv(1)
        else:
            assert sock.recv(4) == b"SSH-"
    with pytest.raises(subprocess.TimeoutExpired):
        subprocess.run(
            ["ssh", "-n", "-F", str(fleet.config), "mute-01", "true"],
            capture_output=True,
            timeout=2,
            check=False,
        )


def test_refused(fleet: Fleet) -> None:
    fleet.make("down-01", "refused")
    code, _, err = ask(fleet, "down-01", "true")
    assert code == 255
    assert "Connection refused" in err


def test_an_untrusted_key_is_unknown_until_trusted(fleet: Fleet) -> None:
    host = fleet.make("new-01", trusted=False)
    strict = ["ssh", "-F", str(fleet.config), "-o", "BatchMode=yes", "new-01", "echo in"]
    refused = subprocess.run(strict, capture_output=True, text=True, check=False)
    assert "Host key verification failed" in refused.stderr
    fleet.trust(host)
    assert subprocess.run(strict, capture_output=True, text=True, check=True).stdout == "in\n"


def test_a_journal_is_real(fleet: Fleet) -> None:
    open_one, closed = fleet.make("log-01", "journal"), fleet.make("log-02", "journal_denied")
    for host in (open_one, closed):
        host.log("two\nlines", PRIORITY="3", COLOUR="blue")
        host.log_all(f"entry {i}" for i in range(2000))
        host.exec("logger -t teller 'through /dev/log'")
        assert len(host.journal("-q", "-o", "cat", "-t", "test").splitlines()) == 2002
        assert host.journal("-o", "cat", "-t", "teller") == "through /dev/log\n"
    entry = json.loads(ask(fleet, "log-01", "journalctl -o json -p err -n 1")[1])
    assert (entry["MESSAGE"], entry["COLOUR"], entry["_HOSTNAME"]) == ("two\nlines", "blue", "log-01")
    assert entry["_BOOT_ID"] == open_one.boot_id.replace("-", "")
    assert entry["_MACHINE_ID"] == open_one.exec("cat /etc/machine-id").strip()
    open_one.exec("journalctl --rotate")
    open_one.log("after the rotation")
    assert len(open_one.journal("-q", "-o", "cat", "-t", "test").splitlines()) == 2003
    assert len(list((open_one.root / "var/log/journal").glob("*/*.journal"))) == 2
    assert "entry 7" not in ask(fleet, "log-02", "journalctl -q -o cat")[1]

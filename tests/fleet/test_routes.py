"""Every way to a host that ~/.ssh/config can name, over real servers: jumps, a proxy command, certificates, the agent."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.fleet.hosts import Fleet, TestHost, make_key, wait_for
from tests.fleet.product import Product


def rows(product: Product, *names: str) -> None:
    """Each of these hosts answers, with its own boot id."""
    product.hosts(names)
    product.run("fleet", "snapshot")
    assert {r["host"] for r in product.ask("SELECT host FROM cpu")} == set(names)


def stanza(fleet: Fleet, name: str, host: TestHost, *lines: str) -> None:
    """Another way to a host, first in the file: the first value wins."""
    text = f"Host {name}\n  HostName {host.address}\n  Port {host.port}\n  User mon\n  UserKnownHostsFile {fleet.known_hosts}\n"
    fleet.config.write_text(text + "".join(f"  {line}\n" for line in lines) + "\n" + fleet.config.read_text())


def sessions(host: TestHost) -> int:
    return host.exec("cat /var/log/sshd.log").count("Accepted publickey")


def test_a_chain_of_jump_hosts(fleet: Fleet, product: Product) -> None:
    outer, inner, target = fleet.make("outer-01"), fleet.make("inner-01"), fleet.make("target-01")
    key = f"IdentityFile {fleet.key}"
    stanza(fleet, "far-01", target, key, "ProxyJump outer-01,inner-01")
    stanza(
        fleet,
        "far-02",
        target,
        key,
        "ProxyJump outer-01,inner-01",
        f"HostKeyAlias [{target.address}]:{target.port}",
    )
    rows(product, "far-01", "far-02")
    assert (sessions(outer), sessions(inner), sessions(target)) == (
        1,
        1,
        2,
    )  # the chain is shared, not opened a host


def test_a_jump_host_that_refuses_is_named(fleet: Fleet, product: Product) -> None:
    fleet.make("outer-01", "noauth")
    stanza(fleet, "far-01", fleet.make("target-01"), f"IdentityFile {fleet.key}", "ProxyJump outer-01")
    product.hosts(["far-01"])
    said = product.run("fleet", "snapshot", code=3).stderr
    assert "auth_failed" in said
    assert "at the jump host" in said


def test_a_proxy_command(fleet: Fleet, product: Product) -> None:
    outer, target = fleet.make("outer-01"), fleet.make("target-01")
    relay = f"ProxyCommand ssh -F {fleet.config} -W %h:%p outer-01"
    stanza(fleet, "odd-01", target, f"IdentityFile {fleet.key}", relay)
    rows(product, "odd-01")
    assert (sessions(outer), sessions(target)) == (1, 1)


def test_a_certificate(fleet: Fleet, product: Product, tmp_path: Path) -> None:
    authority = make_key(tmp_path / "ca")
    host = fleet.make(
        "cert-01",
        authorized=False,
        files={"/etc/ssh/ca.pub": authority},
        sshd=("TrustedUserCAKeys /etc/ssh/ca.pub",),
    )
    make_key(tmp_path / "id")
    subprocess.run(
        ["ssh-keygen", "-q", "-s", str(tmp_path / "ca"), "-I", "me", "-n", "mon", str(tmp_path / "id.pub")],
        check=True,
    )
    certificate = f"CertificateFile {tmp_path / 'id-cert.pub'}"
    stanza(fleet, "by-cert", host, f"IdentityFile {tmp_path / 'id'}", certificate, "IdentitiesOnly yes")
    rows(product, "by-cert")


@contextmanager
def agent(folder: Path, key: Path) -> Iterator[str]:
    path = str(folder / "agent")
    process = subprocess.Popen(["ssh-agent", "-D", "-a", path], stdout=subprocess.DEVNULL)
    try:
        add = ["ssh-add", "-q", str(key)]
        env = {**os.environ, "SSH_AUTH_SOCK": path}
        # Its socket is there a moment before it listens.
        wait_for(lambda: subprocess.run(add, env=env, check=False, capture_output=True).returncode == 0)
        yield path
    finally:
        process.terminate()
        process.wait()


def test_the_agent(fleet: Fleet, product: Product, tmp_path: Path) -> None:
    host = fleet.make("agent-01")
    stanza(fleet, "by-agent", host, "IdentityFile none", "IdentitiesOnly no")
    product.hosts(["by-agent"])
    assert "auth_failed" in product.run("fleet", "snapshot", code=3).stderr
    with agent(tmp_path, fleet.key) as path:
        product.env["SSH_AUTH_SOCK"] = path
        rows(product, "by-agent")
        product.env.pop("SSH_AUTH_SOCK")
        stanza(fleet, "by-socket", host, "IdentityFile none", f"IdentityAgent {path}")
        product.run("fleet", "check", "by-socket")


def test_what_is_forced_off_stays_off(fleet: Fleet, product: Product, tmp_path: Path) -> None:
    host = fleet.make("plain-01", sshd=("AcceptEnv *", "AllowAgentForwarding yes", "PermitTTY yes"))
    stanza(
        fleet, "greedy", host, f"IdentityFile {fleet.key}", "ForwardAgent yes", "ForwardX11 yes", "RemoteCommand touch /tmp/ran",
        "RequestTTY force", "SendEnv LEAK", "SetEnv LEAK2=x",
    )  # fmt: skip
    product.env["LEAK"] = "secret"
    (product.home / "probes").mkdir()
    (product.home / "probes" / "env.sh").write_text(
        '#!/bin/sh\n# /// probe\n# help = "Environment."\n# every = "1m"\n# parse = "fields"\n# [columns]\n'
        '# leaks_count = { id = 1, type = "i64", kind = "gauge" }\n# ///\n'
        "env | grep -c -e LEAK -e SSH_AUTH_SOCK -e DISPLAY -e SSH_TTY || :\n"
    )
    product.env["LIVEDATA_PROBES"] = str(product.home / "probes")
    with agent(tmp_path, fleet.key) as path:
        product.env["SSH_AUTH_SOCK"] = path
        rows(product, "greedy")
    assert product.ask("SELECT leaks_count FROM env") == [{"leaks_count": 0}]
    assert host.exec("ls /tmp").strip() == ""


def test_no_verification_is_refused_in_words(fleet: Fleet, product: Product) -> None:
    host = fleet.make("web-01", trusted=False)
    config = fleet.config.read_text().replace(
        f"UserKnownHostsFile {fleet.known_hosts}", "UserKnownHostsFile none\n  StrictHostKeyChecking no"
    )
    fleet.config.write_text(config)
    product.hosts(["web-01"])
    listed = product.run("fleet", "hosts")
    assert "UserKnownHostsFile none" in listed.stderr
    said = product.run("fleet", "snapshot", code=3).stderr
    assert "hostkey_unknown" in said
    assert "Accepted" not in host.exec("cat /var/log/sshd.log")

"""A key with the forced command answers livedata's probes and does nothing else, whatever its thief tries."""

from __future__ import annotations

import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

from livedata.collect.allowed import allowed
from livedata.model.host import Host
from livedata.probe.load import load_probes
from livedata.transport.gate import opening
from tests.fleet.hosts import Fleet, TestHost
from tests.fleet.product import Product

KEYS = "home/mon/.ssh/authorized_keys"


def lock(fleet: Fleet, product: Product, kind: str) -> TestHost:
    """A host whose only key is authorised for livedata alone, as a person would do it."""
    host = fleet.make("vault-01", kind)
    product.hosts([], "[hosts.vault-01]\nrestricted = true\n")
    key = product.home / "key.pub"
    key.write_text(
        subprocess.run(
            ["ssh-keygen", "-y", "-f", str(fleet.key)], capture_output=True, text=True, check=True
        ).stdout
    )
    line = product.run("fleet", "authorize", "vault-01", "--key", str(key)).stdout
    assert line.count("\n") == 1
    assert len(line) < 8192
    (host.root / KEYS).write_text(line)
    return host


@pytest.mark.parametrize("kind", ["dash", "bash", "mksh", "busybox", "journal"])
def test_livedata_works_over_it(fleet: Fleet, product: Product, kind: str) -> None:
    host = lock(fleet, product, kind)
    if kind == "journal":
        host.log("one entry")
    product.run("fleet", "snapshot")
    outcomes = {probe: found for (_, probe), found in product.outcomes().items()}
    for probe in ("cpu", "core", "load", "memory", "process", "process_info", "filesystem", "os", "network"):
        assert outcomes[probe][0] == "ok", (probe, outcomes[probe])
    assert not [
        found for found in outcomes.values() if found[0] in ("failed", "timeout", "malformed", "truncated")
    ]
    assert product.ask("SELECT count(*) > 3 AS some FROM process") == [{"some": True}]
    if kind == "journal":
        assert product.ask("SELECT count(*) AS n FROM log WHERE message = 'one entry'") == [{"n": 1}]


def piece(text: str) -> str:
    return f"D {text.count(chr(10))}\n{text}"


OPENING = piece(opening(Host("vault-01")))


def function(probe: str) -> tuple[str, str]:
    """The piece of a probe, and the name that it is called by."""
    (text,) = set(allowed(Host("vault-01"), [load_probes()[probe]])) - set(allowed(Host("vault-01"), []))
    return text, text.partition("(")[0]


CPU, CALL = function("cpu")
INFO, INFO_CALL = function("process_info")

ATTEMPTS = {
    "a command": "id\n",
    "a shell": "exec /bin/sh\nid\n",
    "another piece": piece("id >/tmp/broken\n"),
    "a piece with one more word": piece(CPU.replace("\n", "; id >/tmp/broken\n", 1)),
    "a piece cut short": f"D 1\n{CPU}",
    "a digest of one's own": f"D 1 {sha256(b'id').hexdigest()}\nid\n",
    "arithmetic": "D a[$(id>/tmp/broken)]\n",
    "a long count": "D 99999999999999999999\n",
    "a path": "V PATH /tmp\n",
    "where files lie": "V LIVEDATA_PROC /etc\n",
    "which files": "V LIVEDATA_FILES /etc/passwd\n",
    "an option": "V LIVEDATA_NEW -o args\n",
    "a file for a pid": "V LIVEDATA_NEW ../../etc/passwd\n",
    "a substitution": "V LIVEDATA_CURSOR $(id >/tmp/broken)\n",
    "a backquote": "V LIVEDATA_CURSOR `id`\n",
    "a quote": "V LIVEDATA_CURSOR ';id;'\n",
    "another variable": "V ENV /tmp/x\n",
    "a name with more": "V LIVEDATA_LIMIT;id 1\n",
    "a call of a program": "C id abc\n",
    "a call with more": f"{OPENING}{piece(CPU)}C {CALL};id abc\n",
    "a call of a helper": f"{OPENING}C livedata_run 5 id\n",
    "a nonce with more": f"{OPENING}{piece(CPU)}C {CALL} abc;id\n",
    "a nonce that is run": f"{OPENING}{piece(CPU)}C {CALL} $(id)\n",
    "a glob": f"{OPENING}{piece(CPU)}C {CALL} *\n",
    "nothing": "\n",
}  # fmt: skip


def test_a_thief_finds_no_way_out(fleet: Fleet, product: Product) -> None:
    host = lock(fleet, product, "dash")
    ssh = ["ssh", "-F", str(fleet.config), "-o", "BatchMode=yes"]
    for what, text in ATTEMPTS.items():
        done = subprocess.run(
            [*ssh, "vault-01", "exec /bin/sh"],
            input=text.encode(),
            capture_output=True,
            timeout=20,
            check=False,
        )
        said = (done.stdout + done.stderr).decode()
        assert "uid=" not in said, what
        assert "root:" not in said, what
        assert "answers livedata alone" in said or (done.stdout == b"" and what == "a piece cut short"), (
            what,
            said,
        )
        assert host.exec("ls /tmp").strip() == "", what
    for what, words in {
        "a command": ["vault-01", "id"], "a subsystem": ["-s", "vault-01", "sftp"], "a terminal": ["-tt", "vault-01"],
        "an environment": ["-o", "SetEnv=BASH_ENV=/tmp/x", "vault-01", "id"],
    }.items():  # fmt: skip
        done = subprocess.run([*ssh, *words], input=b"id\n", capture_output=True, timeout=20, check=False)
        assert b"uid=" not in done.stdout + done.stderr, what
        assert done.returncode != 0, what
    for option in (
        ["-W", f"{host.address}:{host.port}"],
        ["-o", "ExitOnForwardFailure=yes", "-R", "39999:127.0.0.1:22"],
    ):
        done = subprocess.run(
            [*ssh, *option, "vault-01"], input=b"", capture_output=True, timeout=20, check=False
        )
        assert b"SSH-2.0" not in done.stdout, option
        assert done.returncode != 0, option


def test_what_it_lets_pass_is_what_it_should(fleet: Fleet, product: Product) -> None:
    """The attempts above fail for what is odd in them: without it they are answered."""
    lock(fleet, product, "dash")
    ssh = ["ssh", "-F", str(fleet.config), "-o", "BatchMode=yes", "vault-01", "livedata"]
    text = f"{OPENING}{piece(CPU)}C {CALL} abc\n{piece(INFO)}V LIVEDATA_NEW 1\nV LIVEDATA_SLASH /.//\nC {INFO_CALL} def\n"
    done = subprocess.run(ssh, input=text.encode(), capture_output=True, timeout=20, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"==> /proc/stat <==" in done.stdout
    assert b"@abc E" in done.stdout
    assert b"@def E" in done.stdout


def test_a_line_that_is_out_of_date_is_said(fleet: Fleet, product: Product) -> None:
    lock(fleet, product, "dash")
    product.hosts([], "[hosts.vault-01]\nrestricted = true\nprobes.filesystem.timeout = 7\n")
    product.run("fleet", "snapshot")
    outcome, detail = product.outcomes()["vault-01", "filesystem"]
    assert outcome == "failed"
    assert "not among those it was authorised for" in (detail or "")
    assert product.outcomes()["vault-01", "cpu"] == ("ok", None)


def test_a_host_that_is_not_said_to_be_restricted_is_told(
    fleet: Fleet, product: Product, tmp_path: Path
) -> None:
    lock(fleet, product, "dash")
    product.hosts(["vault-01"])
    assert "answers livedata alone" in product.run("fleet", "snapshot", code=3).stderr
    said = product.run("fleet", "authorize", "vault-01", "--key", str(product.home / "key.pub")).stderr
    assert "restricted = true" in said
    assert (
        "no public key"
        in product.run("fleet", "authorize", "vault-01", "--key", str(fleet.key), code=2).stderr
    )

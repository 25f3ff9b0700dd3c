"""Who was on a host: its login records beside what its own `last` prints, and what its sshd said beside the key that came in."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess

from tests.fleet.hosts import Fleet, wait_for
from tests.fleet.product import Product

RECORD = struct.Struct("<hxxi32s4s32s256shhiiiI12x20x")
"""utmp(5) on x86: type, pid, line, id, user, host, exit, session, seconds, microseconds, address."""
DAY = 1_785_888_000
LOGIN, LOGOUT, BOOT = 7, 8, 2
HISTORY = [
    (BOOT, 0, "~", "reboot", "6.1.0-9-amd64", 0),
    (LOGIN, 100, "pts/0", "mon", "192.0.2.7", 600),
    (LOGIN, 101, "tty1", "root", "", 1200),
    (LOGOUT, 100, "pts/0", "", "", 4200),
    (LOGIN, 102, "pts/0", "eve", "office.example", 7200),
    (BOOT, 0, "~", "reboot", "6.1.0-13-amd64", 10_800),
    (LOGIN, 103, "pts/0", "mon", "192.0.2.8", 14_400),
]
ASKED = """SELECT user, tty, coalesce(source, '') AS source, strftime(ts, '%b %d %H:%M') AS came,
  coalesce(strftime(ended, '%H:%M'), '') AS went FROM login WHERE event = 'login' ORDER BY ts DESC"""


def test_sessions_are_those_of_last(fleet: Fleet, product: Product) -> None:
    """busybox's `last` has no ends; util-linux's has, and `crash` where the host was started anew."""
    host = fleet.make("web-01", "busybox")
    product.hosts(fleet.hosts)
    records = [
        RECORD.pack(kind, pid, line.encode(), b"", user.encode(), source.encode(), 0, 0, 0, DAY + at, 0, 0)
        for kind, pid, line, user, source, at in HISTORY
    ]
    wtmp = host.root / "var/log/wtmp"
    wtmp.write_bytes(b"".join(records))
    product.run("fleet", "snapshot")
    mine = product.ask(ASKED)
    assert len(mine) == 4
    lines = re.findall(
        r"^(\w+) +(\S+) {1,16}(\S*) +(\w{3} [ \d]\d \d\d:\d\d)$", host.exec("TZ=UTC last"), re.MULTILINE
    )
    assert [(r["user"], r["tty"], r["source"], r["came"].replace(" 0", "  ", 1)) for r in mine] == [
        line for line in lines if line[0] != "reboot"
    ]
    if last := shutil.which("last"):
        said = subprocess.run(
            [last, "-w", "-F", "-f", str(wtmp)],
            env={"TZ": "UTC", "LC_ALL": "C"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        ends = re.findall(
            r"^(?:mon|root|eve) .*:\d\d 2026 +(?:- (?:\w+ \w+ +\d+ (\S+):\d\d 2026|(crash)).*|gone.*|still.*)$",
            said,
            re.MULTILINE,
        )
        crash = "03:00"
        assert [r["went"] for r in mine] == [crash if crashed else at for at, crashed in ends]


def test_what_sshd_said_of_logins(fleet: Fleet, product: Product) -> None:
    """The messages of the host's own sshd, which writes a file here, through its journal into `ssh_login`."""
    host = fleet.make("web-01", "journal")
    product.hosts(fleet.hosts)
    assert host.ssh("true", fleet.config).returncode == 0
    stranger = fleet.folder / "stranger"
    subprocess.run(["ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", str(stranger)], check=True)
    words = ["ssh", "-n", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o",
             "IdentitiesOnly=yes", "-i", str(stranger), "-p", str(host.port)]  # fmt: skip
    for user in ("mon", "no such one"):
        done = subprocess.run([*words, "-l", user, host.address, "true"], capture_output=True, check=False)
        assert done.returncode == 255
    said = host.root / "var/log/sshd.log"
    wait_for(lambda: said.read_text().count("[preauth]") == 2)
    host.log_all(said.read_text().splitlines(), SYSLOG_IDENTIFIER="sshd")
    product.run("fleet", "snapshot")
    key = subprocess.run(
        ["ssh-keygen", "-lf", f"{fleet.key}.pub"], capture_output=True, text=True, check=True
    )
    rows = product.ask("SELECT event, user, user_known, method, key, address FROM ssh_login ORDER BY ts")
    assert [tuple(row.values()) for row in rows if row["user"]] == [
        ("accepted", "mon", True, "publickey", key.stdout.split()[1], "127.0.0.1"),
        ("gave_up", "mon", True, None, None, "127.0.0.1"),
        ("gave_up", "no such one", False, None, None, "127.0.0.1"),
    ]

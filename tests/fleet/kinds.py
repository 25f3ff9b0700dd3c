"""What sorts of hosts the tests can start: a table of ordinary machines and of everything that goes wrong with them.

A kind only says; `roots.py` lays its files, `hosts.py` runs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Journal = Literal["none", "ok", "denied"]
"""`ok`: a journal that the login user may read; `denied`: one that only root may; `none`: no journald runs."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A sort of host; each field can be overridden when a host is made."""

    userland: Literal["debian", "busybox"] = "debian"
    """`debian`: the machine's own /usr, read-only. `busybox`: the applets of a static busybox, and nothing else."""
    sh: str = "dash"
    """The program in /usr/bin that /bin/sh is, under the Debian userland."""
    shell: str = "/bin/sh"
    """The user's login shell, which sshd starts for every command."""
    sshd: tuple[str, ...] = ()
    """Further lines of sshd_config, `{root}` before a path; sshd takes the first value it meets, so these win."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Path on the host to text. What starts with `#!` is executable; what lies in the user's home is the user's."""
    authorized: bool = True
    """Whether the fleet's key may log in."""
    hidepid: bool = False
    """/proc shows the user no processes but its own (proc(5), hidepid=invisible)."""
    locales: tuple[str, ...] = ()
    """Locales that the host has, in `LOCALES`, whether the machine has them or not."""
    journal: Journal = "none"
    at_start: Literal["serve", "freeze", "refuse"] = "serve"
    """`freeze`: sshd is stopped by SIGSTOP, so connections open and stay silent. `refuse`: no sshd is started."""


LOCALES = "/var/lib/locale"
GERMAN = "LC_ALL=de_DE.UTF-8 LANG=de_DE.UTF-8 LANGUAGE=de"
NOISE = "echo 'Welcome to the noisy host'\nprintf 'no newline, \\033[31mred\\033[0m, \\000 and @ B S E'\necho oops >&2\n"


def _login(program: str) -> Kind:
    """A host whose login shell is not one."""
    return Kind(shell="/opt/shell", files={"/opt/shell": f"#!/bin/sh\n{program}\n"})


KINDS: dict[str, Kind] = {
    "dash": Kind(),
    "bash": Kind(sh="bash", shell="/bin/bash"),
    "mksh": Kind(sh="mksh", shell="/bin/mksh"),
    "busybox": Kind(userland="busybox"),
    "journal": Kind(journal="ok"),
    "journal_denied": Kind(journal="denied"),
    "banner": Kind(
        shell="/bin/bash",
        sshd=("Banner {root}/etc/issue.net",),
        # Debian's bash reads ~/.bashrc for commands over ssh too.
        files={"/etc/issue.net": "AUTHORISED USE ONLY\n" * 20, "/home/mon/.bashrc": NOISE},
    ),
    # A locale that the host does not have, at which bash, perl and others complain; and one that it has, with its commas.
    "locale": Kind(sshd=(f"SetEnv {GERMAN}",)),
    "german": Kind(sshd=(f"SetEnv {GERMAN} LOCPATH={LOCALES}",), locales=("de_DE",)),
    "hidepid": Kind(hidepid=True),
    "maxsessions": Kind(sshd=("MaxSessions 1",)),
    "nologin": Kind(shell="/usr/sbin/nologin"),
    "hang_shell": _login("exec sleep 1000"),
    "flood": _login("exec cat /dev/zero"),
    "flood_lines": _login("exec yes 'all work and no play'"),
    "frozen": Kind(at_start="freeze"),
    "refused": Kind(at_start="refuse"),
    "noauth": Kind(authorized=False),
    "password": Kind(sshd=("PubkeyAuthentication no", "PasswordAuthentication yes")),
}

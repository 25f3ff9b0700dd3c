"""`fleet authorize`: prints the line of authorized_keys that lets a key answer probes and do nothing else; it changes no host."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UsageError
from .common import InventoryOption, configure, say

if TYPE_CHECKING:
    from ..model.host import Host

LONGEST_LINE = 8192
"""What sshd before OpenSSH 7.9 takes for a line of authorized_keys."""


def authorize(
    host: Annotated[str, typer.Argument(metavar="HOST", help="A host, as the inventory names it")],
    key: Annotated[
        Path | None,
        typer.Option(
            "--key", help="The public key; default: .pub beside the key that the host is reached with"
        ),
    ] = None,
    source: Annotated[
        str,
        typer.Option(
            "--from", metavar="ADDRESSES", help="Where the key may be used from, as sshd's from= has it"
        ),
    ] = "",
    inventory: InventoryOption = None,
) -> None:
    """Print a line for ~/.ssh/authorized_keys on a host with which a key can do nothing but answer livedata's probes.

    The host needs `restricted = true` in the inventory, and the line made anew after an update of livedata or when its probes change.
    """
    from .. import app
    from ..inventory import find_hosts

    config = configure(inventory=inventory)
    found = find_hosts(config, [host])
    if len(found) != 1 or found[0].transport != "ssh":
        raise UsageError(
            f"{host!r} is not one host that is reached over SSH", hint="livedata fleet hosts shows all"
        )
    if '"' in source or not source.isprintable():
        raise UsageError(
            f"--from can't be {source!r}", hint="addresses as sshd(8) has them in from=, such as 192.0.2.0/24"
        )
    line = app.authorized(config, found[0], _public_key(found[0], key), source)
    if not found[0].restricted:
        say(
            f"livedata: put restricted = true into [hosts.{found[0].name}]: without it livedata asks for a shell, which this key has not"
        )
    if len(line) > LONGEST_LINE:
        say(
            f"livedata: the line has {len(line):,} characters, sshd before 7.9 takes {LONGEST_LINE:,}: disable probes that you can spare"
        )
    print(line)


def _public_key(host: Host, key: Path | None) -> str:
    """The key's one line."""
    path = key or next((p for f in host.route.identity_files if (p := Path(f"{f}.pub")).is_file()), None)
    if path is None:
        raise UsageError("which key is it?", hint="--key FILE.pub names it")
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"can't read it: {error}", where=str(path)) from error
    if "\n" in text or not text.startswith(("ssh-", "ecdsa-", "sk-")):
        raise UsageError("it is no public key", where=str(path), hint="its name ends in .pub")
    return text

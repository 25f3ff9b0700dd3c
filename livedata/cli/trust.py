"""`fleet trust`: show the keys that hosts present, and add them to known_hosts on a yes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import SOME_HOSTS_FAILED, UsageError
from .common import InventoryOption, configure, say

if TYPE_CHECKING:
    from ..model.host import Host


def trust(
    hosts: Annotated[
        list[str], typer.Argument(metavar="HOST...", help="Names, globs, labels or user@host:port")
    ],
    inventory: InventoryOption = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Add without asking: only where nobody can be in between")
    ] = False,
) -> None:
    """Show a host's key fingerprints and, on a yes, add them to known_hosts."""
    import asyncio

    from .. import app
    from ..inventory import find_hosts

    config = configure(inventory=inventory)
    asked = [h for h in find_hosts(config, hosts) if h.transport == "ssh"]
    if not asked:
        raise UsageError("none of these is reached over SSH", hint="livedata fleet hosts shows the inventory")
    shown = asyncio.run(app.host_keys(config, asked))
    failed = False
    for host, key in shown:
        if key.problem:
            say(f"{host.name}: {key.problem}")
            failed = True
        elif key.known:
            say(f"{host.name}: {key.fingerprint} is known already")
        elif key.others:
            say(
                f"{host.name}: HOST KEY CHANGED: it shows {key.fingerprint}, known_hosts has {', '.join(key.others)}"
            )
            say(f"    if it was set up anew: ssh-keygen -R '{key.name}' -f {key.file}, then trust it again")
            failed = True
        elif yes or _agreed(host, key.fingerprint):
            app.add_known_host(key)
            say(f"{host.name}: added to {key.file}")
        else:
            failed = True
    if failed:
        raise typer.Exit(SOME_HOSTS_FAILED)


def _agreed(host: Host, fingerprint: str) -> bool:
    say(f"{host.name} ({host.route.address}:{host.route.port}) shows the key")
    say(f"    {fingerprint}")
    say("    On the host: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub (or the key of the type shown)")
    return typer.confirm("Is it the same?", default=False, err=True)

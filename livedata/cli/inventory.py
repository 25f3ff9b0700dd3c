"""`fleet init` and `fleet hosts`: an inventory to start from, and the hosts as they are resolved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .common import HostsArgument, InventoryOption, configure, say

if TYPE_CHECKING:
    from ..model.host import Host, Route

Columns = dict[str, tuple[list[Any], Any]]
"""Name → values and their Arrow type."""
FOR_THE_EYE = ("table", "markdown")
"""These formats get the columns that tell hosts apart, the others get all."""


def init(
    from_ssh_config: Annotated[
        bool, typer.Option("--from-ssh-config", help="Name every host that stands in ~/.ssh/config")
    ] = False,
    example: Annotated[
        bool, typer.Option("--example", help="Only show an inventory with every key there is")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the inventory there is")] = False,
    inventory: InventoryOption = None,
) -> None:
    """Write an inventory to start from."""
    from ..errors import UsageError
    from ..inventory import starter
    from ..inventory.sshconfig import read_ssh_config
    from ..inventory.text import shown

    if example:
        print(starter.example(), end="")
        return
    config = configure(inventory=inventory)
    path = config.inventory
    text, count = starter.STARTER, 0
    if from_ssh_config:
        text, count = starter.from_ssh_config(read_ssh_config(config.ssh_config), str(config.ssh_config))
        if not count:
            raise UsageError(
                "it names no host to watch", where=shown(str(config.ssh_config)),
                hint="livedata fleet init writes an inventory to fill in by hand",
            )  # fmt: skip
    _write(path, text, force)
    if count:
        say(f"wrote {count} host{'s' * (count != 1)} to {shown(str(path))}; next: livedata fleet check")
    else:
        say(f"wrote {shown(str(path))}; put your hosts in, then: livedata fleet check")


def _write(path: Path, text: str, force: bool) -> None:
    """Write a file whole or not at all, over another only where that is wanted."""
    import os

    from ..errors import UsageError
    from ..inventory.text import shown

    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.write_text(text, encoding="utf-8", errors="backslashreplace")
        try:
            if force:
                aside.replace(path)
            else:
                os.link(aside, path)
        finally:
            aside.unlink(missing_ok=True)
    except FileExistsError as error:
        raise UsageError(
            "there is an inventory already", where=shown(str(path)), hint="--force replaces it"
        ) from error
    except OSError as error:
        raise UsageError(f"can't write it: {error.strerror}", where=shown(str(path))) from error


def hosts(
    expressions: HostsArgument = None,
    format_name: Annotated[
        str | None, typer.Option("--format", "-f", metavar="FORMAT", help="As of fleet query")
    ] = None,
    inventory: InventoryOption = None,
) -> None:
    """List hosts as they are resolved from the inventory and ~/.ssh/config.

    `via` is the way there: jump hosts, the nearest first, or `command` for a ProxyCommand.
    """
    from ..inventory import find_hosts
    from ..inventory.text import shown
    from ..query.formats import FORMATS
    from .query import choose_format, destination, look

    config = configure(inventory=inventory)
    form = choose_format(format_name, None, FORMATS)
    found = find_hosts(config, expressions or [], lambda text: say(f"livedata: {text}"))
    if not found:
        hint = "put some in" if config.inventory.exists() else "livedata fleet init writes it"
        say(f"livedata: there are no hosts in {shown(str(config.inventory))}\n  {hint}")
    table = _table(found, short=form in [FORMATS[name] for name in FOR_THE_EYE])
    with destination(None) as out:
        form.write(table.schema, table.to_batches(), out, look(out))


def _table(found: tuple[Host, ...], *, short: bool) -> Any:
    """Hosts as an Arrow table."""
    import pyarrow as pa

    texts, pairs = pa.list_(pa.string()), pa.map_(pa.string(), pa.string())
    eye: Columns = {
        "host": ([h.name for h in found], pa.string()),
        "transport": ([h.transport for h in found], pa.string()),
        "user": ([h.route.user for h in found], pa.string()),
        "address": ([h.route.address or None for h in found], pa.string()),
        "port": ([h.route.port if h.route.address else None for h in found], pa.int32()),
    }
    if short:
        more: Columns = {
            "via": ([_via(h.route) for h in found], pa.string()),
            "groups": ([" ".join(h.groups) for h in found], pa.string()),
            "labels": ([" ".join(f"{k}={v}" for k, v in h.labels.items()) for h in found], pa.string()),
        }
    else:
        routes = [h.route for h in found]
        more = {
            "jumps": ([[target(j) for j in r.jumps] for r in routes], texts),
            "proxy_command": ([list(r.proxy_command) for r in routes], texts),
            "identity_files": ([list(r.identity_files) for r in routes], texts),
            "certificate_files": ([list(r.certificate_files) for r in routes], texts),
            "known_hosts": ([list(r.known_hosts) for r in routes], texts),
            "host_key_alias": ([r.host_key_alias for r in routes], pa.string()),
            "connect_timeout": ([r.connect_timeout if r.address else None for r in routes], pa.float64()),
            "groups": ([list(h.groups) for h in found], texts),
            "labels": ([list(h.labels.items()) for h in found], pairs),
            "proc_root": ([h.proc_root for h in found], pa.string()),
            "sys_root": ([h.sys_root for h in found], pa.string()),
            "recording": ([h.recording or None for h in found], pa.string()),
        }
    columns = eye | more
    return pa.table(
        [pa.array(values, kind) for values, kind in columns.values()],
        schema=pa.schema([(name, kind) for name, (_, kind) in columns.items()]),
    )


def _via(route: Route) -> str:
    return "command" if route.proxy_command else " ".join(target(j) for j in route.jumps)


def target(route: Route) -> str:
    """`user@address:port`, an IPv6 address in brackets."""
    address = f"[{route.address}]" if ":" in route.address else route.address
    return f"{route.user}@{address}:{route.port}" if route.user else f"{address}:{route.port}"

"""Who is watched: the inventory's file, ~/.ssh/config, and the choice of hosts from them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..config import Config
    from ..model.host import Host
    from .resolve import Warn


def find_hosts(config: Config, expressions: Sequence[str] = (), warn: Warn | None = None) -> tuple[Host, ...]:
    """The hosts that expressions select, from the inventory or on the spot; all of the inventory's where there is none.

    Args:
        warn: told, once each, in words for a person, what ~/.ssh/config says and livedata does not do.

    Raises:
        InventoryError: the inventory or ~/.ssh/config can't be used, or an inventory that was asked for isn't there.
        UsageError: an expression can't be read or selects nothing.
    """
    from ..errors import InventoryError
    from .adhoc import adhoc
    from .resolve import silent
    from .select import select
    from .sshconfig import read_ssh_config

    said: dict[str, None] = {}

    def note(text: str) -> None:
        said[text] = None

    ssh_config = read_ssh_config(config.ssh_config)
    hosts: tuple[Host, ...] = ()
    if os.path.exists(config.inventory):
        from .file import load_inventory  # pydantic, only where there is something to check

        hosts = load_inventory(config.inventory, ssh_config, note)
    elif config.inventory != default_inventory(os.environ):
        raise InventoryError(
            "there is no such inventory", where=str(config.inventory), hint="livedata fleet init writes one"
        )
    chosen = select(hosts, expressions, adhoc(hosts, ssh_config, note))
    for text in (*ssh_config.warnings, *said):
        (warn or silent)(text)
    return chosen


def default_inventory(environ: Mapping[str, str]) -> Path:
    """Where the inventory is looked for when nothing says where: it need not be there."""
    from ..config import load_config

    places = {k: environ[k] for k in ("HOME", "XDG_CONFIG_HOME") if k in environ}
    return load_config(places | {"LIVEDATA_CONFIG": os.devnull}).inventory

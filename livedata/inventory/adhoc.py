"""Hosts that no inventory names: `user@host:port` on the spot, and this machine itself."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import replace

from ..errors import UsageError
from ..model.host import Host
from .names import as_name, is_ip, split_target
from .resolve import Warn, resolve, silent
from .select import Adhoc
from .sshconfig import SshConfig


def this_machine() -> Host:
    """This machine, read through its own sh without SSH, under its own host name."""
    return Host(as_name(socket.gethostname().lower()), transport="local")


def adhoc(hosts: Sequence[Host], config: SshConfig, warn: Warn = silent) -> Adhoc:
    """A maker of hosts for `select`: takes `user@host`, `host:port`, `[v6]:port`, an IP address, or a name that stands
    in a `Host` line of ~/.ssh/config. A host of the inventory keeps its name and labels, with another user or port.

    A host is called by its address, and by its port too where that is given and isn't 22: two servers on one address
    are two hosts.
    """
    known = {h.name: h for h in hosts}
    groups = {g for h in hosts for g in h.groups}
    concrete = frozenset(config.names)

    def make(text: str) -> Host | None:
        if text in known or text in groups or "=" in text:
            return None
        try:
            target = split_target(text)
        except UsageError:
            if "@" in text or ":" in text:
                raise
            return None
        if target is None:
            return None
        user, name, port = target
        if user is None and port is None and not (is_ip(name) or name in concrete):
            return None
        host = known.get(name) or known.get(name.lower())
        if host is not None:
            route = replace(host.route, user=user or host.route.user, port=port or host.route.port)
            return replace(host, route=route)
        overrides = ({"user": [user]} if user else {}) | ({"port": [str(port)]} if port else {})
        called = as_name(name.lower()) + (f"-{port}" if port and port != 22 else "")
        return Host(called, route=resolve(config, name, overrides, warn))

    return make

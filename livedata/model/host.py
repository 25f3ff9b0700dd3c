"""A machine of the fleet, and how to reach it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,126}[A-Za-z0-9])?")
"""What a host may be called: it stands in paths, SQL and on screens (RFC 1123, and `_`)."""


def valid_name(text: str) -> bool:
    return NAME.fullmatch(text) is not None and ".." not in text


@dataclass(frozen=True, slots=True)
class Settings:
    """What an inventory may say of one probe on one host; None leaves the header's value."""

    enabled: bool = True
    every: float | None = None
    timeout: float | None = None
    sudo: bool = False


@dataclass(frozen=True, slots=True)
class Logs:
    """Log files to follow: a glob, and a regular expression for their lines where they are in a format of their own."""

    path: str
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """How ssh gets there: what ~/.ssh/config and the inventory say of a host, resolved.

    `identity_files`, `certificate_files` and `known_hosts` are absolute paths; `jumps` are the routes of a ProxyJump
    chain, the nearest first; an empty `identity_files` means ssh's own default keys.
    """

    address: str
    port: int = 22
    user: str | None = None
    identity_files: tuple[str, ...] = ()
    certificate_files: tuple[str, ...] = ()
    identities_only: bool = False
    agent: str | None = None
    """Path of the agent's socket; None takes $SSH_AUTH_SOCK, "" uses no agent."""
    known_hosts: tuple[str, ...] = ()
    host_key_alias: str | None = None
    jumps: tuple[Route, ...] = ()
    proxy_command: tuple[str, ...] = ()
    connect_timeout: float = 10.0


@dataclass(frozen=True, slots=True)
class Host:
    """A machine: `name` is what rows carry in their `host` column."""

    name: str
    transport: str = "ssh"
    """`ssh`, `local` (this machine's own sh) or `replay` (recorded answers)."""
    route: Route = Route("")
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    groups: tuple[str, ...] = ()
    probes: Mapping[str, Settings] = field(default_factory=lambda: MappingProxyType({}))
    logs: tuple[Logs, ...] = ()
    """Beside the system's own."""
    proc_root: str = "/proc"
    sys_root: str = "/sys"
    restricted: bool = False
    """Whether its key has a forced command that lets only livedata's probes run (`livedata fleet authorize`)."""
    recording: str = ""
    """The folder that a `replay` host answers from."""

"""What a connection is made with: ciphers, keepalives, keys and known_hosts. Nothing is taken from asyncssh's own configuration."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import asyncssh

from ...model.host import Route
from .failures import reason

CIPHERS = (
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "aes128-ctr",
    "aes256-ctr",
    "chacha20-poly1305@openssh.com",
)
"""In this order: AES-GCM costs the client two thirds of what chacha20 does; dropbear has no GCM."""
KEEPALIVE_SECONDS, KEEPALIVE_COUNT = 11, 1
"""Longer than a tick, so that a link in use carries none: one takes a tenth of a tick's CPU on both sides. A dead link is known after 22 s,
one that comes back within 11 s is kept."""
DEFAULT_KEYS = ("id_ed25519", "id_ecdsa", "id_rsa", "id_ed25519_sk", "id_ecdsa_sk")
DEFAULT_KNOWN_HOSTS = ("~/.ssh/known_hosts", "~/.ssh/known_hosts2", "/etc/ssh/ssh_known_hosts")

_Stamps = tuple[tuple[str, float], ...]
"""Files there are, and when each was changed."""


class KeyFiles:
    """Private keys and known_hosts, read once for all routes that name the same files."""

    def __init__(self) -> None:
        self._keys: dict[tuple[object, ...], list[asyncssh.SSHKeyPair]] = {}
        self._known: dict[tuple[str, ...], tuple[_Stamps, asyncssh.SSHKnownHosts]] = {}

    def client_keys(self, route: Route) -> list[asyncssh.SSHKeyPair]:
        """What is offered to a server. Raises ValueError: a key can't be used."""
        files = route.identity_files or tuple(
            str(Path("~/.ssh").expanduser() / name) for name in DEFAULT_KEYS
        )
        wanted = (files, route.certificate_files)
        if wanted not in self._keys:
            pairs: list[asyncssh.SSHKeyPair] = []
            for file in files:
                if not Path(file).is_file():
                    continue
                try:
                    pairs += asyncssh.load_keypairs(
                        [file], certlist=list(route.certificate_files), ignore_encrypted=True
                    )
                except (OSError, asyncssh.KeyImportError, ValueError) as error:
                    raise ValueError(f"can't use the key {file}: {reason(error)}") from error
            self._keys[wanted] = pairs
        return self._keys[wanted]

    def known_hosts(self, route: Route) -> asyncssh.SSHKnownHosts:
        """known_hosts, parsed again only when a file changed."""
        files = known_hosts_files(route)
        stamps = tuple((f, Path(f).stat().st_mtime) for f in files if Path(f).is_file())
        if files not in self._known or self._known[files][0] != stamps:
            text = "\n".join(Path(f).read_text(encoding="utf-8", errors="replace") for f, _ in stamps)
            self._known[files] = stamps, asyncssh.import_known_hosts(text)
        return self._known[files][1]

    def known_keys(self, route: Route) -> Sequence[asyncssh.SSHKey]:
        """The keys known_hosts has for a route."""
        name = route.host_key_alias or route.address
        keys, *_ = self.known_hosts(route).match(name, "", None if route.host_key_alias else route.port)
        return list(keys)


def connection_options(route: Route, files: KeyFiles) -> asyncssh.SSHClientConnectionOptions:
    """For `asyncssh.create_connection`. Raises ValueError: a key can't be used."""
    agent: Any = () if route.agent is None else route.agent
    keys = files.client_keys(route)
    return asyncssh.SSHClientConnectionOptions(
        config=None,
        username=route.user or (),
        known_hosts=files.known_hosts(route),
        host_key_alias=route.host_key_alias,
        client_keys=keys or (None if route.identity_files and not _has_agent(route) else ()),
        agent_path=agent,
        agent_identities=[k.public_data for k in keys] if route.identities_only and keys else None,
        proxy_command=list(route.proxy_command) or None,
        encryption_algs=list(CIPHERS),
        compression_algs=["none"],
        keepalive_interval=KEEPALIVE_SECONDS,
        keepalive_count_max=KEEPALIVE_COUNT,
        login_timeout=route.connect_timeout,
        public_key_auth=True,
        password_auth=False,
        kbdint_auth=False,
        host_based_auth=False,
        gss_auth=False,
        gss_kex=False,
        agent_forwarding=False,
        x11_forwarding=False,
        send_env=[],
        env={},
        request_pty=False,
        command=None,
    )


def _has_agent(route: Route) -> bool:
    return bool(os.environ.get("SSH_AUTH_SOCK") if route.agent is None else route.agent)


def known_hosts_files(route: Route) -> tuple[str, ...]:
    """Those of a route, else the user's and this machine's own, as ssh has them."""
    return route.known_hosts or tuple(str(Path(p).expanduser()) for p in DEFAULT_KNOWN_HOSTS)

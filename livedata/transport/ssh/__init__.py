"""SSH, the one home of asyncssh: persistent connections, host keys always checked, every refusal a value.

Keys, known_hosts and jump connections are read or opened once and shared: asyncssh alone would read its configuration and
known_hosts again for each connection (0.15 to 0.2 s of CPU each with 1,000 hosts in them).
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import cast

import asyncssh

from ...model.host import Host, Route
from ...model.scrape import Failure
from ..hostkey import ShownKey, known_hosts_name
from ..shared import Shared
from .failures import connect_failure
from .options import KeyFiles, connection_options, known_hosts_files
from .session import Client, SSHSession


class SSHTransport:
    """Opens connections along routes.

    Args:
        limit: bytes a section may have.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._files = KeyFiles()
        self._jumps: dict[Route, Shared[Client]] = {}

    async def connect(self, host: Host) -> SSHSession | Failure:
        started = asyncio.get_running_loop().time()
        client = await self._connect(host.route)
        if isinstance(client, Failure):
            return client
        return SSHSession(client, host, self._limit, asyncio.get_running_loop().time() - started)

    async def close(self) -> None:
        for jump in self._jumps.values():
            if client := jump.stop():
                client.connection.abort()
        self._jumps.clear()

    async def shown_key(self, route: Route) -> ShownKey:
        """The key a host presents, unchecked, beside what known_hosts has: for a person to compare."""
        tunnel = await self._tunnel(route)
        if isinstance(tunnel, Failure):
            return ShownKey(problem=f"{tunnel.outcome}: {tunnel.detail}")
        known = self._files.known_keys(route)
        try:
            async with asyncio.timeout(route.connect_timeout):
                key = await asyncssh.get_server_host_key(
                    route.address, route.port, tunnel=tunnel, proxy_command=list(route.proxy_command) or None, config=None,
                    # A server shows one key a connection: ask for the type that is known, so that a change is seen.
                    server_host_key_algs=[k.get_algorithm() for k in known] or (),
                )  # fmt: skip
        except (TimeoutError, asyncssh.Error, OSError) as error:
            failure = self._failure(error, route)
            return ShownKey(problem=f"{failure.outcome}: {failure.detail}")
        if key is None:
            return ShownKey(problem="it shows no host key")
        name = known_hosts_name(
            route.host_key_alias or route.address, 22 if route.host_key_alias else route.port
        )
        return ShownKey(
            name=name,
            file=known_hosts_files(route)[0],
            line=f"{name} {key.export_public_key().decode().strip()}",
            fingerprint=f"{key.get_algorithm()} {key.get_fingerprint()}",
            known=key.public_data in {k.public_data for k in known},
            others=tuple(f"{k.get_algorithm()} {k.get_fingerprint()}" for k in known),
        )

    async def _connect(self, route: Route) -> Client | Failure:
        tunnel = await self._tunnel(route)
        if isinstance(tunnel, Failure):
            return tunnel
        try:
            options = connection_options(route, self._files)
            async with asyncio.timeout(route.connect_timeout):
                _, client = await asyncssh.create_connection(
                    Client, route.address, route.port, tunnel=tunnel, config=None, options=options
                )
                return cast(Client, client)
        except (TimeoutError, asyncssh.Error, OSError, ValueError) as error:
            return self._failure(error, route)

    async def _tunnel(self, route: Route) -> asyncssh.SSHClientConnection | Failure | None:
        """The connection to the last host of a ProxyJump chain, shared by all that pass it."""
        if not route.jumps:
            return None
        *before, last = route.jumps
        via = replace(last, jumps=tuple(before)) if before else last
        if via not in self._jumps:
            self._jumps[via] = Shared(
                lambda: self._connect(via), lambda client: client.connection.is_closed()
            )
        client = await self._jumps[via].open()
        if isinstance(client, Failure):
            return replace(client, detail=f"at the jump host {via.address}: {client.detail}")
        return client.connection

    def _failure(self, error: BaseException, route: Route) -> Failure:
        return connect_failure(error, route, lambda: bool(self._files.known_keys(route)))

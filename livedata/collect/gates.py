"""How many connections are set up at one time: over all, and through each jump host, whose sshd drops more (MaxStartups)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext

from ..model.host import Route

EACH = 8
"""Through one jump host: sshd_config(5) has MaxStartups 10:30:100, so from the 10th on it may refuse."""


class Gates:
    """Args: most: connections being set up at one time, whatever their way."""

    def __init__(self, most: int, each: int = EACH) -> None:
        self._all = asyncio.Semaphore(most)
        self._each = each
        self._narrow: dict[str, asyncio.Semaphore] = {}

    @asynccontextmanager
    async def through(self, route: Route) -> AsyncIterator[None]:
        """Wait for a place among those that are being connected; hosts behind a slow gate hold up no others."""
        name = gate(route)
        narrow = self._narrow.setdefault(name, asyncio.Semaphore(self._each)) if name else nullcontext()
        async with narrow, self._all:
            yield


def gate(route: Route) -> str:
    """What a route shares with others: its first jump host, or the program that a ProxyCommand starts; blank for a straight way."""
    if route.jumps:
        return f"{route.jumps[0].address} {route.jumps[0].port}"
    return route.proxy_command[0] if route.proxy_command else ""

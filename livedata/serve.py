"""A watch that goes on for good: the inventory is followed while it runs, and a service manager is told that all is well."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from .app import probes_for, transports, until_stopped
from .collect.collector import Collector
from .config import Config
from .errors import LivedataError
from .model.host import Host
from .supervisor import notify, reloading, watchdog_seconds

Complain = Callable[[str], None]
Find = Callable[[], Sequence[Host]]
LOOK_SECONDS = 5.0
"""How often it is looked whether the inventory is another."""


async def serve(collecting: Collector, config: Config, find: Find, complain: Complain) -> None:
    """Watch as `until_stopped` does, what the inventory says at any time: hosts are found anew when it or ~/.ssh/config changes, and at
    SIGHUP. A service manager is told that all is well, if it asked for it."""
    hung_up = asyncio.Event()
    beside = [
        asyncio.create_task(_follow_inventory(collecting, config, find, hung_up, complain)),
        asyncio.create_task(_alive()),
    ]
    notify("READY=1")
    try:
        await until_stopped(collecting, hung_up=hung_up)
    finally:
        notify("STOPPING=1")
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)


async def _alive() -> None:
    """Tell the service manager, as often as it wants, that this loop turns."""
    seconds = watchdog_seconds()
    while seconds:
        notify("WATCHDOG=1")
        await asyncio.sleep(seconds)


async def _follow_inventory(
    collecting: Collector, config: Config, find: Find, again: asyncio.Event, complain: Complain
) -> None:
    """Watch what the inventory says now, whenever it says something else; one that can't be read changes nothing."""
    seen = _stamps(config)
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                await again.wait()
        now = _stamps(config)
        if now == seen and not again.is_set():
            continue
        seen = now
        again.clear()
        notify(reloading())
        try:
            hosts = await asyncio.to_thread(find)
            probes_for(config, hosts)
            ways = transports(config, [h for h in hosts if h.transport not in collecting.ways])
            fresh, gone = await collecting.change(hosts, ways)
        except (LivedataError, OSError) as error:
            complain(f"the hosts are watched as before: {error}")
        else:
            complain(f"the inventory was read again: {len(hosts)} hosts, {fresh} new or changed, {gone} gone")
        notify("READY=1")


def _stamps(config: Config) -> list[tuple[int, int, int] | None]:
    """What tells a changed file from the one before: when it was written, its size, which file it is."""
    stamps: list[tuple[int, int, int] | None] = []
    for path in (config.inventory, config.ssh_config):
        try:
            found = path.stat()
        except OSError:
            stamps.append(None)
        else:
            stamps.append((found.st_mtime_ns, found.st_size, found.st_ino))
    return stamps

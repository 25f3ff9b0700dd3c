"""The composition root: turns a configuration into wired objects. Nothing else constructs across layers."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from .clock import SystemClock
from .collect.allowed import allowed
from .collect.backfill import Filled
from .collect.collector import Collector, Tender
from .collect.passing import Passing
from .collect.pull import pull_once
from .collect.trial import Trial, try_probe
from .config import Config
from .errors import InventoryError
from .inventory.adhoc import this_machine
from .model.host import Host
from .model.own import COLLECTOR
from .model.probe import Probe
from .model.scrape import SCRAPE, Failure, Scrape
from .probe.load import load_probes, own_tables
from .query.roll import roller
from .search.world import LOG
from .store import tend as tending
from .store.compact import Task
from .store.keep import Keep, parse_keep
from .store.layout import Segment
from .store.memory import collect_seldom, give_back
from .store.tend import Tended
from .store.writer import Writer
from .transport.gate import authorized_line
from .transport.hostkey import ShownKey, add_known_host
from .transport.local import LocalTransport
from .transport.protocol import Transport
from .transport.replay import ReplayTransport

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "Checked", "Trial", "add_known_host", "authorized", "check", "collector", "host_keys", "listener", "prune", "run_probe", "tend", "transports",
    "until_stopped",
]  # fmt: skip

Said = Callable[[str, Failure | None], None]
Complain = Callable[[str], None]


def transports(config: Config, hosts: Sequence[Host]) -> dict[str, Transport]:
    """The ways to reach these hosts; asyncssh is loaded only where one of them needs it."""
    wanted = {host.transport for host in hosts}
    result: dict[str, Transport] = {}
    if "local" in wanted:
        result["local"] = LocalTransport(config.answer_bytes)
    if "replay" in wanted:
        result["replay"] = ReplayTransport()
    if "ssh" in wanted:
        from .transport.ssh import SSHTransport

        result["ssh"] = SSHTransport(config.answer_bytes)
    return result


def probes_for(config: Config, hosts: Sequence[Host]) -> dict[str, Probe]:
    """All probes there are; what the inventory says of a probe that there is not is an error.

    Raises:
        InventoryError: settings of an unknown probe, with the nearest one.
        ProbeError: a probe that can't be used.
    """
    probes = load_probes(config.probes)
    for host in hosts:
        for name in host.probes:
            if name not in probes:
                near = get_close_matches(name, probes, 1)
                hint = f"did you mean {near[0]}?" if near else f"probes: {', '.join(probes)}"
                raise InventoryError(
                    f"{host.name}: there is no probe {name!r}", where=str(config.inventory), hint=hint
                )
    return probes


def tend(
    config: Config, *, force: bool = False, tell: Callable[[Task, int], None] = lambda task, left: None
) -> Tended:
    """Compact the store, let go what is too old, delete what is dead; beside a collector or without.

    Raises:
        StoreLocked: another process does it.
        ConfigError, StoreError: it can't be done.
    """
    keep = parse_keep(config.keep, config.keep_bytes)
    give_back()
    with roller() as roll:
        return tending.tend(config.store, keep, SystemClock().now_us, roll, force=force, tell=tell)


def prune(config: Config, keep: Keep, *, really: bool) -> list[Segment]:
    """What is too old or too much; given up if `really`. Raises StoreError."""
    return tending.prune(config.store, keep, SystemClock().now_us(), really=really)


def tender(config: Config, complain: Complain) -> Tender:
    """Looks after each sealing whether anything is due, and has it done by a process of its own, whose memory goes with it."""
    keep = parse_keep(config.keep, config.keep_bytes)

    async def look_after() -> None:
        if not await asyncio.to_thread(tending.due, config.store, keep, SystemClock().now_us()):
            return
        command = (sys.executable, "-P", "-m", "livedata", "store", "compact", "--background")
        child = await asyncio.create_subprocess_exec(
            *command,
            "--store",
            str(config.store),
            stdin=DEVNULL,
            stdout=DEVNULL,
            stderr=PIPE,
            start_new_session=True,
        )
        try:
            _, said = await child.communicate()
        except asyncio.CancelledError:
            child.terminate()  # what it had not ended is taken back by the next one
            await child.wait()
            raise
        if child.returncode:
            complain(
                said.decode(errors="replace").strip() or f"compaction ended with status {child.returncode}"
            )

    return look_after


@contextmanager
def collector(
    config: Config,
    hosts: Sequence[Host],
    purpose: str,
    said: Said,
    complain: Complain,
    filled: Callable[[Filled], None] = lambda filled: None,
    *,
    verbose: bool = False,
) -> Iterator[Collector]:
    """A collector over the store, which is locked for as long.

    Args:
        said, complain, filled, verbose: as `Collector` takes them.

    Raises:
        ConfigError: a setting that can't be used.
        StoreLocked: another process collects into it.
        StoreError, ProbeError: a store or a probe that can't be used.
    """
    clock = SystemClock()
    probes = probes_for(config, hosts)
    give_back()
    collect_seldom()
    with Writer.open(config.store, purpose=purpose, now_us=clock.now_us()) as writer:
        for warning in writer.warnings:
            complain(warning)
        for probe in (*own_tables(probes).values(), SCRAPE, COLLECTOR):
            writer.register(probe)  # so that a question finds each table from the first second
        ways = transports(config, hosts)
        yield Collector(
            writer,
            hosts,
            probes,
            ways,
            clock,
            config,
            said,
            complain,
            tender(config, complain),
            filled,
            verbose,
            this_machine().name,
        )


@contextmanager
def listener(
    config: Config, hosts: Sequence[Host], hear: Callable[[pa.Table], None], said: Said, complain: Complain,
    filled: Callable[[Filled], None] = lambda filled: None,
) -> Iterator[Collector]:  # fmt: skip
    """A collector of the hosts' logs alone, which keeps nothing: `hear` is told the rows of the table `log`, in another thread.

    Args:
        filled: told how far back a host's journal was read, after what was read was heard or will be within `flush_seconds`.

    Raises:
        ConfigError: a setting that can't be used.
        ProbeError: a probe that can't be used.
    """
    probes = {p.name: p for p in probes_for(config, hosts).values() if LOG in (p.name, p.into)}
    ways = transports(config, hosts)
    yield Collector(
        Passing(LOG, hear, said), hosts, probes, ways, SystemClock(), config, said, complain, filled=filled
    )


async def until_stopped(
    collecting: Collector, stop: asyncio.Event | None = None, hung_up: asyncio.Event | None = None
) -> None:
    """Watch until SIGINT, SIGTERM or SIGHUP, or until `stop` is set; everything collected is in the store when this returns.

    Args:
        hung_up: what SIGHUP sets instead, where no terminal that is closed sends it.
    """
    stop = stop or asyncio.Event()
    loop = asyncio.get_running_loop()
    at_hang_up = hung_up if hung_up and not sys.stderr.isatty() else stop
    for number, event in ((signal.SIGINT, stop), (signal.SIGTERM, stop), (signal.SIGHUP, at_hang_up)):
        if signal.getsignal(number) is not signal.SIG_IGN:  # under nohup a hang-up stays ignored
            loop.add_signal_handler(number, event.set)
    await collecting.watch(stop)


@dataclass(frozen=True, slots=True)
class Checked:
    """What one host said to `check`: a scrape a probe, and one of the session."""

    host: str
    scrapes: tuple[Scrape, ...]


async def check(config: Config, hosts: Sequence[Host], tell: Callable[[Checked], None]) -> None:
    """Ask every host every probe once and store nothing; `tell` is called as each is done."""
    probes = probes_for(config, hosts)

    async def one(host: Host, way: Transport) -> None:
        tell(Checked(host.name, await pull_once(host, probes.values(), way, SystemClock())))

    await _each(config, hosts, one)


def authorized(config: Config, host: Host, public_key: str, source: str) -> str:
    """The line of authorized_keys for a key that only answers probes; raises what `probes_for` does."""
    return authorized_line(allowed(host, probes_for(config, [host]).values()), public_key, source)


async def run_probe(
    config: Config, hosts: Sequence[Host], probe: Probe, tell: Callable[[Trial], None]
) -> None:
    """Run one probe once on each host and store nothing; `tell` is called as each is done."""

    first = [load_probes()[probe.after]] if probe.after else []

    async def one(host: Host, way: Transport) -> None:
        tell(await try_probe(host, probe, way, SystemClock(), first, config.redact))

    await _each(config, hosts, one)


async def _each(
    config: Config, hosts: Sequence[Host], ask: Callable[[Host, Transport], Awaitable[None]]
) -> None:
    """Ask all hosts at once, as far as `connect_concurrency` allows."""
    ways = transports(config, hosts)
    slots = asyncio.Semaphore(config.connect_concurrency)

    async def one(host: Host) -> None:
        async with slots:
            await ask(host, ways[host.transport])

    try:
        await asyncio.gather(*(one(host) for host in hosts))
    finally:
        for way in ways.values():
            await way.close()


async def host_keys(config: Config, hosts: Sequence[Host]) -> list[tuple[Host, ShownKey]]:
    """The keys that hosts present beside those that are known."""
    from .transport.ssh import SSHTransport

    ssh = SSHTransport(config.answer_bytes)
    try:
        keys = await asyncio.gather(*(ssh.shown_key(host.route) for host in hosts))
    finally:
        await ssh.close()
    return list(zip(hosts, keys, strict=True))

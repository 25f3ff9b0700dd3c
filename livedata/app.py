"""The composition root: turns a configuration into wired objects. Nothing else constructs across layers."""

from __future__ import annotations

import asyncio
import signal
import sys
import tomllib
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from .clock import SystemClock
from .collect.allowed import allowed
from .collect.backfill import Filled
from .collect.collector import Collector, Tender
from .collect.passing import Passing
from .collect.pull import pull_once
from .collect.trial import Trial, try_probe
from .config import Config
from .errors import ConfigError, InventoryError
from .inventory.adhoc import this_machine
from .model.batch import arrow_schema
from .model.columns import stored_columns
from .model.host import Host
from .model.own import COLLECTOR
from .model.probe import Column, Probe
from .model.scrape import SCRAPE, Failure, Scrape
from .probe.load import load_probes, own_tables
from .query.engine import stream
from .query.instance import Pool
from .query.roll import roller
from .query.source import Source
from .query.views import reckoned_columns
from .store import tend as tending
from .store.compact import Task
from .store.keep import Keep, parse_keep
from .store.layout import Segment
from .store.memory import collect_seldom, give_back
from .store.reader import TableContent
from .store.tend import Tended
from .store.writer import Writer
from .transport.gate import authorized_line
from .transport.hostkey import ShownKey, add_known_host
from .transport.local import LocalTransport
from .transport.protocol import Transport
from .transport.replay import ReplayTransport

if TYPE_CHECKING:
    import pyarrow as pa

    from .search.compile import Compiled
    from .search.macros import Macro
    from .search.world import World

__all__ = [
    "Checked", "Trial", "add_known_host", "authorized", "check", "collector", "compiled", "host_keys", "listener", "prune", "rows_source", "run_probe", "search_world", "searched", "tend", "transports",
    "until_stopped",
]  # fmt: skip

LOG = "log"
"""The table that all logs go into."""

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


def rows_source(probe: Probe, rows: pa.Table) -> Source:
    """Rows that are in no store as what a question is asked of; `rows` has the probe's stored columns."""
    return Source(
        lambda: {probe.name: probe}, lambda spans: nullcontext({probe.name: TableContent(probe, (), rows)})
    )


class _Columns(Mapping[str, Mapping[str, str]]):
    """The columns of a source's tables with their types; those of reckoned columns are asked of the engine when a table is named."""

    def __init__(self, definitions: Mapping[str, Probe]) -> None:
        self._definitions = definitions
        self._known: dict[str, Mapping[str, str]] = {}

    def __getitem__(self, name: str) -> Mapping[str, str]:
        if name not in self._known:
            self._known[name] = _column_types(self._definitions[name])
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._definitions)

    def __len__(self) -> int:
        return len(self._definitions)


def _column_types(probe: Probe) -> dict[str, str]:
    stored: dict[str, str] = {c.name: c.type for c in stored_columns(probe)}
    reckoned = reckoned_columns(probe)
    if not reckoned:
        return stored
    from .query.catalogue import column_list

    listed = column_list(probe)
    types = dict(zip(listed.column("column").to_pylist(), listed.column("type").to_pylist(), strict=True))
    return stored | {d.name: types[d.name] for d in reckoned}


def search_world(
    source: Source,
    now_us: int,
    *,
    config: Config | None = None,
    since_us: int | None = None,
    until_us: int | None = None,
    only: Sequence[str] | None = None,
) -> World:
    """What searches over a source are compiled for: times in microseconds UTC, where a search says no other; `only` these hosts.
    Without a configuration there are no lookups, macros and saved searches.

    Raises:
        ConfigError: the file of macros and saved searches can't be used.
        UsageError: the store knows no such host.
    """
    from .query.lookups import Lookups
    from .query.source import chosen_hosts
    from .search.world import World

    macros, saved = _kept_searches(config.searches) if config else ({}, {})
    return World(
        _Columns(source.definitions()),
        now_us,
        source.hosts(),
        since_us,
        until_us,
        Lookups(config.lookups) if config else {},
        macros,
        saved,
        None if only is None else chosen_hosts(source, only),
    )


def _kept_searches(path: Path) -> tuple[dict[str, Macro], dict[str, str]]:
    """The macros and the saved searches of a file: `[macros.NAME]` with `search` and `arguments`, `[searches]` with `NAME = "…"`."""
    from .search.macros import Macro

    if not path.is_file():
        return {}, {}
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
        macros = {
            n: Macro(str(m["search"]), tuple(m.get("arguments", ())))
            for n, m in found.get("macros", {}).items()
        }
        saved = {n: str(text) for n, text in found.get("searches", {}).items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        hint = (
            'for example: [searches] and logins = "unit=ssh Accepted", [macros.bad] and search = "priority<4"'
        )
        raise ConfigError(f"can't read it: {error}", where=str(path), hint=hint) from error
    return macros, saved


def compiled(text: str, world: World, *, pretty: bool = False) -> Compiled:
    """The SQL of a search. Raises SearchError."""
    from .search.compile import compile_search

    return compile_search(text, world, pretty=pretty)


def searched(source: Source, world: World, found: Compiled) -> Source:
    """The source with the lookups that a search reads."""
    from .query.lookups import LookupFile, with_lookups
    from .search.world import lookup_table

    named = {lookup_table(n): world.lookups[n] for n in world.lookups if lookup_table(n) in found.tables}
    return with_lookups(source, {n: v for n, v in named.items() if isinstance(v, LookupFile)})


PASSING = frozenset({"search", "where", "regex", "rex", "eval", "spath", "extract"})
"""The commands that tell of an entry by itself whether it is meant."""


def log_filter(text: str, probe: Probe) -> Callable[[pa.Table], pa.Table]:
    """What gives, of rows of the table `log`, those that a search finds, in the order that they have; `probe` says their columns.

    Raises:
        SearchError: it is no search, or its commands need more than one entry at a time.
    """
    import pyarrow as pa

    from .search.errors import search_error

    number = Column("tail_row", max(c.id for c in probe.columns) + 1, "i64", "text")
    marked = replace(probe, columns=(*probe.columns, number), derived=())
    names = [column.name for column in stored_columns(marked)]
    pool = Pool()

    def search(rows: pa.Table) -> pa.Table:
        if not rows.num_rows:
            return rows
        numbers = pa.array(range(rows.num_rows), pa.int64())
        source = rows_source(marked, rows.append_column(number.name, numbers).select(names))
        found = compiled(f"{text} | fields {number.name}", search_world(source, SystemClock().now_us()))
        with stream(source, found.sql, pool=pool) as (schema, batches):
            table = pa.Table.from_batches(list(batches), schema)
        return rows.take(pa.array(sorted(table[number.name].to_pylist()), pa.int64()))

    nothing = arrow_schema(probe).empty_table()
    for command in compiled(
        text, search_world(rows_source(probe, nothing), SystemClock().now_us())
    ).tree.commands:
        if command.name not in PASSING:
            raise search_error(
                text,
                command.at,
                f"{command.name} needs all entries, and more come",
                "livedata fleet search asks those that there are",
            )
    return search


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

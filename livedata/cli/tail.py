"""`livedata fleet tail`: the logs of the whole fleet as they come, in order of time."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from math import ceil, inf
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from .common import InventoryOption, StoresOption, configure, end_by_exit, say, when

if TYPE_CHECKING:
    import pyarrow as pa

    from ..collect.backfill import Filled
    from ..config import Config
    from ..model.scrape import Failure
    from ..query.table import Look
    from ..store.reader import Place

POLL_SECONDS = 0.25
HOLD_SECONDS = 0.5
"""Entries that reach livedata within so long of one another are given in order of time."""
SETTLE_SECONDS = 2.0
"""The same where hosts are asked for entries of before, which they begin to give at different moments."""
FILL_SECONDS, MOST_HELD = 10.0, 200_000
"""While hosts are still read back, all waits, so that it is given in order of time: as long as an answer came within so many seconds, and
no more entries wait than that."""
BEFORE, BEFORE_SECONDS = 10, 60
"""Where nothing says since when: so many entries of a store are given first, or those of the last minute that hosts have."""
LOOK_SECONDS = 5.0
"""How often it is looked whether a collector still runs."""

Find = Callable[["pa.Table"], "pa.Table"]
Write = Callable[["pa.Table"], None]
Poll = Callable[[], "pa.Table | None"]
"""The entries that came since it was last called."""


def tail(
    search: Annotated[
        str | None,
        typer.Argument(
            metavar="[SEARCH]", help="Entries that it finds only: 'unit=sshd \"Failed password\"'"
        ),
    ] = None,
    *,
    host: Annotated[
        list[str] | None,
        typer.Option(
            "--host", metavar="HOST", help="These hosts: names, globs, labels or expressions; may be repeated"
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="TIME", help="Entries from then on first: 15m, 03:12, 'yesterday 03:12'"
        ),
    ] = None,
    format_name: Annotated[
        str, typer.Option("--format", "-f", metavar="FORMAT", help="lines, or jsonl: each entry whole")
    ] = "lines",
    store: StoresOption = None,
    inventory: InventoryOption = None,
) -> None:
    """Show the fleet's log entries as they come, in order of time, until Ctrl-C.

    While a collector runs, what it stores is shown; while none does, the hosts are asked, and nothing is stored. Entries that
    reach livedata within half a second of one another stand in order of time.
    """
    import asyncio

    from .query import look

    config = configure(store=store[0] if store else None, inventory=inventory)
    roots = [path.expanduser().absolute() for path in store or ()] or [config.store]
    begin = when(since, time.time_ns() // 1000, "--since")
    out = sys.stdout.buffer
    write = _writer(format_name, out, look(out))
    find = _finder(search)
    if store is None and not _collected(config.store):
        asyncio.run(_hear(config, host or [], begin, find, write))
    else:
        end_by_exit()
        _follow(config, roots, host or [], begin, find, write)


def _finder(search: str | None) -> Find:
    """What gives the entries that are meant. Raises SearchError."""
    if not search:
        return lambda rows: rows
    from ..probe.load import load_probes
    from ..search.world import LOG
    from ..searching import log_filter

    return log_filter(search, load_probes()[LOG])


def _writer(name: str, out: IO[bytes], look: Look) -> Write:
    """What writes entries in a format. Raises UsageError."""
    from ..errors import UsageError
    from ..query.formats import write_jsonl
    from ..query.logline import LogLines

    def objects(rows: pa.Table) -> None:
        write_jsonl(rows.schema, rows.to_batches(), out, look)
        out.flush()

    writers: dict[str, Write] = {"lines": LogLines(out, look).write, "jsonl": objects}
    if name not in writers:
        raise UsageError(
            f"there is no format {name!r}", where="--format", hint=f"formats: {', '.join(writers)}"
        )
    return writers[name]


def _collected(root: Path) -> bool:
    """Whether somebody writes into a store."""
    from ..store.layout import Layout
    from ..store.lock import holder

    return holder(Layout(root).lock) is not None


async def _hear(
    config: Config, expressions: Sequence[str], since: int | None, find: Find, write: Write
) -> None:
    """Ask the hosts, and keep nothing."""
    import asyncio

    from .. import app
    from ..inventory import find_hosts
    from ..query.merge import Merge

    hosts = find_hosts(config, expressions, say)
    now = time.time_ns() // 1000
    begin = now - BEFORE_SECONDS * 1_000_000 if since is None else since
    hours = ceil((now - begin) / 3_600e6)
    config = replace(
        config, flush_seconds=POLL_SECONDS, backfill="none" if since is None else f"{max(1, hours)}h"
    )
    came: deque[pa.Table] = deque()
    met: set[str] = set()
    filling: dict[str, float] = {}

    def filled(step: Filled) -> None:
        filling.pop(step.host, None)
        if not step.done:
            filling[step.host] = time.monotonic()

    say(
        f"no collector runs: listening to {len(hosts)} host{'' if len(hosts) == 1 else 's'}, keeping nothing (livedata up keeps it)"
    )
    with app.listener(config, hosts, came.append, _said, say, filled) as collecting:
        stop = asyncio.Event()
        watching = asyncio.create_task(collecting.watch(stop))
        merge = Merge(HOLD_SECONDS if since is None else SETTLE_SECONDS)
        try:
            while not watching.done():
                await asyncio.sleep(POLL_SECONDS)
                now_s = time.monotonic()
                while came:  # filled by another thread meanwhile
                    rows = came.popleft()
                    merge.add(find(_from(rows, begin, met if since is None else None)), now_s)
                more = now_s - max(filling.values(), default=-inf) < FILL_SECONDS and merge.held < MOST_HELD
                ready = None if more else merge.ready(now_s)
                if ready is not None:
                    write(ready)
        finally:
            stop.set()
            await watching


def _said(host: str, failure: Failure | None) -> None:
    if failure:
        from ..query.text import plain

        say(f"{host or 'this machine'}: {failure.outcome}: {plain(failure.detail or '')}")


def _from(rows: pa.Table, begin: int, met: set[str] | None) -> pa.Table:
    """The entries that are not older than `begin`, microseconds UTC; and of hosts that were `met` all, since what comes of these is new, whatever
    their clocks say. Hosts are added to `met` with their first."""
    import pyarrow as pa
    import pyarrow.compute as pc

    wanted = pc.greater_equal(rows["ts"], pa.scalar(begin, rows["ts"].type))
    if met is not None:
        wanted = pc.or_(wanted, pc.is_in(rows["host"], pa.array(sorted(met), pa.string())))
        met.update(pc.unique(rows["host"]).to_pylist())
    return rows.filter(wanted)


def _follow(
    config: Config,
    roots: Sequence[Path],
    expressions: Sequence[str],
    since: int | None,
    find: Find,
    write: Write,
) -> None:
    """Show what stores have, and what collectors append to them."""
    from ..query.merge import Merge

    before, poll = _stored(config, roots, since, _chooser(config, roots, expressions), find)
    if before is not None:
        write(before)
    merge, looked, running = Merge(HOLD_SECONDS), 0.0, True
    while True:
        time.sleep(POLL_SECONDS)
        now = time.monotonic()
        came = poll()
        if came is not None:
            merge.add(came, now)
        ready = merge.ready(now)
        if ready is not None:
            write(ready)
        if now - looked > LOOK_SECONDS:
            looked, before_that = now, running
            running = any(_collected(root) for root in roots)
            if running != before_that:
                say(
                    "livedata: a collector runs again"
                    if running
                    else "livedata: no collector runs: nothing comes until one does"
                )


def _chooser(config: Config, roots: Sequence[Path], expressions: Sequence[str]) -> Callable[[str], bool]:
    """Whether a host is among those that are meant: by the inventory, or by name or glob.

    Raises:
        UsageError: neither the inventory nor the stores know such a host.
    """
    from ..errors import InventoryError, UsageError
    from ..inventory import find_hosts
    from ..query.source import chosen_hosts, stores_source

    if not expressions:
        return lambda host: True
    try:
        names = {host.name for host in find_hosts(config, expressions)}
    except (UsageError, InventoryError):
        names = set(chosen_hosts(stores_source(roots), expressions))
    return lambda host: host in names or any(fnmatchcase(host, pattern) for pattern in expressions)


def _stored(
    config: Config, roots: Sequence[Path], since: int | None, chosen: Callable[[str], bool], find: Find
) -> tuple[pa.Table | None, Poll]:
    """The entries that stores have, and what gives those that collectors append to them."""
    import pyarrow as pa

    from ..query.engine import Limits
    from ..query.tail import first, rows_since
    from ..query.views import Scope

    limits, scope = Limits(config.query_seconds, config.query_memory), Scope(since, None, None)
    places: dict[Path, Place] = {}
    found = []
    for root in roots:
        rows, places[root] = first(root, "log", _first_sql(since), scope=scope, limits=limits, warn=_warn)
        found.append(rows)

    def those(rows: pa.Table | None) -> pa.Table | None:
        if rows is None:
            return None
        return find(rows.filter(pa.array([chosen(host) for host in rows["host"].to_pylist()], pa.bool_())))

    def poll() -> pa.Table | None:
        came = []
        for root, place in places.items():
            rows, places[root] = rows_since(root, "log", place)
            came.append(rows)
        return those(_together(came))

    before = those(_together(found))
    if before is not None:
        before = before.sort_by("ts")
        before = before if since is not None else before.slice(max(0, before.num_rows - BEFORE))
    return before, poll


def _together(tables: Sequence[pa.Table | None]) -> pa.Table | None:
    """The rows of several stores, in the columns that the first has."""
    import pyarrow as pa

    found = [table for table in tables if table is not None]
    if not found:
        return None
    return pa.concat_tables([table.select(found[0].column_names) for table in found])


def _first_sql(since: int | None) -> str:
    """Without `since`: more than are shown, so that those of the chosen hosts are among them."""
    if since is not None:
        return "SELECT * FROM log ORDER BY ts"
    return f"SELECT * FROM (SELECT * FROM log WHERE ts > now() - INTERVAL 1 HOUR ORDER BY ts DESC LIMIT {BEFORE * 1000}) ORDER BY ts"


def _warn(sentence: str) -> None:
    say(f"livedata: {sentence}")

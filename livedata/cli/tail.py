"""`livedata fleet tail`: the logs of the whole fleet as they come, in order of time."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from .common import StoresOption, configure, end_by_exit, say, when

if TYPE_CHECKING:
    import pyarrow as pa

    from ..config import Config
    from ..query.table import Look
    from ..store.reader import Place

POLL_SECONDS = 0.25
HOLD_SECONDS = 0.5
"""Entries that reach livedata within so long of one another are given in order of time."""
BEFORE = 10
"""Entries of before that are given first, where nothing says since when."""

Poll = Callable[[], "pa.Table | None"]
"""The entries that came since it was last called."""


def tail(
    *,
    host: Annotated[
        list[str] | None,
        typer.Option("--host", metavar="HOST", help="These hosts: names or globs; may be repeated"),
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
) -> None:
    """Show the fleet's log entries as they come, in order of time, until Ctrl-C.

    Entries that reach livedata within half a second of one another stand in order of time. `livedata fleet query` over the table `log` has those of before.
    """
    from ..query.merge import Merge
    from .query import look

    config = configure(store=store[0] if store else None)
    roots = [path.expanduser().absolute() for path in store or ()] or [config.store]
    begin = when(since, time.time_ns() // 1000, "--since")
    end_by_exit()
    out = sys.stdout.buffer
    write = _writer(format_name, out, look(out))
    before, poll = _stored(config, roots, begin, tuple(host) if host else None)
    if before is not None:
        write(before)
    merge = Merge(HOLD_SECONDS)
    while True:
        time.sleep(POLL_SECONDS)
        now = time.monotonic()
        came = poll()
        if came is not None:
            merge.add(came, now)
        ready = merge.ready(now)
        if ready is not None:
            write(ready)


def _writer(name: str, out: IO[bytes], look: Look) -> Callable[[pa.Table], None]:
    """What writes entries in a format. Raises UsageError."""
    from ..errors import UsageError
    from ..query.formats import write_jsonl
    from ..query.logline import LogLines

    def objects(rows: pa.Table) -> None:
        write_jsonl(rows.schema, rows.to_batches(), out, look)
        out.flush()

    writers: dict[str, Callable[[pa.Table], None]] = {"lines": LogLines(out, look).write, "jsonl": objects}
    if name not in writers:
        raise UsageError(
            f"there is no format {name!r}", where="--format", hint=f"formats: {', '.join(writers)}"
        )
    return writers[name]


def _stored(
    config: Config, roots: Sequence[Path], since: int | None, hosts: tuple[str, ...] | None
) -> tuple[pa.Table | None, Poll]:
    """The entries that stores have, and what gives those that collectors append to them."""
    from fnmatch import fnmatchcase

    import pyarrow as pa

    from ..query.engine import Limits
    from ..query.tail import first, rows_since
    from ..query.views import Scope

    limits, scope = Limits(config.query_seconds, config.query_memory), Scope(since, None, hosts)
    places: dict[Path, Place] = {}
    found = []
    for root in roots:
        rows, places[root] = first(root, "log", _first_sql(since), scope=scope, limits=limits, warn=_warn)
        found.append(rows)
    before = _together(found)

    def poll() -> pa.Table | None:
        came = []
        for root, place in places.items():
            rows, places[root] = rows_since(root, "log", place)
            came.append(rows)
        rows = _together(came)
        if rows is None or hosts is None:
            return rows
        chosen = [any(fnmatchcase(host, pattern) for pattern in hosts) for host in rows["host"].to_pylist()]
        return rows.filter(pa.array(chosen, pa.bool_()))

    if before is not None:
        before = before.sort_by("ts")
        before = before if since else before.slice(max(0, before.num_rows - BEFORE))
    return before, poll


def _together(tables: Sequence[pa.Table | None]) -> pa.Table | None:
    """The rows of several stores, in the columns that the first has."""
    import pyarrow as pa

    found = [table for table in tables if table is not None]
    if not found:
        return None
    return pa.concat_tables([table.select(found[0].column_names) for table in found])


def _first_sql(since: int | None) -> str:
    if since is not None:
        return "SELECT * FROM log ORDER BY ts"
    return f"SELECT * FROM (SELECT * FROM log WHERE ts > now() - INTERVAL 1 HOUR ORDER BY ts DESC LIMIT {BEFORE}) ORDER BY ts"


def _warn(sentence: str) -> None:
    say(f"livedata: {sentence}")

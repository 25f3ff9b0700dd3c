"""`livedata fleet ps`: every process of hosts at a kept moment, as ps would have shown it there and then."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from ..query.processes import AT, PROCESSES
from .common import StoreOption, configure, say, when
from .query import FormatOption

if TYPE_CHECKING:
    import pyarrow as pa

    from ..config import Config
    from ..query.views import Scope

LAST = f"""
SELECT max(ts) AS sampled FROM scrape
WHERE probe = 'process' AND whole IS NOT NULL AND ts BETWEEN {AT} - INTERVAL 1 DAY AND {AT}
"""
"""The last moment before, for hosts that are not watched but asked now and then."""

SORTS = {
    "cpu": "cpu_pct DESC NULLS LAST, rss_bytes DESC NULLS LAST",
    "memory": "rss_bytes DESC NULLS LAST",
    "threads": "threads DESC",
    "started": "started DESC NULLS LAST",
    "user": '"user", cpu_pct DESC NULLS LAST',
    "pid": "host, pid",
}


def ps(
    at: Annotated[
        str, typer.Option("--at", metavar="TIME", help="The moment: 15m, 03:12, 'yesterday 03:12'")
    ] = "now",
    host: Annotated[
        list[str] | None,
        typer.Option("--host", metavar="HOST", help="These hosts: names or globs; may be repeated"),
    ] = None,
    sort: Annotated[str, typer.Option("--sort", metavar="ORDER", help=", ".join(SORTS))] = "cpu",
    limit: Annotated[
        int | None, typer.Option("--limit", "-n", metavar="N", min=1, help="The first N only")
    ] = None,
    format_name: FormatOption = None,
    store: StoreOption = None,
) -> None:
    """Show every process that hosts had at a moment: what it used since the sample before, and who it is.

    `cpu_pct` is of one core; `children_cpu_pct` is that of children that ended since. `ts` is the sample, the last one up to the moment. SQL
    that gives the same: docs/processes.md.
    """
    from datetime import UTC, datetime

    from ..errors import UsageError
    from ..query.formats import FORMATS
    from ..query.views import Scope
    from .query import choose_format, destination, look

    if sort not in SORTS:
        raise UsageError(f"there is no order {sort!r}", where="--sort", hint=f"known are: {', '.join(SORTS)}")
    config = configure(store=store)
    form = choose_format(format_name, None, FORMATS)
    scope = Scope(hosts=tuple(host) if host else None)
    moment = when(at, time.time_ns() // 1000, "--at")
    assert moment is not None
    sql = f"{PROCESSES}ORDER BY {SORTS[sort]}, host, pid" + (f" LIMIT {limit}" if limit else "")

    def asked(us: int) -> pa.Table:
        return _ask(config, sql, us, scope)

    found = asked(moment)
    if not found.num_rows:
        last = _ask(config, LAST, moment, scope)["sampled"][0].value
        if last is None:
            raise UsageError(
                f"no processes are known of the day before {datetime.fromtimestamp(moment / 1e6, UTC):%Y-%m-%dT%H:%M:%SZ}",
                where="--at", hint="livedata fleet status shows what hosts there are, and when each was asked last",
            )  # fmt: skip
        say(
            f"livedata: nothing was asked in the ten minutes before; this is of {datetime.fromtimestamp(last / 1e6, UTC):%Y-%m-%dT%H:%M:%SZ}"
        )
        found = asked(last)
    with destination(None) as out:
        form.write(found.schema, found.to_batches(), out, look(out))


def _ask(config: Config, sql: str, us: int, scope: Scope) -> pa.Table:
    """The answer at a moment, microseconds UTC."""
    import pyarrow as pa

    from ..query.engine import Limits, store_source, stream
    from ..query.views import timestamp_sql

    limits = Limits(config.query_seconds, config.query_memory)
    with stream(
        store_source(config.store),
        sql.replace(AT, timestamp_sql(us)),
        scope=scope,
        limits=limits,
        warn=lambda s: say(f"livedata: {s}"),
    ) as (schema, batches):
        return pa.Table.from_batches(list(batches), schema)

"""`livedata fleet logs`: what hosts' logs are made of."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from ..query.patterns import ORDERS
from .common import StoreOption, configure, say, when
from .query import FormatOption

if TYPE_CHECKING:
    import pyarrow as pa

    from ..config import Config
    from ..query.views import Scope

DAY_US = 86_400_000_000


def patterns(
    *,
    new: Annotated[
        bool, typer.Option("--new", help="Only what had never come before --since (or the last 24 hours)")
    ] = False,
    only_one_host: Annotated[
        bool, typer.Option("--only-one-host", help="Only what a single host says")
    ] = False,
    host: Annotated[
        list[str] | None,
        typer.Option("--host", metavar="HOST", help="These hosts: names or globs; may be repeated"),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="TIME", help="From then on: 15m, 2026-11-20T03:00, 'yesterday 03:00'"
        ),
    ] = None,
    unit: Annotated[
        str | None, typer.Option("--unit", metavar="UNIT", help="A unit or identifier; * stands for anything")
    ] = None,
    priority: Annotated[
        int | None,
        typer.Option(
            "--priority", metavar="N", min=0, max=7, help="This grave at least: 3 is error, 4 warning"
        ),
    ] = None,
    sort: Annotated[str, typer.Option("--sort", metavar="ORDER", help=", ".join(ORDERS))] = "count",
    limit: Annotated[int, typer.Option("--limit", "-n", metavar="N", min=1, help="The first N only")] = 50,
    format_name: FormatOption = None,
    store: StoreOption = None,
) -> None:
    """Show what messages are made of: each template with how often it came, on how many hosts, first and last, and an example.

    A template is a message without what differs from case to case; `<*>` stands for numbers, ids, addresses. SQL and meaning: docs/logs.md.
    """
    from ..errors import UsageError
    from ..query.formats import FORMATS
    from ..query.patterns import examples_sql, patterns_sql, with_examples
    from ..query.views import Scope
    from .query import choose_format, destination, look

    if sort not in ORDERS:
        raise UsageError(
            f"there is no order {sort!r}", where="--sort", hint=f"known are: {', '.join(ORDERS)}"
        )
    config = configure(store=store)
    form = choose_format(format_name, None, FORMATS)
    now = time.time_ns() // 1000
    from_us = when(since, now, "--since")
    if new and from_us is None:
        from_us = now - DAY_US
    sql = patterns_sql(
        since_us=from_us,
        new=new,
        only_one_host=only_one_host,
        unit=None if unit is None else unit.replace("*", "%"),
        priority=priority,
        order=sort,
        limit=limit,
    )
    with _asking(config, Scope(hosts=tuple(host) if host else None)) as ask:
        found = ask(sql)
        if found.num_rows:
            found = with_examples(found, ask(examples_sql(found)))
    with destination(None) as out:
        form.write(found.schema, found.to_batches(), out, look(out))


@contextmanager
def _asking(config: Config, scope: Scope) -> Iterator[Callable[[str], pa.Table]]:
    """Questions one after the other."""
    import pyarrow as pa

    from ..query.engine import Limits, Pool, store_source, stream

    source = store_source(config.store)
    with Pool(Limits(config.query_seconds, config.query_memory)) as pool:

        def ask(sql: str) -> pa.Table:
            with stream(source, sql, scope=scope, pool=pool, warn=lambda s: say(f"livedata: {s}")) as (
                schema,
                batches,
            ):
                return pa.Table.from_batches(list(batches), schema)

        yield ask

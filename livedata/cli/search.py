"""`livedata fleet search`: the search language over the whole fleet, to a screen, a pipe or a file."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from .common import StoresOption, configure, end_by_exit, say, when
from .events import histogram, shows_entries, write_entries
from .query import FormatOption, OutputOption, choose_format, destination, look, read_text

if TYPE_CHECKING:
    from ..query.engine import Answer
    from ..search.compile import Compiled


def completions(incomplete: str) -> list[str]:
    """What the shell offers for a search that is begun: the whole text with each candidate at its end."""
    from ..query.source import store_source
    from ..search.complete import complete, names_of
    from ..searching import search_world

    world = search_world(store_source(configure().store), time.time_ns() // 1000)
    found = complete(incomplete, len(incomplete), names_of(world))
    return [incomplete[: c.start] + c.text for c in found]


def search(
    text: Annotated[
        str | None,
        typer.Argument(
            metavar="[SEARCH]", help="A search; - or nothing reads stdin", autocompletion=completions
        ),
    ] = None,
    *,
    format_name: FormatOption = None,
    output: OutputOption = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="TIME", help="Rows from then on, unless the search says earliest="),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="TIME", help="Rows before then, unless the search says latest="),
    ] = None,
    host: Annotated[
        list[str] | None,
        typer.Option("--host", metavar="HOST", help="Rows of these hosts: names or globs; may be repeated"),
    ] = None,
    show_sql: Annotated[
        bool, typer.Option("--sql", help="Print the SQL that it becomes, and don't run it")
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Print the engine's plan, and don't run it")
    ] = False,
    help_command: Annotated[
        str | None,
        typer.Option(
            "--help-command",
            metavar="NAME",
            help="Syntax, options and examples of a command; 'commands', 'functions' and 'aggregates' list them",
        ),
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(
            "--timeout", metavar="SECONDS", help="The longest it may take  [$LIVEDATA_QUERY_SECONDS]"
        ),
    ] = None,
    store: StoresOption = None,
) -> None:
    """Ask the store in the search language: 'error | stats count by host'."""
    if help_command is not None:
        from ..search.help import command_help

        print(command_help(help_command), end="")
        return
    config = configure(store=store[0] if store else None, query_seconds=timeout)
    written = read_text(text, "search", "livedata fleet search 'error | stats count by host'")
    from ..query.engine import Limits, stream
    from ..query.formats import FORMATS
    from ..query.source import stores_source
    from ..query.spread import spread
    from ..searching import compiled, search_world, searched

    form = choose_format(format_name, output, FORMATS)
    now = time.time_ns() // 1000
    roots = [path.expanduser().absolute() for path in store or ()] or [config.store]
    source = stores_source(roots)
    world = search_world(
        source,
        now,
        config=config,
        since_us=when(since, now, "--since"),
        until_us=when(until, now, "--until"),
        only=host,
    )
    found = compiled(written, world, pretty=show_sql)
    for note in found.notes:
        say(f"livedata: {note}")
    if show_sql:
        print(found.sql + ";")
        return
    end_by_exit()
    begun = time.perf_counter()
    ask = partial(
        stream,
        searched(source, world, found),
        limits=Limits(config.query_seconds, config.query_memory),
        warn=lambda sentence: say(f"livedata: {sentence}"),
    )
    on_screen = format_name is None and output is None and sys.stdout.isatty() and not explain
    entries = on_screen and shows_entries(found.fields, found.events)
    if entries:
        _picture(ask, compiled(f"{written} | timechart count", world))
    with (
        ask(f"EXPLAIN {found.sql}" if explain else found.sql) as (schema, batches),
        destination(output) as out,
    ):
        if entries:
            rows = write_entries(schema, batches, out, look(out), found.terms)
        elif found.wide and not explain:
            rows = form.write(*spread(schema, batches, found.wide), out, look(out))
        else:
            rows = form.write(schema, batches, out, look(out))
    if sys.stdout.isatty() and sys.stderr.isatty():
        sys.stdout.flush()
        say(
            f"{rows} row{'' if rows == 1 else 's'} in {time.perf_counter() - begun:.2f} s; times are {time.strftime('%Z')}"
        )


def _picture(ask: Callable[[str], AbstractContextManager[Answer]], counted: Compiled) -> None:
    """Draws how many entries there are when."""
    with ask(counted.sql) as (_, batches):
        buckets = [row for batch in batches for row in batch.to_pylist()]
    times = [int(row["_time"].timestamp() * 1_000_000) for row in buckets]
    drawn = histogram(times, [row["count"] for row in buckets], os.get_terminal_size().columns)
    sys.stdout.write(drawn and f"{drawn}\n")
    sys.stdout.flush()

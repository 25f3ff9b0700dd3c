"""`livedata fleet search`: the search language over the whole fleet, to a screen, a pipe or a file."""

from __future__ import annotations

import sys
import time
from typing import Annotated

import typer

from .common import StoresOption, configure, end_by_exit, say, when
from .query import FormatOption, OutputOption, choose_format, destination, look, read_text


def search(
    text: Annotated[
        str | None, typer.Argument(metavar="[SEARCH]", help="A search; - or nothing reads stdin")
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
    from ..app import compiled, search_world, searched
    from ..query.engine import Limits, stream
    from ..query.formats import FORMATS
    from ..query.source import stores_source
    from ..query.spread import spread

    form = choose_format(format_name, output, FORMATS)
    now = time.time_ns() // 1000
    roots = [path.expanduser().absolute() for path in store or ()] or [config.store]
    source = stores_source(roots)
    world = search_world(
        config,
        source,
        now,
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
    statement = f"EXPLAIN {found.sql}" if explain else found.sql
    with (
        stream(
            searched(source, world, found),
            statement,
            limits=Limits(config.query_seconds, config.query_memory),
            warn=lambda s: say(f"livedata: {s}"),
        ) as (schema, batches),
        destination(output) as out,
    ):
        if found.wide and not explain:
            rows = form.write(*spread(schema, batches, found.wide), out, look(out))
        else:
            rows = form.write(schema, batches, out, look(out))
    if sys.stdout.isatty() and sys.stderr.isatty():
        sys.stdout.flush()
        say(
            f"{rows} row{'' if rows == 1 else 's'} in {time.perf_counter() - begun:.2f} s; times are {time.strftime('%Z')}"
        )

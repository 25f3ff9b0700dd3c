"""`livedata fleet query`: SQL over the whole fleet, to a screen, a pipe or a file."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from .common import StoresOption, configure, end_by_exit, say, when

if TYPE_CHECKING:
    from ..config import Config
    from ..query.formats import Format
    from ..query.table import Look

SCREEN_ROWS = 100
"""Rows that a terminal is shown at most."""

FormatOption = Annotated[
    str | None,
    typer.Option(
        "--format", "-f", metavar="FORMAT", help="table, csv, json, jsonl, parquet, arrow, markdown"
    ),
]
OutputOption = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write there; the suffix says the format"),
]


def query(
    sql: Annotated[
        str | None, typer.Argument(metavar="[SQL]", help="One SELECT; - or nothing reads stdin")
    ] = None,
    *,
    format_name: FormatOption = None,
    output: OutputOption = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="TIME", help="Rows from then on: 15m, 2026-11-20T03:00, 'yesterday 03:00'"
        ),
    ] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="TIME", help="Rows before then")] = None,
    host: Annotated[
        list[str] | None,
        typer.Option("--host", metavar="HOST", help="Rows of these hosts: names or globs; may be repeated"),
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(
            "--timeout", metavar="SECONDS", help="The longest it may take  [$LIVEDATA_QUERY_SECONDS]"
        ),
    ] = None,
    store: StoresOption = None,
) -> None:
    """Ask the store in SQL (DuckDB's): one SELECT over the tables of `livedata fleet tables`."""
    config = configure(store=store[0] if store else None, query_seconds=timeout)
    text = read_text(sql, "SQL", 'livedata fleet query "SELECT host, count(*) FROM cpu GROUP BY host"')
    from dataclasses import replace

    from ..query.engine import Limits, stream
    from ..query.formats import FORMATS
    from ..query.source import stores_source
    from ..query.views import Scope

    form = choose_format(format_name, output, FORMATS)
    end_by_exit()
    now = time.time_ns() // 1000
    scope = Scope(when(since, now, "--since"), when(until, now, "--until"), tuple(host) if host else None)
    begun = time.perf_counter()
    roots = [path.expanduser().absolute() for path in store or ()] or [config.store]
    source = replace(stores_source(roots), probes=lambda: _probe_names(config))
    limits = Limits(config.query_seconds, config.query_memory)
    with (
        stream(source, text, scope=scope, limits=limits, warn=lambda s: say(f"livedata: {s}")) as (
            schema,
            batches,
        ),
        destination(output) as out,
    ):
        rows = form.write(schema, batches, out, look(out))
    if sys.stdout.isatty() and sys.stderr.isatty():
        sys.stdout.flush()
        say(
            f"{rows} row{'' if rows == 1 else 's'} in {time.perf_counter() - begun:.2f} s; times are {time.strftime('%Z')}"
        )


def read_text(argument: str | None, what: str, example: str) -> str:
    """The question from the command line or stdin. Raises UsageError."""
    from ..errors import UsageError

    if argument not in (None, "-"):
        return str(argument)
    if argument is None and sys.stdin.isatty():
        raise UsageError(f"there is no {what}", hint=f"for example: {example}")
    try:
        return sys.stdin.buffer.read().decode()
    except UnicodeDecodeError as error:
        raise UsageError(
            f"the {what} is not UTF-8: {error.reason} at byte {error.start}", where="stdin"
        ) from None


def _probe_names(config: Config) -> set[str]:
    """The tables that collecting would fill; none where a probe can't be read, which is not what was asked."""
    from ..errors import ProbeError
    from ..probe.load import load_probes, own_tables

    try:
        return {"scrape", *own_tables(load_probes(config.probes))}
    except ProbeError:
        return set()


def choose_format(name: str | None, output: Path | None, formats: dict[str, Format]) -> Format:
    """The format that is named, or that the file's suffix says; `table` otherwise.

    Raises:
        UsageError: there is no such format, the suffix says none, or a terminal can't show it.
    """
    from difflib import get_close_matches

    from ..errors import UsageError

    if name is None and output is not None and output.suffix:
        suffix = output.suffix.lower()
        name = next((n for n, f in formats.items() if suffix in f.suffixes), None)
        if name is None:
            raise UsageError(
                f"{suffix} says no format", where="--output", hint=f"give --format: {', '.join(formats)}"
            )
    name = name or "table"
    if name not in formats:
        near = get_close_matches(name, formats, 1)
        hint = f"did you mean {near[0]}?" if near else f"formats: {', '.join(formats)}"
        raise UsageError(f"there is no format {name!r}", where="--format", hint=hint)
    if formats[name].binary and output is None and sys.stdout.isatty():
        raise UsageError(
            f"{name} is not for a terminal", where="--format", hint="give --output FILE, or a pipe"
        )
    return formats[name]


def look(out: IO[bytes]) -> Look:
    """How the answer is shown where it goes."""
    from ..query.table import Look

    if not out.isatty():
        return Look()
    colour = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return Look(
        terminal=True,
        columns=os.get_terminal_size(out.fileno()).columns or 80,
        rows=SCREEN_ROWS,
        colour=colour,
    )


@contextmanager
def destination(output: Path | None) -> Iterator[IO[bytes]]:
    """Where the answer goes: stdout, or a file that appears whole or not at all.

    Raises:
        UsageError: the file can't be written.
    """
    if output is None:
        yield sys.stdout.buffer
        return
    from ..errors import UsageError

    special = output.exists() and not output.is_file()  # a pipe, a device: there is nothing to rename
    target = output.resolve()
    aside = output if special else target.with_name(f".{target.name[:200]}.{os.getpid()}.part")
    try:
        file = aside.open("wb" if special else "xb")
    except OSError as error:
        raise UsageError(f"can't write it: {error.strerror}", where=str(output)) from error
    try:
        with file:
            yield file
            file.flush()
            if not special:
                os.fsync(file.fileno())
        if not special:
            aside.replace(target)
    finally:
        if not special:
            aside.unlink(missing_ok=True)

"""`livedata store export, import`: rows to and from files, bundles and a Prometheus."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from .common import InventoryOption, StoreOption, configure, end_by_exit, progress, progress_ends, say, when
from .query import destination

if TYPE_CHECKING:
    import pyarrow as pa

    from ..config import Config
    from ..model.host import Host
    from ..model.probe import Probe
    from ..query.views import Scope
    from ..transfer.pieces import Ask, Piece
    from ..transfer.target import Target

LONGEST_SECONDS = 86_400.0
"""The longest that reading one piece of a table may take."""


def export(
    tables: Annotated[list[str] | None, typer.Argument(metavar="[TABLE]...", help="Default: all")] = None,
    *,
    to: Annotated[
        str | None,
        typer.Option(
            "--to", "-o", metavar="PLACE", help="A file (its suffix says the format), a folder, or -"
        ),
    ] = None,
    bundle: Annotated[
        Path | None,
        typer.Option("--bundle", metavar="FILE", help="One file that `store import` opens as a store"),
    ] = None,
    remote_write: Annotated[
        str | None, typer.Option("--remote-write", metavar="URL", help="Send it to a Prometheus")
    ] = None,
    format_name: Annotated[
        str | None,
        typer.Option("--format", "-f", metavar="FORMAT", help="parquet, csv, arrow, jsonl, openmetrics"),
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help="Rows from then on: 15m, 2026-11-20T03:00")
    ] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="TIME", help="Rows before then")] = None,
    host: Annotated[
        list[str] | None,
        typer.Option("--host", metavar="HOST", help="Rows of these hosts: names or globs; may be repeated"),
    ] = None,
    partition_by: Annotated[
        str | None, typer.Option("--partition-by", metavar="host|day", help="A file for each, in TABLE/")
    ] = None,
    compress: Annotated[
        str | None, typer.Option("--compress", metavar="CODEC", help="Of text: gzip, zstd or none")
    ] = None,
    store: StoreOption = None,
    inventory: InventoryOption = None,
) -> None:
    """Write rows where other programs read them: files, a bundle for another machine, or a Prometheus.

    Stored columns only; what is reckoned (rates, percentages) is had with `livedata fleet query --output`. A file appears whole or
    not at all.
    """
    from ..errors import UsageError
    from ..query.views import Scope

    given = [
        name
        for name, value in (("--to", to), ("--bundle", bundle), ("--remote-write", remote_write))
        if value
    ]
    if len(given) != 1:
        raise UsageError(
            f"{' and '.join(given)} at once" if given else "where to?",
            where="store export",
            hint="give one of --to FILE_OR_FOLDER, --bundle FILE, --remote-write URL",
        )
    config = configure(store=store, inventory=inventory)
    end_by_exit()
    now = time.time_ns() // 1000
    scope = Scope(when(since, now, "--since"), when(until, now, "--until"), tuple(host) if host else None)
    chosen = _chosen(config, tables or [])
    try:
        with _asker(config) as ask:
            if to is not None:
                _export_files(ask, chosen, scope, to, format_name, compress, partition_by, named=bool(tables))
            elif bundle is not None:
                _export_bundle(ask, chosen, scope, bundle, config, now)
            else:
                _remote_write(ask, chosen, scope, str(remote_write))
    finally:
        progress_ends()


@contextmanager
def _asker(config: Config) -> Iterator[Ask]:
    """Asks the store, and says each thing that is wrong with it once."""
    from ..query.engine import Limits, Pool, store_source, stream

    said: set[str] = set()

    def warn(sentence: str) -> None:
        if sentence not in said:
            said.add(sentence)
            progress_ends()
            say(f"livedata: {sentence}")

    source = store_source(config.store)
    with Pool(Limits(LONGEST_SECONDS, config.query_memory)) as pool:
        yield lambda sql, scope: stream(source, sql, scope=scope, pool=pool, warn=warn)


def _chosen(config: Config, names: Sequence[str]) -> list[Probe]:
    """The tables that are named, or all but rollups."""
    from ..errors import UsageError
    from ..query.problems import did_you_mean
    from ..store.reader import table_definitions

    known = table_definitions(config.store)
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known, "livedata fleet tables lists them")
            raise UsageError(f"the store at {config.store} has no table {name!r}", hint=hint)
    if not known:
        raise UsageError("the store is empty", where=str(config.store), hint="livedata up fills it")
    every = sorted(name for name, probe in known.items() if not probe.rollup_of)
    return [known[name] for name in dict.fromkeys(names or every)]


def _export_files(
    ask: Ask,
    tables: Sequence[Probe],
    scope: Scope,
    to: str,
    form: str | None,
    compress: str | None,
    partition_by: str | None,
    *,
    named: bool,
) -> None:
    from ..errors import UsageError
    from ..transfer import pieces
    from ..transfer.formats import FORMATS
    from ..transfer.target import OPENMETRICS, target

    parts = {None: pieces.days, "day": pieces.days, "host": pieces.hosts}
    if partition_by not in parts:
        raise UsageError(f"{partition_by!r} is neither host nor day", where="--partition-by")
    place = target(to, form, compress, [t.name for t in tables], partition_by is not None)
    if place.path is None and place.form in FORMATS and FORMATS[place.form].binary and sys.stdout.isatty():
        raise UsageError(f"{place.form} is not for a terminal", where="--to", hint="give a file, or a pipe")
    if place.form == OPENMETRICS:
        _export_metrics(ask, tables, scope, place)
        return
    total = files = 0
    for probe in tables:
        found = parts[partition_by](ask, probe, scope)
        if not found and not named:
            continue
        tell = progress(probe.name, sum(piece.rows for piece in found))
        lots = [([p.key], [p]) for p in found] if partition_by else [([], found)]
        for key, lot in lots:
            path = place.file(probe.name, *key)
            with _written(path, place.codec, in_folder=place.folder) as out:
                total += FORMATS[place.form].write(probe, _told(ask, probe, lot, tell), out)
            files += 1
    progress_ends()
    if place.path is not None:
        say(f"{total:,} rows in {files} file{'' if files == 1 else 's'}: {place.path}")


def _told(
    ask: Ask, probe: Probe, lot: Sequence[Piece], tell: Callable[[int], None]
) -> Iterator[pa.RecordBatch]:
    """A table's rows, of which the terminal is told."""
    from ..transfer.pieces import rows

    for batch in rows(ask, probe, lot):
        yield batch
        tell(batch.num_rows)


@contextmanager
def _written(path: Path | None, codec: str = "", *, in_folder: bool = False) -> Iterator[IO[bytes]]:
    """A file that appears whole or not at all, in a folder that is made where need be. Raises UsageError."""
    from ..errors import UsageError
    from ..transfer.formats import compressed

    try:
        if in_folder and path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        with destination(path) as out, compressed(out, codec) as packed:
            yield packed
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UsageError(f"can't write it: {error.strerror or error}", where=str(path or "stdout")) from error


def _export_metrics(ask: Ask, tables: Sequence[Probe], scope: Scope, place: Target) -> None:
    """One file of all tables; in a folder a file a table."""
    from ..transfer import openmetrics
    from ..transfer.families import families

    measured = [t for t in tables if families(t)]
    total = 0
    tell = progress("samples", 0)
    for lot in [[t] for t in measured] if place.folder else [measured]:
        path = place.file(*[t.name for t in lot][:1])
        with _written(path, place.codec, in_folder=place.folder) as out:
            total += openmetrics.write(ask, [(t, scope) for t in lot], out, tell)
    progress_ends()
    if place.path is not None:
        say(f"{total:,} samples: {place.path}")


def _export_bundle(
    ask: Ask, tables: Sequence[Probe], scope: Scope, path: Path, config: Config, now: int
) -> None:
    from ..errors import UsageError
    from ..transfer.bundle import SUFFIX, readme, write_bundle
    from ..transfer.inventory import INVENTORY, inventory_rows
    from ..transfer.pieces import days, hosts

    if path.suffix != SUFFIX:
        raise UsageError(f"call it {path.name}{SUFFIX}", where="--bundle")
    if rolled := next((t for t in tables if t.rollup_of), None):
        hint = f"a bundle takes rows: {rolled.rollup_of}; whoever opens it has {rolled.name}, too"
        raise UsageError(f"{rolled.name} is a rollup", where="--bundle", hint=hint)
    plan = {t: found for t in tables if (found := days(ask, t, scope))}
    if not plan:
        raise UsageError("there are no such rows", where="--bundle", hint="widen --since, --until and --host")
    names = sorted({piece.key for t in plan for piece in hosts(ask, t, scope)})
    counts = {t.name: sum(piece.rows for piece in found) for t, found in plan.items()}
    keys = sorted({piece.key for found in plan.values() for piece in found})
    tell = progress("bundle", sum(counts.values()))
    contents: dict[str, tuple[Probe, Iterable[pa.RecordBatch]]] = {
        t.name: (t, _told(ask, t, found, tell)) for t, found in plan.items()
    }
    before = contents[INVENTORY.name][1] if INVENTORY.name in contents else ()
    contents[INVENTORY.name] = INVENTORY, chain(before, [inventory_rows(names, _known_hosts(config), now)])
    counts[INVENTORY.name] = counts.get(INVENTORY.name, 0) + len(names)
    text = readme(list(counts.items()), names, " to ".join(dict.fromkeys((keys[0], keys[-1]))))
    with _written(path) as out:
        rows = write_bundle(out, path.resolve().parent, text, list(contents.values()), now // 1_000_000)
    progress_ends()
    say(f"{rows:,} rows of {len(names)} hosts in {len(contents)} tables: {path}")


def _known_hosts(config: Config) -> Sequence[Host]:
    """The inventory's hosts; none, and a word, where it can't be read: the rows matter more."""
    from ..errors import LivedataError
    from ..inventory import find_hosts

    try:
        return find_hosts(config)
    except LivedataError as error:
        say(f"livedata: the bundle goes without labels: {error}")
        return ()


def _remote_write(ask: Ask, tables: Sequence[Probe], scope: Scope, url: str) -> None:
    from ..transfer.receiver import receiver
    from ..transfer.remote_write import send

    def warn(sentence: str) -> None:
        progress_ends()
        say(f"livedata: {sentence}")

    with closing(receiver(url, os.environ, warn)) as to:
        samples = send(
            ask, [(t, scope) for t in tables], to.post, lambda total: progress("remote write", total)
        )
    progress_ends()
    say(f"{samples:,} samples: {url}")


def take_in(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="A bundle, or files for --table")],
    *,
    table: Annotated[
        str | None,
        typer.Option("--table", "-t", metavar="NAME", help="The table that the rows become part of"),
    ] = None,
    ts: Annotated[str, typer.Option("--ts", metavar="COLUMN", help="The column of the time")] = "ts",
    host: Annotated[
        str, typer.Option("--host", metavar="COLUMN|=NAME", help="The column of the host, or the one host")
    ] = "host",
    label: Annotated[
        list[str] | None,
        typer.Option("--label", metavar="COLUMN", help="Names a series in a new table; may be repeated"),
    ] = None,
    store: StoreOption = None,
) -> None:
    """Open a bundle as a store of its own, or take the rows of Parquet, Arrow, CSV or JSON lines files as a table.

    Files need a column of times and one of hosts; the others become the table's, with types to fit all values. All rows are taken
    or, where one can't be, none.
    """
    config = configure(store=store)
    from ..errors import UsageError
    from ..transfer.bundle import SUFFIX

    end_by_exit()
    bundles = [file for file in files if file.suffix == SUFFIX]
    now = time.time_ns() // 1000
    try:
        if table is not None and not bundles:
            _import_files(config, files, table, ts, host, label or [], now)
        elif bundles == files and len(files) == 1 and table is None:
            _import_bundle(config, files[0], now)
        elif bundles:
            raise UsageError(
                "a bundle is imported alone, without --table",
                where=str(bundles[0]),
                hint=f"tar xf {bundles[0]} gives its tables as files",
            )
        else:
            raise UsageError(
                "which table?", where=str(files[0]), hint="--table NAME; a bundle's name ends in .livedata"
            )
    finally:
        progress_ends()


def _import_bundle(config: Config, path: Path, now: int) -> None:
    from ..transfer.load import load_bundle

    counts = load_bundle(path, config.store, now, progress(path.name, 0))
    progress_ends()
    say(f"{sum(counts.values()):,} rows in {len(counts)} tables: {config.store}")


def _import_files(
    config: Config, paths: Sequence[Path], table: str, ts: str, host: str, labels: Sequence[str], now: int
) -> None:
    from ..errors import UsageError
    from ..model.host import valid_name
    from ..model.scrape import SCRAPE
    from ..probe.load import load_probes, own_tables
    from ..store.reader import table_definitions
    from ..transfer.load import load_files, planned
    from ..transfer.plan import Wanted
    from ..transfer.read import open_table

    wanted = Wanted(table, ts, host, tuple(labels))
    if wanted.one_host is not None and not valid_name(wanted.one_host):
        raise UsageError(f"a host can't be called {wanted.one_host!r}", where="--host")
    probes = {SCRAPE.name: SCRAPE, **own_tables(load_probes(config.probes))}
    files = [open_table(path) for path in paths]
    plan = planned(files, wanted, table_definitions(config.store), probes)
    for before, after in plan.renamed.items():
        say(f"{before!r} becomes {after}")
    rows = load_files(config.store, files, plan, wanted, now, progress(table, 0))
    progress_ends()
    say(f"{rows:,} rows in {table}: {config.store}")

"""`livedata store info, compact, prune, verify, files`: what is kept, how big, how sound."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import StoreError
from .common import StoreOption, configure, say
from .query import FormatOption, choose_format, destination, look

if TYPE_CHECKING:
    import pyarrow as pa

    from ..config import Config
    from ..store.compact import Task
    from ..store.info import StoreInfo
    from ..store.keep import Keep
    from ..store.reader import TableContent
    from ..store.verify import Verified


def info(format_name: FormatOption = None, store: StoreOption = None) -> None:
    """Show the tables' rows, bytes and ages, how the store grows, and when its budget or the disk will be full.

    `bytes_per_sample` is over the values of counters and gauges. `kept` is how long rows stay (setting `keep`); a line on
    stderr tells of the whole store.
    """
    config = configure(store=store)
    from ..query.formats import FORMATS
    from ..store.info import info as look_at

    form = choose_format(format_name, None, FORMATS)
    now = time.time_ns() // 1000
    found = look_at(config.store, _keep(config), now)
    answer = _info_table(found)
    with destination(None) as out:
        form.write(answer.schema, answer.to_batches(), out, look(out))
    sys.stdout.flush()
    for sentence in _outlook(found):
        say(sentence)


def _info_table(found: StoreInfo) -> pa.Table:
    import pyarrow as pa

    stamp = pa.timestamp("us", tz="UTC")
    t = [table for table in found.tables if table.rows]
    return pa.table(
        {
            "table": [x.name for x in t],
            "hosts": pa.array([x.hosts for x in t], pa.int64()),
            "files": pa.array([x.files for x in t], pa.int64()),
            "rows": pa.array([x.rows for x in t], pa.int64()),
            "bytes": pa.array([x.bytes for x in t], pa.int64()),
            "bytes_per_row": pa.array([round(x.bytes / x.rows, 1) for x in t], pa.float64()),
            "bytes_per_sample": pa.array(
                [round(x.bytes / x.samples, 2) if x.samples else None for x in t], pa.float64()
            ),
            "oldest": pa.array([x.oldest for x in t], stamp),
            "newest": pa.array([x.newest for x in t], stamp),
            "bytes_per_day": pa.array(
                [None if x.bytes_per_day is None else round(x.bytes_per_day) for x in t], pa.int64()
            ),
            "kept": [f"{x.keep_hours / 24:g}d" for x in t],
        }
    )


def _outlook(found: StoreInfo) -> list[str]:
    """What the whole store takes, and what will become of it, in sentences."""
    whole = (
        f"{size(found.bytes)} of {size(found.budget)} (keep_bytes); {size(found.disk_free)} free on the disk"
    )
    if not found.bytes_per_day:
        return [f"{whole}; too young to say how it grows."]
    grows = f"{whole}; it grows by {size(found.bytes_per_day)} a day"
    if found.disk_full and (not found.budget_full or found.disk_full < found.budget_full):
        return [
            f"{grows}.",
            f"The disk will be full about {_day(found.disk_full)}: lower keep or keep_bytes.",
        ]
    if found.budget_full:
        return [
            f"{grows}.",
            f"keep_bytes will be reached about {_day(found.budget_full)}; then the oldest rows go.",
        ]
    return [f"{grows} and levels off at about {size(found.levels_off)}, when rows grow too old (keep)."]


def size(count: float) -> str:
    """Bytes as a person reads them: `12.3 GB`."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB"


def _day(us: int) -> str:
    return f"{datetime.fromtimestamp(us / 1e6, UTC):%Y-%m-%d}"


def _keep(config: Config) -> Keep:
    from ..store.keep import parse_keep

    return parse_keep(config.keep, config.keep_bytes)


def compact(
    background: Annotated[
        bool, typer.Option("--background", help="Only what is due, with low priority, without a word")
    ] = False,
    store: StoreOption = None,
) -> None:
    """Merge small files into large ones, make rollups, and let go what is too old; a collector may run meanwhile.

    A running collector does this by itself (`--background`): sealed files hourly, a day when it is over. By hand it does at once
    what could wait.
    """
    import os

    from .. import app

    config = configure(store=store)
    if background:
        os.nice(10)
    tell: Callable[[Task, int], None] = (lambda task, left: None) if background else _progress
    done = app.tend(config, force=not background, tell=tell)
    _clear()
    for sentence in done.damage:
        say(f"livedata: {sentence}; its rows are left out")
    if not background:
        say(
            f"{done.rows:,} rows in {done.tasks} steps, {done.seconds:.1f} s; {done.expired} files too old or too much, "
            f"{done.deleted} deleted"
        )


def _progress(task: Task, left: int) -> None:
    if sys.stderr.isatty():
        text = f"{left} to go: {task.rows:,} rows of {task.table}, {task.period}"
        print(f"\r{text[:78]:<78}", end="", file=sys.stderr, flush=True)


def _clear() -> None:
    if sys.stderr.isatty():
        print(f"\r{'':<78}\r", end="", file=sys.stderr, flush=True)


def prune(
    keep: Annotated[
        str | None, typer.Option("--keep", metavar="AGES", help="As the setting: '30d, log=90d, 5m=2y'")
    ] = None,
    keep_bytes: Annotated[str | None, typer.Option("--keep-bytes", metavar="SIZE", help="50GB")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it; without this, say what would go")] = False,
    store: StoreOption = None,
) -> None:
    """Give up rows that are too old, or more than the store may take. Says what would go; --yes does it.

    Files are deleted two minutes later, when no question can still be reading them: by the running collector, or the next
    compaction.
    """
    config = configure(store=store, keep=keep, keep_bytes=keep_bytes)
    from .. import app

    gone = app.prune(config, _keep(config), really=yes)
    for table in sorted({s.table for s in gone}):
        those = [s for s in gone if s.table == table]
        first, last = min(s.first_ts for s in those), max(s.last_ts for s in those)
        say(
            f"{table}: {sum(s.rows for s in those):,} rows of {_day(first)} to {_day(last)}, "
            f"{size(sum(s.bytes for s in those))}"
        )
    total = size(sum(s.bytes for s in gone))
    if not gone:
        say("Nothing is too old or too much.")
    elif yes:
        say(f"{total} given up.")
    else:
        say(f"{total} would go: --yes does it.")


def verify(
    repair: Annotated[
        bool, typer.Option("--repair", help="Make good what can be; stop the collector before")
    ] = False,
    store: StoreOption = None,
) -> None:
    """Check every file's checksum, and that nothing is missing or left over. Exit code 5 where something is.

    --repair builds a lost manifest anew from the files, puts a lost tables.json back, and sets damaged files aside, so that
    questions are answered from the rest.
    """
    config = configure(store=store)
    from ..store.verify import repair as mend
    from ..store.verify import verify as check

    now = time.time_ns() // 1000
    found = mend(config.store, now, tell=_checked) if repair else check(config.store, tell=_checked)
    _clear()
    for sentence in found.repaired or _findings(found):
        say(sentence)
    say(f"{found.files:,} files are sound: {found.rows:,} rows, {size(found.bytes)}")
    if not repair and (found.damage or found.strays):
        say("livedata store verify --repair sets aside what is damaged; the rest can be asked as before.")
        raise typer.Exit(StoreError.exit_code)


def _findings(found: Verified) -> list[str]:
    return [*found.damage, *(f"{path}: no part of the store" for path in found.strays)]


def _checked(done: int, of: int) -> None:
    if sys.stderr.isatty() and done % 50 == 0:
        print(f"\r{done} of {of} files", end="", file=sys.stderr, flush=True)


def files(
    tables: Annotated[list[str] | None, typer.Argument(metavar="[TABLE]...", help="Default: all")] = None,
    format_name: FormatOption = None,
    store: StoreOption = None,
) -> None:
    """List the Parquet files that are the store at this moment: for other tools, which find replaced files in its folders, too."""
    config = configure(store=store)
    from ..query.formats import FORMATS
    from ..store.reader import EVERYTHING, open_store, table_definitions

    form = choose_format(format_name, None, FORMATS)
    names = tables or list(table_definitions(config.store))
    with open_store(config.store, dict.fromkeys(names, EVERYTHING)) as content:
        answer = _files_table(content)
        with destination(None) as out:
            form.write(answer.schema, answer.to_batches(), out, look(out))


def _files_table(content: Mapping[str, TableContent]) -> pa.Table:
    import pyarrow as pa

    parts = [part for table in content.values() for part in table.parts]
    stamp = pa.timestamp("us", tz="UTC")
    return pa.table(
        {
            "path": pa.array([str(p.path) for p in parts], pa.string()),
            "table": pa.array([p.table for p in parts], pa.string()),
            "hosts": pa.array([p.hosts for p in parts], pa.int64()),
            "first_ts": pa.array([p.first_ts for p in parts], stamp),
            "last_ts": pa.array([p.last_ts for p in parts], stamp),
            "rows": pa.array([p.rows for p in parts], pa.int64()),
            "bytes": pa.array([p.bytes for p in parts], pa.int64()),
            "level": pa.array([p.level for p in parts], pa.int64()),
        }
    )

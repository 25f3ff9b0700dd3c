"""What the commands share: options declared once, the configuration of this run, and words for people on stderr."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import INTERRUPTED

if TYPE_CHECKING:
    from ..config import Config

StoreOption = Annotated[
    Path | None, typer.Option("--store", help="The store to use  [$LIVEDATA_STORE; default: XDG data folder]")
]
StoresOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--store",
        help="The store to ask; several are asked as one  [$LIVEDATA_STORE; default: XDG data folder]",
    ),
]
InventoryOption = Annotated[
    Path | None,
    typer.Option(
        "--inventory", "-i", help="The hosts' file  [$LIVEDATA_INVENTORY; default: XDG config folder]"
    ),
]
BackfillOption = Annotated[
    str | None,
    typer.Option(
        "--backfill",
        metavar="AGE",
        help="How far back to read journals: 24h, 30d, all, none  [$LIVEDATA_BACKFILL; default: 24h]",
    ),
]
HostsArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[HOST]...",
        help="Names, globs, labels (env=prod), expressions ('web and not env=dev') or user@host:port; default: all",
    ),
]


def configure(**flags: Any) -> Config:
    """The configuration of this run, from flags, environment and config.toml."""
    from ..config import load_config

    return load_config(**flags)


def say(text: str) -> None:
    """A line for a person: stderr, so that stdout stays data."""
    print(text, file=sys.stderr, flush=True)


def when(text: str | None, now_us: int, option: str) -> int | None:
    """Microseconds UTC of the time that an option names; None where it is not given. Raises UsageError."""
    if text is None:
        return None
    from ..query.when import parse_when

    return parse_when(text, now_us, option=option)


def end_by_exit() -> None:
    """From here on SIGTERM and SIGHUP end the process as an exception would, so that nothing is left behind."""

    def end(number: int, frame: object) -> None:
        signal.signal(number, signal.SIG_IGN)  # what has begun is tidied up in peace
        sys.exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # under nohup it stays ignored
            signal.signal(number, end)


def exit_code_of_a_signal() -> int:
    """The exit code where a signal ended a call of DuckDB's, which loses what the handler raised."""
    return 128 + signal.SIGTERM if signal.getsignal(signal.SIGTERM) is signal.SIG_IGN else INTERRUPTED


def progress(what: str, total: int) -> Callable[[int], None]:
    """A function that is told how many rows more are done, and says so on stderr where that is a terminal."""
    if not sys.stderr.isatty():
        return lambda rows: None
    done, shown = 0, 0.0

    def tell(rows: int) -> None:
        nonlocal done, shown
        done += rows
        now = time.monotonic()
        if now - shown >= 0.2 or done >= total > 0:
            shown = now
            of = f" of {total:,}" if total else ""
            print(f"\r{what}: {done:,}{of} rows"[:79] + "\x1b[K", end="", file=sys.stderr, flush=True)

    return tell


def progress_ends() -> None:
    """Clear the line that `progress` wrote."""
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)

"""What the commands share: options declared once, the configuration of this run, and words for people on stderr."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ..config import Config

StoreOption = Annotated[
    Path | None, typer.Option("--store", help="The store to use  [$LIVEDATA_STORE; default: XDG data folder]")
]
InventoryOption = Annotated[
    Path | None,
    typer.Option(
        "--inventory", "-i", help="The hosts' file  [$LIVEDATA_INVENTORY; default: XDG config folder]"
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

"""`livedata fleet top`: the screen, over a store that another process fills, or nobody."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from .common import InventoryOption, StoreOption, configure

if TYPE_CHECKING:
    from ..config import Config
    from ..model.host import Host
    from ..tui.app import Top
    from ..tui.asked import Translate

ThemeOption = Annotated[
    str | None,
    typer.Option("--theme", metavar="LOOK", help="dark or light; default: what the terminal says, else dark"),
]

NOBODY = "nothing is kept yet: livedata up, or livedata fleet watch, collects"


def top(store: StoreOption = None, inventory: InventoryOption = None, theme: ThemeOption = None) -> None:
    """Show the fleet on a screen: as it is, or as it was at any kept moment.

    Collects nothing: `livedata up` or `livedata fleet watch` does, in another process or at another time. Keys: docs/top.md.
    """
    from ..errors import UsageError
    from ..inventory import find_hosts

    if not terminal():
        raise UsageError(
            "the screen needs a terminal", hint="livedata fleet status and fleet query answer anywhere"
        )
    config = configure(store=store, inventory=inventory)
    screen = make_screen(config, find_hosts(config), theme)
    screen.run()
    raise typer.Exit(screen.return_code or 0)


def terminal() -> bool:
    """Whether there is a terminal to draw on and to take keys from."""
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def make_screen(config: Config, hosts: Sequence[Host], theme: str | None, waiting: str = NOBODY) -> Top:
    """The screen over a store; `hosts` are shown even where nothing is known of them. `waiting`: what is said while there are no rows.

    Raises UsageError: there is no such look.
    """
    from ..errors import UsageError
    from ..query.engine import Limits
    from ..tui.app import Top
    from ..tui.theme import THEMES, suitable

    if theme is not None and theme not in THEMES:
        raise UsageError(f"there is no look {theme!r}", where="--theme", hint=f"looks: {', '.join(THEMES)}")
    limits = Limits(config.query_seconds, config.query_memory)
    names = [host.name for host in hosts]
    return Top(
        config.store,
        limits=limits,
        names=names,
        choose=_chooser(hosts),
        translate=_translator(config),
        theme=theme or suitable(),
        waiting=waiting,
    )


def _translator(config: Config) -> Translate:
    """Searches as questions to the store; where one says no time it is about that of the time line."""
    from ..query.source import store_source
    from ..searching import compiled, search_world, searched
    from ..tui.asked import Asked

    def translate(text: str, span: tuple[int, int], hosts: Sequence[str] | None) -> Asked:
        source, (since, until) = store_source(config.store), span
        world = search_world(source, until, config=config, since_us=since, until_us=until + 1, only=hosts)
        found = compiled(text, world)
        return Asked(searched(source, world, found), found.sql, found.wide, found.notes)

    return translate


def _chooser(hosts: Sequence[Host]) -> Callable[[str, Sequence[str]], frozenset[str]]:
    """The inventory's selection language over hosts that it knows, and by name over others."""
    from ..inventory.select import evaluate, parse
    from ..model.host import Host

    known = {host.name: host for host in hosts}

    def choose(text: str, names: Sequence[str]) -> frozenset[str]:
        return evaluate(parse(text), [known.get(name) or Host(name) for name in names])

    return choose

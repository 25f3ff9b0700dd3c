"""`up`, `fleet watch` and `fleet snapshot`: the commands that collect."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import SOME_HOSTS_FAILED, NoHostReached, StoreLocked
from .common import BackfillOption, HostsArgument, InventoryOption, StoreOption, configure, say
from .filling import filling
from .saying import Log, Words, debugging, words
from .top import ThemeOption, make_screen, terminal

if TYPE_CHECKING:
    from ..config import Config
    from ..model.host import Host
    from ..model.scrape import Failure

ShardOption = Annotated[
    str | None,
    typer.Option(
        "--shard",
        metavar="N/M",
        help="Only the hosts of the Nth of M collectors, each with a store of its own",
    ),
]
QUESTION = "SELECT host, round(avg(busy_pct), 1) AS busy_pct FROM cpu WHERE ts > now() - INTERVAL 1 HOUR GROUP BY host"


def up(
    hosts: HostsArgument = None,
    store: StoreOption = None,
    inventory: InventoryOption = None,
    backfill: BackfillOption = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="Lines instead of the screen that a terminal gets")
    ] = False,
    theme: ThemeOption = None,
) -> None:
    """Watch this machine, without SSH, and the inventory's hosts or those named: the zero-configuration start.

    A terminal gets the screen of `livedata fleet top`; it ends with the collecting, by q or Ctrl-C.
    """
    from ..inventory import find_hosts
    from ..inventory.adhoc import this_machine

    config = configure(store=store, inventory=inventory, backfill=backfill)
    others = find_hosts(config, hosts or [], say)
    here = this_machine()
    watched = others if here.name in {h.name for h in others} else (here, *others)
    if terminal() and not plain:
        _watch_on_screen(config, watched, theme)
    else:
        _watch(config, watched, "livedata up")


def watch(
    hosts: HostsArgument = None,
    store: StoreOption = None,
    inventory: InventoryOption = None,
    backfill: BackfillOption = None,
    shard: ShardOption = None,
    log: Annotated[Log, typer.Option("--log", help="How to say what happens, on stderr")] = Log.TEXT,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Say each failed attempt, not only what changed")
    ] = False,
) -> None:
    """Watch hosts with persistent sessions until stopped (Ctrl-C or SIGTERM: nothing collected is lost).

    A changed inventory is noticed within seconds, or at SIGHUP; sessions of hosts that stay as they were go on.
    """
    config = configure(store=store, inventory=inventory, backfill=backfill)
    told = words(log)

    def find() -> tuple[Host, ...]:
        return chosen(config, hosts, shard=shard)

    _watch(
        config,
        chosen(config, hosts, told.complain, shard),
        "livedata fleet watch",
        told,
        find,
        verbose=verbose,
    )


def snapshot(
    hosts: HostsArgument = None,
    store: StoreOption = None,
    inventory: InventoryOption = None,
    backfill: BackfillOption = None,
    shard: ShardOption = None,
) -> None:
    """Pull every due probe and all new log entries once, then exit: made for cron.

    Quiet on success, one line a failing host. Exit code: 0 all hosts answered, 1 some, 3 none.
    Beside another snapshot or a watch on the same store: one line, nothing written, exit code 0.
    """
    import asyncio

    from .. import app

    config = configure(store=store, inventory=inventory, backfill=backfill)
    watched = chosen(config, hosts, shard=shard)
    try:
        with app.collector(config, watched, "livedata fleet snapshot", _quiet, say, filling()) as collecting:
            outcomes = asyncio.run(collecting.snapshot(_progress))
    except StoreLocked as busy:
        say(f"livedata: nothing done: {busy.problem}")
        return
    failed = {name: why for name, why in outcomes.items() if why}
    for name, why in sorted(failed.items()):
        say(f"{name}: {why.outcome}: {why.detail}")
    if failed and len(failed) == len(outcomes):
        raise NoHostReached(
            "not one host could be asked", hint="livedata fleet check says what would mend it"
        )
    if failed:
        raise typer.Exit(SOME_HOSTS_FAILED)


def chosen(
    config: Config,
    expressions: Sequence[str] | None,
    warn: Callable[[str], None] | None = None,
    shard: str | None = None,
) -> tuple[Host, ...]:
    """The hosts a command means; this machine where there is no inventory and none is named. Raises UsageError."""
    from ..inventory import find_hosts
    from ..inventory.adhoc import this_machine
    from ..inventory.shard import of_shard, parse_shard

    found = find_hosts(config, expressions or [], warn) or (this_machine(),)
    return of_shard(found, parse_shard(shard)) if shard else found


def _watch(
    config: Config,
    hosts: Sequence[Host],
    purpose: str,
    told: Words = words(Log.TEXT),
    find: Callable[[], Sequence[Host]] | None = None,
    *,
    verbose: bool = False,
) -> None:
    import asyncio

    from .. import app
    from ..serve import serve

    debugging()
    with app.collector(
        config, hosts, purpose, told.said, told.complain, filling(), verbose=verbose
    ) as collecting:
        if told.person:
            _introduce(config, hosts)
        endless = serve(collecting, config, find, told.complain) if find else app.until_stopped(collecting)
        asyncio.run(endless)
    told.complain("Stopped; everything collected is in the store.")


def _watch_on_screen(config: Config, hosts: Sequence[Host], theme: str | None) -> None:
    """Collect, and show the screen meanwhile; what is wrong with the store is told on it, and again when it has gone."""
    import asyncio

    from .. import app

    screen = make_screen(config, hosts, theme, "the first rows come in a moment")
    complaints: list[str] = []

    def complain(text: str) -> None:
        complaints.append(text)
        screen.say(text)

    async def both() -> None:
        stop = asyncio.Event()
        watching = asyncio.create_task(app.until_stopped(collecting, stop))
        watching.add_done_callback(lambda _: screen.exit())
        try:
            await screen.run_async()
        finally:
            stop.set()
            await watching

    with app.collector(config, hosts, "livedata up", _quiet, complain) as collecting:
        asyncio.run(both())
    for text in complaints:
        say(text)
    if screen.return_code:
        raise typer.Exit(screen.return_code)
    say("Stopped; everything collected is in the store.")


def _introduce(config: Config, hosts: Sequence[Host]) -> None:
    """Plain words: what is watched, where it is kept, what to try next."""
    local = [h.name for h in hosts if h.transport == "local"]
    remote = [h.name for h in hosts if h.transport != "local"]
    parts = []
    if local:
        parts.append(f"this machine ({local[0]}), without SSH")
    if remote:
        shown = ", ".join(remote[:5]) + (f" and {len(remote) - 5} more" if len(remote) > 5 else "")
        parts.append(f"{len(remote)} host{'s' if len(remote) > 1 else ''} over SSH ({shown})")
    say(f"Watching {' and '.join(parts) or 'no host yet'}. Nothing is installed on any of them.")
    say(f"Kept in {_short(config.store)}, which only you can read.")
    if not remote:
        say(f"To watch more, name them (livedata up user@host) or list them in {_short(config.inventory)}:")
        say(f"  {command()} fleet init --from-ssh-config")
    say("")
    say("Ask from another terminal:")
    say(f"  {command()} fleet status")
    say(f'  {command()} fleet query "{QUESTION}"')
    say(f"  {command()} fleet tables")
    say("")
    say("Ctrl-C stops; what was collected stays.")
    say("")


def command() -> str:
    """How this program was called, if that is how a person would call it again."""
    called = Path(sys.argv[0])
    found = shutil.which("livedata")
    if found and called.name == "livedata" and os.path.realpath(found) == os.path.realpath(called):
        return "livedata"
    return os.path.relpath(called) if called.name == "livedata" else "livedata"


def _short(path: Path) -> str:
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


def _quiet(host: str, failure: Failure | None) -> None:
    """Snapshot tells of failures at its end."""


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty() and total > 1:
        print(f"\r{done}/{total} hosts", end="\n" if done == total else "", file=sys.stderr, flush=True)

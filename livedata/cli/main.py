"""The entry point: assembles the commands, and turns every ending into a line on stderr and an exit code."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer
from typer.exceptions import TyperException

from .. import __version__
from ..errors import INTERRUPTED, LivedataError, UsageError
from . import (
    authorize,
    check,
    collect,
    inventory,
    logs,
    probe,
    ps,
    query,
    search,
    service,
    status,
    store,
    tables,
    tail,
    top,
    transfer,
    trust,
)
from .common import exit_code_of_a_signal, say

HELP = {"help_option_names": ["-h", "--help"]}
app = typer.Typer(
    name="livedata",
    help="Watch a whole fleet of machines from one place, over SSH, with nothing installed on them.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings=HELP,
)


def _group(name: str, help_text: str, under: typer.Typer = app) -> typer.Typer:
    group = typer.Typer(help=help_text, no_args_is_help=True, rich_markup_mode=None, context_settings=HELP)
    under.add_typer(group, name=name)
    return group


fleet = _group("fleet", "Ask and collect: hosts, probes, queries.")
probes = _group("probe", "Probes: those there are, and your own.")
stored = _group("store", "Keep: what is stored, how big, how sound.")
logged = _group("logs", "What the hosts' logs are made of.", fleet)
app.command("up")(collect.up)
app.command("service")(service.service)
fleet.command("init")(inventory.init)
fleet.command("hosts")(inventory.hosts)
fleet.command("check")(check.check)
fleet.command("trust")(trust.trust)
fleet.command("authorize")(authorize.authorize)
fleet.command("watch")(collect.watch)
fleet.command("snapshot")(collect.snapshot)
fleet.command("status")(status.status)
fleet.command("ps")(ps.ps)
fleet.command("query")(query.query)
fleet.command("tail")(tail.tail)
fleet.command("top")(top.top)
fleet.command("search")(search.search)
fleet.command("tables")(tables.tables)
logged.command("patterns")(logs.patterns)
probes.command("list")(probe.list_probes)
probes.command("show")(probe.show)
probes.command("new")(probe.new)
probes.command("check")(probe.check)
probes.command("run")(probe.run)
probes.command("record")(probe.record)
stored.command("info")(store.info)
stored.command("files")(store.files)
stored.command("compact")(store.compact)
stored.command("prune")(store.prune)
stored.command("verify")(store.verify)
stored.command("export")(transfer.export)
stored.command("import")(transfer.take_in)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"livedata {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it and exit")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show a traceback where something fails")] = False,
) -> None:
    if debug:
        os.environ["LIVEDATA_DEBUG"] = "1"


def _usage(error: TyperException) -> UsageError:
    """A wrong command line as an error like every other."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "livedata"
    return UsageError(error.format_message().rstrip("."), hint=f"{path} --help shows what it takes")


def main() -> None:
    """Run the command line; the exit codes are those of `livedata.errors`."""
    try:
        status = app(standalone_mode=False)
        code = status if isinstance(status, int) else 0
        sys.stdout.flush()
    except LivedataError as error:
        say(f"livedata: {error}")
        code = error.exit_code
    except TyperException as error:
        say(f"livedata: {_usage(error)}")
        code = UsageError.exit_code
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception as error:
        if str(error) == "Query interrupted":
            raise SystemExit(exit_code_of_a_signal()) from None
        # The last line of defence: no traceback reaches a user who did not ask for one.
        if os.environ.get("LIVEDATA_DEBUG"):
            raise
        say(
            f"livedata: this should not happen: {type(error).__name__}: {error}\n  --debug shows where; please report it"
        )
        code = 1
    raise SystemExit(code)

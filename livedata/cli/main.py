"""The entry point: assembles the commands, and turns every ending into a line on stderr and an exit code."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import click
import typer

from .. import __version__
from ..errors import INTERRUPTED, LivedataError
from . import query
from .common import say

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
fleet = typer.Typer(
    help="Ask and collect: hosts, probes, queries.", no_args_is_help=True, rich_markup_mode=None, context_settings=HELP
)
app.add_typer(fleet, name="fleet")
fleet.command("query")(query.query)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"livedata {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it and exit")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show a traceback where something fails")] = False,
) -> None:
    if debug:
        os.environ["LIVEDATA_DEBUG"] = "1"


def main() -> None:
    """Run the command line; the exit codes are those of `livedata.errors`."""
    try:
        status = app(standalone_mode=False)
        code = status if isinstance(status, int) else 0
        sys.stdout.flush()
    except LivedataError as error:
        say(f"livedata: {error}")
        code = error.exit_code
    except click.ClickException as error:
        error.show()
        code = 2
    except (KeyboardInterrupt, click.Abort):
        code = INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception as error:  # the last line of defence: no traceback reaches a user who did not ask for one
        if os.environ.get("LIVEDATA_DEBUG"):
            raise
        say(f"livedata: this should not happen: {type(error).__name__}: {error}\n  --debug shows where; please report it")
        code = 1
    raise SystemExit(code)

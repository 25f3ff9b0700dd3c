"""What `--help-command` says and docs/search.md lists: made from the declarations of commands, functions and aggregates."""

from __future__ import annotations

from .aggregates import AGGREGATES
from .commands import COMMANDS, DECLARATIONS, REFUSED
from .declare import Declaration
from .errors import SearchError, suggestion
from .functions import FUNCTIONS

LISTS = ("commands", "functions", "aggregates")


def command_help(name: str) -> str:
    """The help of a command, a function or an aggregate, or a list of them.

    Raises:
        SearchError: there is nothing of that name.
    """
    low = name.strip().lower().removesuffix("()")
    if low == "commands":
        return _columns([(d.name, d.help) for d in DECLARATIONS])
    if low == "functions":
        return _columns([(f.syntax, f.help) for f in FUNCTIONS.values()])
    if low == "aggregates":
        return _columns([(a.name, a.help) for a in AGGREGATES.values()])
    if low in COMMANDS:
        return _command(COMMANDS[low])
    if low in FUNCTIONS:
        return _function(low)
    if low in AGGREGATES:
        return f"{low}\n  {AGGREGATES[low].help}\n"
    if low in REFUSED:
        raise SearchError(f"{low} is not there", hint=REFUSED[low])
    every = [*COMMANDS, *FUNCTIONS, *AGGREGATES]
    raise SearchError(
        f"there is no command {name!r}", hint=suggestion(low, every, f"lists: {', '.join(LISTS)}")
    )


def _columns(rows: list[tuple[str, str]]) -> str:
    width = min(max(len(left) for left, _ in rows), 40)
    return "".join(f"{left:<{width}}  {right}\n" for left, right in rows)


def _function(name: str) -> str:
    f = FUNCTIONS[name]
    example = f"\n  {f.example} gives {f.gives if f.gives is not None else 'null'}" if f.example else ""
    return f"{f.syntax}\n  {f.help}{example}\n"


def _command(d: Declaration) -> str:
    parts = [f"{d.name}: {d.help}\n\n  {d.syntax}\n"]
    if d.aliases:
        parts.append(f"\nAlso called {', '.join(d.aliases)}.\n")
    if d.notes:
        parts.append(f"\n{d.notes}\n")
    if d.options:
        rows = [(f"  {o.name}={o.default or o.kind.upper()}", o.help) for o in d.options]
        parts.append(f"\n{_columns(rows)}")
    if d.examples:
        parts.append("\n" + "".join(f"  {e}\n" for e in d.examples))
    return "".join(parts)

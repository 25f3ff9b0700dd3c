"""What `--help-command` says and the reference in docs/search.md: made from the declarations of commands, functions and aggregates."""

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


def reference() -> str:
    """The language's reference in Markdown."""
    parts = ["## Commands\n"]
    for d in sorted(DECLARATIONS, key=lambda d: d.name):
        also = f" Also `{'`, `'.join(d.aliases)}`." if d.aliases else ""
        notes = f" {d.notes}" if d.notes else ""
        parts.append(
            f"\n### {d.name}\n\n{d.help}.{notes}{also}\n\n```\n{d.syntax.replace(' · ', chr(10))}\n```\n"
        )
        used = [o for o in d.options if not o.help.startswith(("Taken", "Not here"))]
        if used:
            rows = "".join(f"| `{o.name}` | {o.default or ''} | {_cell(o.help)} |\n" for o in used)
            parts.append(f"\n| option | default | |\n|---|---|---|\n{rows}")
        for what, start in (("Read and without effect", "Taken"), ("Refused", "Not here")):
            names = [f"`{o.name}`" for o in d.options if o.help.startswith(start)]
            if names:
                parts.append(f"\n{what}: {', '.join(names)}.\n")
        if d.examples:
            parts.append("\n```\n" + "\n".join(d.examples) + "\n```\n")
    parts.append(
        "\n## Functions\n\nOf `eval`, `where`, and of `eval(…)` within aggregates.\n\n| function | gives | example | is |\n|---|---|---|---|\n"
    )
    for f in FUNCTIONS.values():
        shown = f"`{_cell(f.example)}`" if f.example else ""
        gives = ("null" if f.gives is None else f"`{_cell(f.gives)}`") if f.example else ""
        parts.append(f"| `{_cell(f.syntax)}` | {_cell(f.help)} | {shown} | {gives} |\n")
    parts.append(
        "\n## Aggregates\n\nOf `stats`, `eventstats`, `streamstats`, `chart`, `timechart`, `tstats`; besides them `perc95(x)` and the like, for any part.\n\n| aggregate | gives |\n|---|---|\n"
    )
    parts += [f"| `{a.name}` | {_cell(a.help)} |\n" for a in AGGREGATES.values()]
    parts.append("\n## What is refused\n\n| command | instead |\n|---|---|\n")
    parts += [f"| `{name}` | {_cell(hint)} |\n" for name, hint in sorted(REFUSED.items())]
    return "".join(parts)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")

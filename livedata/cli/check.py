"""`fleet check`: reach every host, run every probe once, store nothing, and say what would mend what is missing."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import SOME_HOSTS_FAILED, NoHostReached
from ..model.scrape import CONNECT, Outcome
from .collect import chosen
from .common import HostsArgument, InventoryOption, configure, say
from .mend import mend

if TYPE_CHECKING:
    from ..app import Checked


@dataclass(frozen=True, slots=True)
class Finding:
    """What one host said: `probes` maps each probe to (outcome, detail, rows)."""

    host: str
    outcome: str
    detail: str | None = None
    connect_ms: float | None = None
    mend: str = ""
    probes: dict[str, tuple[str, str | None, int]] = field(default_factory=dict)


def check(
    hosts: HostsArgument = None,
    inventory: InventoryOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a host, a line each")] = False,
) -> None:
    """Reach every host and say what can be read there, what can't and why, and what would mend it."""
    import asyncio

    from .. import app

    config = configure(inventory=inventory)
    watched = chosen(config, hosts, say)

    def tell(checked: Checked) -> None:
        found = _finding(checked)
        print(json.dumps(asdict(found)) if as_json else "\n".join(_lines(found)), flush=True)
        findings.append(found)
        if sys.stderr.isatty() and not sys.stdout.isatty():
            say(f"{len(findings)}/{len(watched)} hosts")

    findings: list[Finding] = []
    asyncio.run(app.check(config, watched, tell))
    failed = [f for f in findings if f.outcome != Outcome.OK]
    if failed and len(failed) == len(findings):
        raise NoHostReached("not one host could be asked")
    if failed:
        raise typer.Exit(SOME_HOSTS_FAILED)


def _finding(checked: Checked) -> Finding:
    probes: dict[str, tuple[str, str | None, int]] = {}
    outcome, detail, connect_ms = Outcome.OK, None, None
    for scrape in checked.scrapes:
        if scrape.probe == CONNECT:
            outcome, detail = scrape.outcome, scrape.detail
            connect_ms = scrape.connect_ms if scrape.connect_ms is not None else connect_ms
        else:
            # A log gives several answers.
            rows = probes[scrape.probe][2] if scrape.probe in probes else 0
            probes[scrape.probe] = (scrape.outcome, scrape.detail, rows + (scrape.rows or 0))
    return Finding(checked.host, outcome, detail, connect_ms, mend(outcome, checked.host), probes)


def _lines(found: Finding) -> list[str]:
    if found.outcome != Outcome.OK:
        lines = [f"{found.host}: {found.outcome}: {found.detail}"]
        return [*lines, f"    {found.mend}"] if found.mend else lines
    good = [f"{name} ({rows})" for name, (outcome, _, rows) in found.probes.items() if outcome == Outcome.OK]
    lines = [f"{found.host}: reached in {found.connect_ms or 0:.0f} ms; rows: {', '.join(good) or 'none'}"]
    for name, (outcome, detail, _) in found.probes.items():
        if outcome != Outcome.OK:
            lines.append(f"    {name}: {outcome}: {detail}")
    return lines

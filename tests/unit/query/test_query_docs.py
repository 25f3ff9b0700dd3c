"""The guide and the probes that come with livedata hold in the engine: every example runs, every column can be named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from livedata.cli.main import app
from livedata.model.probe import Probe
from livedata.model.rollup import rollups
from livedata.model.scrape import SCRAPE
from livedata.probe.load import load_probes
from livedata.query.engine import stream
from livedata.query.formats import FORMATS
from livedata.query.source import Source
from livedata.query.views import column_names
from livedata.query.when import parse_when

GUIDE = (Path(__file__).parents[3] / "docs" / "query.md").read_text(encoding="utf-8")
PROBES: dict[str, Probe] = {SCRAPE.name: SCRAPE, **load_probes()}
ROLLUPS: dict[str, Probe] = {r.table: r.probe for probe in PROBES.values() for r in rollups(probe)}
EVERY = Source(lambda: PROBES | ROLLUPS)


def columns_of(sql: str) -> list[str]:
    with stream(EVERY, sql) as (schema, batches):
        assert sum(b.num_rows for b in batches) == 0
        return list(schema.names)


@pytest.mark.parametrize("sql", re.findall(r"```sql\n(.*?)```", GUIDE, re.DOTALL))
def test_examples_run(sql: str) -> None:
    assert columns_of(sql)


@pytest.mark.parametrize("name", PROBES | ROLLUPS)
def test_every_column_is_there_and_no_reserved_word(name: str) -> None:
    names = column_names((PROBES | ROLLUPS)[name])
    assert columns_of(f"SELECT {', '.join(names)} FROM {name} AS t") == names
    assert len({n.lower() for n in names}) == len(names)


def test_every_option_and_format_is_told() -> None:
    query = typer.main.get_command(app).commands["fleet"].commands["query"]  # type: ignore[attr-defined]
    options = {o for p in query.params for o in p.opts if o.startswith("--")} - {"--help"}
    told = set(re.findall(r"`(--[a-z]+)", GUIDE.split("## Options")[1].split("## Formats")[0]))
    assert told == options
    row = next(line for line in GUIDE.splitlines() if line.startswith("| `--format`"))
    assert re.findall(r"`(\w+)`", row.split("|")[2]) == list(FORMATS)


def test_times_told_are_times() -> None:
    paragraph = GUIDE.split("A time is ")[1].split("Without a zone")[0]
    times = re.findall(r"`([^`]+)`", paragraph)
    assert len(times) > 8
    for text in times:
        parse_when(text, 0)

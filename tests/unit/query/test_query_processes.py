"""The questions in the guide to processes run, and the first is what `fleet ps` asks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from livedata.cli.ps import LAST, SORTS
from livedata.model.scrape import SCRAPE
from livedata.probe.load import load_probes
from livedata.query.engine import stream
from livedata.query.processes import PROCESSES
from livedata.query.source import Source

GUIDE = (Path(__file__).parents[3] / "docs" / "processes.md").read_text(encoding="utf-8")
QUESTIONS = re.findall(r"```sql\n(.*?)```", GUIDE, re.DOTALL)
SOURCE = Source(lambda: {SCRAPE.name: SCRAPE, **load_probes()})


@pytest.mark.parametrize(
    "sql", [*QUESTIONS, LAST, *(f"{PROCESSES}ORDER BY {order}" for order in SORTS.values())]
)
def test_it_runs(sql: str) -> None:
    with stream(SOURCE, sql) as (schema, batches):
        assert schema.names
        assert sum(b.num_rows for b in batches) == (sql == LAST)


def test_the_guide_has_the_question_of_the_command() -> None:
    assert QUESTIONS[0].strip() == f"{PROCESSES.strip()};"
    with stream(SOURCE, QUESTIONS[0]) as (schema, _):
        told = re.findall(r"`(\w+)`", GUIDE.split("| column | is |")[1].split("Hosts that")[0])
        assert {"host", "pid", *told} >= set(schema.names)

"""docs/probes.md says nothing that isn't so: keys, formats, types, statuses, commands, examples and questions are held against the code."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any, get_args

import pytest
import typer

from livedata.cli.main import app
from livedata.collect.reading import STATUS
from livedata.model.probe import Column, Kind, Probe, Type
from livedata.model.reading import Reading
from livedata.model.scrape import Outcome
from livedata.parse import PARSERS
from livedata.probe.header import COLUMN_KEYS, DEFAULTS, DERIVED_KEYS, KEYS, parse_probe
from livedata.probe.load import load_probes
from livedata.probe.script import remarks
from livedata.probe.starter import FORMATS, starter
from livedata.query.engine import stream
from livedata.query.source import Source

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "probes.md").read_text(encoding="utf-8")
EXAMPLES = ROOT / "docs" / "probes"
PROBES = load_probes(EXAMPLES)
COMMANDS = re.findall(r"^livedata [^\n]*", TEXT, re.MULTILINE)
QUESTIONS = [sql for sql in re.findall(r"```sql\n(.*?)```", TEXT, re.DOTALL)[0].split(";\n") if sql.strip()]


def table(first: str) -> dict[str, str]:
    """The rows of the table whose head begins with a word, from their first to their last cell."""
    body = TEXT.split(f"\n| {first} |")[1].split("\n", 2)[2].split("\n\n")[0]
    found: dict[str, str] = {}
    for line in body.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        found.update(dict.fromkeys(re.findall(r"[\w/]+", cells[0].partition("]")[0]), cells[-1]))
    return found


def fenced(kind: str) -> str:
    return re.findall(rf"```{kind}\n(.*?)```", TEXT, re.DOTALL)[0]


def test_every_key_of_a_header_is_told_with_its_default() -> None:
    keys = table("key | says | else")
    assert set(keys) == set(KEYS)
    assert {key: keys[key].strip("`") for key in DEFAULTS} == DEFAULTS


def test_every_key_of_a_column_is_told() -> None:
    columns = TEXT.split("A column, `name")[1].split("A derived column")[0]
    assert re.findall(r"^\| `(\w+)` \|", columns, re.MULTILINE) == list(COLUMN_KEYS)
    assert all(f"`{kind}`" in columns for kind in get_args(Kind))
    derived = TEXT.split("A derived column")[1].split("**Names.**")[0]
    assert all(key in derived for key in DERIVED_KEYS if key != "help")


def test_every_format_and_type_is_told() -> None:
    assert tuple(table("format")) == FORMATS
    assert set(table("type")) == set(get_args(Type))


def test_every_exit_status_is_told() -> None:
    told = table("exit status")
    assert {int(s): Outcome(re.findall(r"`(\w+)`", t)[0]) for s, t in told.items() if s.isdigit()} == STATUS


@pytest.mark.parametrize("kind", FORMATS)
def test_the_formats_examples_give_the_same_rows(kind: str) -> None:
    said = re.findall(r"<!-- example: (.*?) -->", TEXT)[0].split(", ")
    types: dict[str, Any] = dict(pair.split(" = ") for pair in said)
    probe = Probe("x", "", tuple(Column(n, i, t, "text") for i, (n, t) in enumerate(types.items(), 1)))
    rows = PARSERS[kind](probe, Reading(text=fenced(kind)))
    wanted = [("root", 1024, 12.5, "all is well"), ("data", None, None, None)]
    assert rows == (wanted[:1] if kind == "keyvalue" else wanted)


def test_the_first_example_is_a_probe() -> None:
    file = next(
        block for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL) if block.startswith("#!/bin/sh")
    )
    probe = parse_probe(file, "spool.sh")
    assert list(remarks(probe.body)) == []
    rows = PARSERS[probe.parse](probe, Reading(text="mails=2\nsize_bytes=700\nsent_total=9\n"))
    assert rows == [(2, 700, 9)]
    question = next(line for line in COMMANDS if "fleet query" in line)
    with stream(Source(lambda: {"spool": probe}), shlex.split(question)[3]) as (_, batches):
        assert sum(b.num_rows for b in batches) == 0


@pytest.mark.parametrize("line", COMMANDS)
def test_each_command_and_option_is_there(line: str) -> None:
    command: Any = typer.main.get_command(app)
    arguments = shlex.split(line, comments=True)[1:]
    while getattr(command, "commands", None):
        command, arguments = command.commands[arguments[0]], arguments[1:]
    assert {a for a in arguments if a.startswith("--")} <= {o for p in command.params for o in p.opts}


def test_every_example_is_listed_with_a_question_of_its_own() -> None:
    files = {file.stem for file in EXAMPLES.glob("*.sh")}
    assert set(table("probe")) == files
    assert sorted(re.findall(r"\bFROM (\w+)", " ".join(QUESTIONS))) == sorted(files)


@pytest.mark.parametrize("sql", QUESTIONS)
def test_each_question_can_be_asked(sql: str) -> None:
    with stream(Source(lambda: PROBES), sql) as (_, batches):
        assert sum(b.num_rows for b in batches) == 0


@pytest.mark.parametrize("kind", FORMATS)
def test_what_new_writes_is_a_probe_of_that_format(kind: str) -> None:
    probe = parse_probe(starter(kind), "x.sh")
    assert probe.parse == kind
    assert list(remarks(probe.body)) == []


def test_every_link_leads_somewhere() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", TEXT):
        assert (ROOT / "docs" / target).exists(), target

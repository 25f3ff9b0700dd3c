"""The README says nothing that isn't so: its commands, options, questions, settings and exit codes are held against the code."""

from __future__ import annotations

import re
import shlex
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import typer

from livedata import errors
from livedata.cli.collect import QUESTION
from livedata.cli.main import app
from livedata.config import Config
from livedata.model.scrape import SCRAPE
from livedata.probe.load import load_probes
from livedata.query.engine import stream
from livedata.query.source import Source

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = "".join(re.findall(r"```sh\n(.*?)```", README, re.DOTALL))
COMMANDS = [line for line in BLOCKS.splitlines() if re.match(r"(\.venv/bin/)?livedata ", line)]
PROBES = {SCRAPE.name: SCRAPE, **load_probes()}


def words(line: str) -> list[str]:
    return shlex.split(line.removeprefix(".venv/bin/"), comments=True)[1:]


def command_of(arguments: list[str]) -> tuple[Any, list[str]]:
    """The typer command that a command line means, and what is left for it."""
    command: Any = typer.main.get_command(app)
    while getattr(command, "commands", None):
        command, arguments = command.commands[arguments[0]], arguments[1:]
    return command, arguments


@pytest.mark.parametrize("line", COMMANDS)
def test_each_command_and_option_is_there(line: str) -> None:
    command, arguments = command_of(words(line))
    known = {o for p in command.params for o in p.opts}
    assert {a for a in arguments if a.startswith("--")} <= known


@pytest.mark.parametrize(
    "line", [line for line in COMMANDS if "fleet query" in line] + [f'livedata fleet query "{QUESTION}"']
)
def test_each_question_can_be_asked(line: str) -> None:
    with stream(Source(lambda: PROBES), words(line)[2]) as (_, batches):
        assert sum(b.num_rows for b in batches) == 0


def test_at_least_these_are_shown() -> None:
    told = {" ".join(words(line)[:2] if words(line)[0] == "fleet" else words(line)[:1]) for line in COMMANDS}
    assert told >= {
        "up",
        *(f"fleet {c}" for c in ("init", "check", "trust", "watch", "snapshot", "tables", "query", "status")),
    }


def test_every_setting_is_told() -> None:
    section = README.split("## Settings")[1].split("##")[0]
    assert re.findall(r"`([a-z_]+)`", section.split("a flag:")[1]) == [f.name for f in fields(Config)]


def test_exit_codes_are_those_of_the_errors() -> None:
    told = {int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)}
    kinds = [
        v
        for v in vars(errors).values()
        if isinstance(v, type) and issubclass(v, errors.UsageError | errors.LivedataError)
    ]
    used = {k.exit_code for k in kinds if k is not errors.LivedataError}
    assert told == used | {errors.OK, errors.SOME_HOSTS_FAILED, errors.INTERRUPTED}


def test_every_link_leads_somewhere() -> None:
    for document in (README, (ROOT / "CONTRIBUTING.md").read_text(), (ROOT / "ARCHITECTURE.md").read_text()):
        for target in re.findall(r"\]\((?!http)([^)#]+)\)", document):
            assert (ROOT / target).exists(), target

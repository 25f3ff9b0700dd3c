"""The reference in docs/search.md is what the declarations say; every example in it runs; help is there for everything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from livedata.query.engine import Pool
from livedata.search.aggregates import AGGREGATES
from livedata.search.commands import COMMANDS, DECLARATIONS, REFUSED
from livedata.search.errors import SearchError
from livedata.search.functions import FUNCTIONS
from livedata.search.functions.kit import Function
from livedata.search.grammar import parse
from livedata.search.help import command_help, reference

from .cases import cell, read_cases
from .dataset import answer

PAGE = Path(__file__).parents[2] / "docs" / "search.md"
EXAMPLES = [(d.name, example) for d in DECLARATIONS for example in d.examples]


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool() as opened:
        yield opened


def test_the_page_ends_with_the_reference() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page[page.index("## Commands") :] == reference(), "write it anew: livedata.search.help.reference()"


@pytest.mark.parametrize(
    "text", re.findall(r"^livedata fleet search '(.*)'$", PAGE.read_text(encoding="utf-8"), re.M)
)
def test_a_search_of_the_page_is_one(text: str) -> None:
    assert parse(text.replace("`by(host)`", "stats count BY host")).commands


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_an_example_runs(name: str, example: str, pool: Pool) -> None:
    assert COMMANDS[name].examples
    found, table = answer(example, pool)
    assert table.num_columns == len(table.schema.names) > 0
    assert name in {c.name for c in found.tree.commands} or name in example


@pytest.mark.parametrize("function", [f for f in FUNCTIONS.values() if f.example], ids=lambda f: f.name)
def test_a_function_gives_what_its_example_says(function: Function, pool: Pool) -> None:
    _, table = answer(f"| makeresults | eval x = {function.example} | table x", pool)
    value = table["x"].to_pylist()[0]
    assert (None if value is None else cell(value)) == function.gives


def test_every_command_and_option_has_an_example_or_a_case() -> None:
    texts = [c.search for c in read_cases()] + [example for _, example in EXAMPLES]
    for d in DECLARATIONS:
        assert any(re.search(rf"(^|[|\[]\s*){d.name}\b", t) for t in texts) or d.name == "search", d.name
        for option in d.options:
            if not option.help.startswith(("Taken", "Not here")):
                assert any(re.search(rf"\b{re.escape(option.name)}\s*=", t) for t in texts), (
                    f"{d.name} {option.name}="
                )


def test_every_function_and_aggregate_has_an_example_or_a_case() -> None:
    texts = " ".join([c.search for c in read_cases()] + [example for _, example in EXAMPLES])
    for function in FUNCTIONS.values():
        assert function.example or f"{function.name}(" in texts, function.name
    for name in AGGREGATES:
        assert re.search(rf"\b{name}\b", texts), name


@pytest.mark.parametrize("name", [*COMMANDS, *FUNCTIONS, *AGGREGATES, "commands", "functions", "aggregates"])
def test_there_is_help(name: str) -> None:
    assert command_help(name).strip()


def test_help_for_what_is_refused_says_what_there_is() -> None:
    for name, hint in REFUSED.items():
        if name in FUNCTIONS:
            continue
        with pytest.raises(SearchError) as raised:
            command_help(name)
        assert raised.value.hint == hint
    with pytest.raises(SearchError, match="no command") as raised:
        command_help("sttats")
    assert "stats" in raised.value.hint

"""Each search of the case files gives its rows, in order, through the real engine; each refused one is refused as it says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from livedata.query.engine import Pool
from livedata.search.errors import SearchError
from livedata.search.grammar import parse
from livedata.search.macros import expanded
from livedata.search.show import show

from .cases import Case, read_cases, written
from .dataset import WORLD, answer

CASES = read_cases()


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool() as opened:
        yield opened


def trimmed(row: str) -> str:
    """Columns may be aligned in the files."""
    return " | ".join(part.strip() for part in row.split(" | "))


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.place)
def test_case(case: Case, pool: Pool) -> None:
    if case.error:
        with pytest.raises(SearchError) as raised:
            answer(case.search, pool)
        assert str(raised.value.problem).startswith(case.error)
        return
    found, table = answer(case.search, pool)
    for piece in case.pieces:
        assert piece in found.sql
    if case.rows:
        got = written(
            table.schema.names,
            [list(row) for row in zip(*(c.to_pylist() for c in table.columns), strict=True)],
        )
        assert [trimmed(row) for row in got] == [trimmed(row) for row in case.rows]


@pytest.mark.parametrize("case", [c for c in CASES if not c.error], ids=lambda c: c.place)
def test_what_is_printed_is_read_as_the_same(case: Case) -> None:
    tree = parse(expanded(case.search, WORLD.macros))
    assert parse(show(tree)) == tree

"""What rollups answer is what the rows answer: random questions over random stores; and which questions they answer at all."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from livedata.errors import QueryError
from livedata.query.views import Scope

from .rolled_questions import questions, scopes
from .rolled_store import Asker, build, comparable

STORES = 3


@pytest.fixture(scope="module")
def askers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Asker]]:
    """Stores that differ in where they were sealed, compacted and rolled up."""
    made = [
        Asker(build(tmp_path_factory.mktemp("rolled") / "store", random.Random(seed)))
        for seed in range(STORES)
    ]
    yield made
    for asker in made:
        asker.pool.close()


def test_rollups_answer_what_the_rows_answer(askers: list[Asker]) -> None:
    """Rows, names and types; a sum of doubles may differ in its last digits. Of such questions rollups answer a good part."""
    counts: Counter[str] = Counter()

    @settings(max_examples=150, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(askers), questions(), scopes())
    def check(asker: Asker, sql: str, scope: Scope) -> None:
        note(sql)
        try:
            rows = asker.raw(sql, scope)
        except QueryError as error:
            counts["wrong"] += 1
            with pytest.raises(QueryError, match=re.escape(str(error))):
                asker.asked(sql, scope)
            return
        answer, rolled = asker.asked(sql, scope)
        assert comparable(answer) == comparable(rows)
        counts["rolled" if rolled else "not"] += 1

    check()
    assert counts["rolled"] > 30, counts
    assert counts["not"] > 20, counts
    assert counts["wrong"] < 50, counts

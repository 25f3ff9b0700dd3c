"""A host whose probes cost too much is asked more rarely until they do not, and it is said once; a cheap one is left alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from livedata.collect.budget import MOST, NAME, WINDOW_SECONDS, Budget, next_factor
from livedata.model.scrape import Outcome, Scrape

TICK = 10_000_000


@given(st.floats(0, 1000), st.integers(0, 4))
def test_it_settles_below_the_budget_and_stays(cost: float, power: int) -> None:
    factor = 2**power
    for _ in range(10):
        factor = next_factor(factor, cost / factor)
    assert next_factor(factor, cost / factor) == factor
    assert cost / factor <= 1 or factor == MOST
    assert factor == 1 or cost / (factor / 2) > 0.79


def rows(cpu_ms: float, size: int, probe: str = "cpu") -> list[tuple[object, ...]]:
    return [Scrape(probe, Outcome.OK, remote_cpu_ms=cpu_ms, bytes=size).row(None)]


def lived(budget: Budget, minutes: int, cpu_ms: float, size: int, probe: str = "cpu") -> list[Scrape]:
    """What is said while a host that would be asked every 10 s is asked as rarely as its budget wants."""
    said = []
    due = 0
    for now in range(0, minutes * 60_000_000, TICK):
        if now >= due:
            budget.add(now, rows(cpu_ms, size, probe))
            due = now + TICK * budget.factor
        if word := budget.look(now):
            said.append(word)
    return said


def test_a_cheap_host_is_left_alone() -> None:
    budget = Budget(1.0, 3e6, ["cpu"])
    assert lived(budget, 10, 6.0, 50_000) == []
    assert budget.factor == 1


def test_cpu_above_a_share_of_a_core_is_slowed_and_said_once() -> None:
    budget = Budget(1.0, 3e6, ["cpu"])
    (word,) = lived(budget, 10, 150.0, 1000)
    assert (word.probe, word.outcome) == (NAME, Outcome.MISSED)
    assert "2 times more rarely" in (word.detail or "")
    assert "1.5 % of a core" in (word.detail or "")
    assert budget.factor == 2


def test_bytes_count_too_and_it_recovers() -> None:
    budget = Budget(1.0, 3e6, ["cpu"])
    assert lived(budget, 5, 1.0, 1_000_000)[0].outcome is Outcome.MISSED
    assert budget.factor == 2
    assert [word.outcome for word in lived(Budget(1.0, 3e6, ["cpu"]), 5, 1.0, 100_000)] == []
    said = []
    for now in range(300_000_000, 700_000_000, TICK * 2):
        budget.add(now, rows(1.0, 1000))
        if word := budget.look(now):
            said.append(word.outcome)
    assert said[-1] is Outcome.OK
    assert budget.factor == 1


def test_logs_are_as_long_as_they_are() -> None:
    budget = Budget(1.0, 3e6, ["cpu"])
    assert lived(budget, 10, 500.0, 10_000_000, "log") == []


def test_a_clock_set_back_decides_nothing_at_once() -> None:
    budget = Budget(1.0, 3e6, ["cpu"])
    assert budget.look(1_000_000_000) is None
    assert budget.look(0) is None
    assert budget.look(int(WINDOW_SECONDS * 1e6) - 1) is None

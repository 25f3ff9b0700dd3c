"""Ticks lie on a grid, a sleep gives one run and no burst, and phases spread hosts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from livedata.collect.schedule import SECOND, due_at, first_due, missed, next_due, phase, tick
from livedata.model.scrape import Outcome
from livedata.transport.backoff import KEYS, MOST_SECONDS, REFUSALS, REFUSED_SECONDS, wait_seconds

times = st.integers(0, 4_000_000_000 * SECOND)
cadences = st.sampled_from([1.0, 10.0, 30.0, 300.0, 86400.0])


@given(times, cadences)
def test_a_tick_is_at_or_before_now_on_the_grid(now: int, every: float) -> None:
    ts = tick(now, every)
    assert ts <= now < ts + 10 * SECOND
    assert ts % (min(10, int(every)) * SECOND) == 0


@given(times, cadences, st.integers(0, 10_000_000 * SECOND))
def test_after_any_sleep_one_run_is_due(now: int, every: float, slept: int) -> None:
    due = next_due(tick(now, every), every)
    assert due > tick(now, every)
    assert due % int(every * SECOND) == 0
    woken = due + slept
    ts = tick(woken, every)
    assert next_due(ts, every) > woken - 10 * SECOND
    assert missed(ts, due, every) == max(0, (ts - due) // int(every * SECOND))


def test_missed_counts_whole_ticks() -> None:
    assert missed(10 * SECOND, 10 * SECOND, 10) == 0
    assert missed(40 * SECOND, 10 * SECOND, 10) == 3
    assert missed(5 * SECOND, 10 * SECOND, 10) == 0


@given(times, cadences)
def test_the_first_run_waits_only_for_a_young_sample(now: int, every: float) -> None:
    assert first_due(None, every, now) == now
    assert first_due(now + SECOND, every, now) == now  # a sample from the future: this clock was set back
    assert first_due(now, every, now) == now + int(every * SECOND)
    assert first_due(now - int(every * SECOND), every, now) == now


@given(times, cadences, st.integers(0, 10_000_000 * SECOND))
def test_a_clock_that_is_set_back_delays_by_one_cadence_at_most(now: int, every: float, back: int) -> None:
    due = next_due(tick(now, every), every)
    assert due_at(due, every, now) == due
    assert due_at(due, every, now - back) <= now - back + int(every * SECOND)


@given(st.text(min_size=1), st.integers(1, 2000), cadences)
def test_a_phase_lies_within_the_tick(host: str, hosts: int, every: float) -> None:
    assert 0 <= phase(host, hosts, every) < min(every, 10) * SECOND
    assert phase(host, hosts, every) == phase(host, hosts, every)


def test_a_small_fleet_is_asked_at_one_moment_and_a_large_one_in_waves() -> None:
    assert {phase(f"h{i}", 50, 10.0) for i in range(50)} == {0}
    waves = {phase(f"h{i}", 1000, 10.0) for i in range(1000)}
    assert len(waves) == 20


@given(st.sampled_from(list(Outcome)), st.integers(1, 1000), st.floats(0, 1))
def test_backoff_is_bounded_and_refusals_wait_long(outcome: Outcome, failures: int, dice: float) -> None:
    seconds = wait_seconds(outcome, failures, dice)
    if outcome in KEYS:
        assert MOST_SECONDS / 2 <= seconds <= MOST_SECONDS
    elif outcome in REFUSALS:
        assert REFUSED_SECONDS / 2 <= seconds <= REFUSED_SECONDS
    else:
        assert 0.5 <= seconds <= MOST_SECONDS

"""Increments are what a counter grew by, and null wherever nobody can know: never negative, never across a boot."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from livedata.collect.increase import counters_of, elapsed_ms, with_increases
from livedata.model.probe import Column, Probe

PROBE = Probe(
    "disk", "", (
        Column("device", 1, "str", "label"), Column("reads_total", 2, "u64", "counter"),
        Column("queue", 3, "i64", "gauge"), Column("busy_ms_total", 4, "u64", "counter"),
    ),
)  # fmt: skip

counter = st.one_of(st.none(), st.integers(0, 2**64 - 1))
sample = st.dictionaries(
    st.sampled_from(["sda", "sdb", "nvme0n1"]), st.tuples(counter, st.integers(), counter)
).map(lambda d: [(name, *values) for name, values in d.items()])


def test_first_sample_knows_no_increase() -> None:
    assert with_increases(PROBE, [("sda", 5, 0, 7)], None) == [("sda", 5, 0, 7, None, None)]


def test_increase_reset_new_device_and_null() -> None:
    last = counters_of(PROBE, [("sda", 5, 0, 7), ("sdb", 9, 0, None)])
    rows = [("sda", 8, 1, 3), ("sdb", 9, 0, 4), ("sdc", 1, 0, 1)]
    assert with_increases(PROBE, rows, last) == [
        ("sda", 8, 1, 3, 3, None),  # the second counter went backwards
        ("sdb", 9, 0, 4, 0, None),  # nothing happened is 0, not null
        ("sdc", 1, 0, 1, None, None),
    ]


@given(sample, sample)
def test_an_increase_is_exact_or_null(
    before: list[tuple[object, ...]], after: list[tuple[object, ...]]
) -> None:
    last = counters_of(PROBE, before)
    for row, full in zip(after, with_increases(PROBE, after, last), strict=True):
        assert full[:4] == row
        for position, increase in zip(PROBE.counters, full[4:], strict=True):
            old = dict(zip(PROBE.counters, last.get((row[0],), (None, None)), strict=True))[position]
            if increase is None:
                assert old is None or row[position] is None or not 0 <= row[position] - old < 2**63
            else:
                assert 0 <= increase < 2**63
                assert old + increase == row[position]


def test_elapsed_only_within_one_boot() -> None:
    assert elapsed_ms("a", 2500, "a", 1000) == 1500
    assert elapsed_ms("b", 2500, "a", 1000) is None
    assert elapsed_ms("a", 900, "a", 1000) is None
    assert elapsed_ms("a", 1000, "a", 1000) is None
    assert elapsed_ms("a", None, "a", 1000) is None
    assert elapsed_ms(None, 2500, None, 1000) == 1500
    assert elapsed_ms(None, 2500, "a", 1000) is None

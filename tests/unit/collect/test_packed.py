"""Counters of processes that are kept packed are what a dict would have, whatever they hold."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from livedata.collect.packed import Packed

NUMBERS = st.integers(0, 2**33) | st.integers(0, 2**64 - 1) | st.sampled_from([None, -1, 2**70, 0.5])
KEYS = st.tuples(st.integers(1, 5), st.integers(0, 3) | st.integers(2**31, 2**65))
STEPS = st.lists(st.tuples(st.dictionaries(KEYS, st.tuples(NUMBERS, NUMBERS)), st.lists(KEYS), st.booleans()))


@given(STEPS)
def test_packed_is_a_dict_with_one_start_a_pid(
    steps: list[tuple[dict[tuple[int, int], tuple[object, ...]], list[tuple[int, int]], bool]],
) -> None:
    known = Packed(2, {})
    expected: dict[tuple[int, int], tuple[object, ...]] = {}
    for counters, gone, whole in steps:
        known = known.followed(counters, gone, whole)
        expected = {} if whole else {key: counts for key, counts in expected.items() if key not in gone}
        for key, counts in counters.items():
            expected = {k: c for k, c in expected.items() if k[0] != key[0]} | {key: counts}
        assert dict(known) == expected
        assert len(known) == len(expected)
        assert sorted(known.of_pids({1, 2, 99})) == sorted(key for key in expected if key[0] in (1, 2))
        assert all(key in known and known.get(key) == counts for key, counts in expected.items())
        assert (1, 10**9) not in known

"""Shards share all hosts out, evenly, each host to one; and a shard more or less moves only what it must."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livedata.errors import UsageError
from livedata.inventory.shard import Shard, of_shard, parse_shard, shard_of
from livedata.model.host import Host

NAMES = [f"host-{n:04}" for n in range(2000)]


@given(st.lists(st.text(min_size=1), unique=True), st.integers(1, 12))
def test_each_host_is_in_one_shard(names: list[str], count: int) -> None:
    hosts = [Host(name) for name in names]
    parts = [of_shard(hosts, Shard(number, count)) for number in range(1, count + 1)]
    assert sorted(host.name for part in parts for host in part) == sorted(names)


@given(st.text(min_size=1), st.integers(1, 30))
def test_a_new_shard_only_takes(name: str, count: int) -> None:
    assert shard_of(name, count + 1) in (shard_of(name, count), count + 1)


@pytest.mark.parametrize("count", [2, 8, 20])
def test_shards_are_balanced(count: int) -> None:
    sizes = Counter(shard_of(name, count) for name in NAMES)
    mean = len(NAMES) / count
    assert len(sizes) == count
    # Five standard deviations of a fair draw.
    assert all(abs(size - mean) < 5 * mean**0.5 for size in sizes.values())


def test_a_shard_more_moves_its_share() -> None:
    moved = sum(shard_of(name, 8) != shard_of(name, 9) for name in NAMES)
    assert 0.05 < moved / len(NAMES) < 0.17


def test_it_is_the_same_everywhere_and_always() -> None:
    assert [shard_of(name, 8) for name in ("web-01", "db-01", "cache-01", "ä")] == SAME


SAME = [5, 1, 5, 7]


@pytest.mark.parametrize(
    "text", ["0/8", "9/8", "8", "1/", "/8", "-1/8", "1/8/2", "1 /8", "01/8", "1/1001", "a/b", ""]
)
def test_what_is_no_shard_is_said(text: str) -> None:
    with pytest.raises(UsageError, match="--shard can't be"):
        parse_shard(text)


def test_a_shard() -> None:
    assert parse_shard("2/8") == Shard(2, 8)
    assert parse_shard("1/1") == Shard(1, 1)

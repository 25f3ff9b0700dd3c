"""Which of several collectors watches a host: rendezvous hashing over names, so that they agree without talking. Pure.

Each shard bids for a host with a hash of both names and the highest bid wins (Thaler and Ravishankar, "A Name-Based Mapping Scheme for
Rendezvous", 1996). When a shard is added only the hosts that it wins move, to it; when the last is taken away only its own do.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import blake2s
from typing import NamedTuple

from ..errors import UsageError
from ..model.host import Host

MOST_SHARDS = 1000


class Shard(NamedTuple):
    """The `number`th of `count` collectors, counted from 1."""

    number: int
    shards: int


def parse_shard(text: str) -> Shard:
    """`2/8` is the second of eight.

    Raises:
        UsageError: it is not written so, or there is no such shard.
    """
    found = re.fullmatch(r"([1-9][0-9]{0,3})/([1-9][0-9]{0,3})", text)
    shard = Shard(int(found[1]), int(found[2])) if found else Shard(0, 0)
    if not 1 <= shard.number <= shard.shards <= MOST_SHARDS:
        raise UsageError(
            f"--shard can't be {text!r}", hint=f"2/8 is the second of eight, and {MOST_SHARDS} are the most"
        )
    return shard


def shard_of(name: str, count: int) -> int:
    """The number of the shard, 1 to `count`, that a host belongs to."""
    return max(range(1, count + 1), key=lambda n: blake2s(f"{n}/{name}".encode(), digest_size=8).digest())


def of_shard(hosts: Sequence[Host], shard: Shard) -> tuple[Host, ...]:
    """The hosts that one collector watches, in their order."""
    return tuple(host for host in hosts if shard_of(host.name, shard.shards) == shard.number)

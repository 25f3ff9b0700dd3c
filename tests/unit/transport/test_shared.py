"""A jump host that refuses is not tried again for each host behind it, and one that is lost is had again."""

from __future__ import annotations

import asyncio

import pytest

from livedata.model.scrape import Failure, Outcome
from livedata.transport.shared import Shared

REFUSED = Failure(Outcome.AUTH_FAILED, "denied")


def test_a_thousand_hosts_try_a_refused_key_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tries = 0

    async def refuse() -> Failure:
        nonlocal tries
        tries += 1
        await asyncio.sleep(0)
        return REFUSED

    async def run() -> None:
        jump: Shared[str] = Shared(refuse, lambda reached: False)
        for _ in range(10):
            assert set(await asyncio.gather(*(jump.open() for _ in range(100)))) == {REFUSED}
        assert tries == 1
        assert jump.stop() is None
        monkeypatch.setattr(jump, "_rest_until", 0.0)
        assert await jump.open() == REFUSED
        assert tries == 2

    asyncio.run(run())


def test_one_that_is_lost_is_had_again_and_one_that_is_not_is_kept() -> None:
    made: list[int] = []
    lost: set[int] = set()

    async def connect() -> int:
        made.append(len(made))
        return made[-1]

    async def run() -> None:
        jump = Shared(connect, lost.__contains__)
        assert {await jump.open() for _ in range(3)} == {0}
        lost.add(0)
        assert {await jump.open() for _ in range(3)} == {1}
        assert jump.stop() == 1

    asyncio.run(run())

"""Connections are ramped: so many at a time over all, fewer through one jump host, whose queue holds up nobody else."""

from __future__ import annotations

import asyncio
from collections import Counter

from livedata.collect.gates import Gates, gate
from livedata.model.host import Route

BASTION = Route("bastion", 2222)


def test_what_shares_a_gate() -> None:
    assert gate(Route("web-01")) == ""
    assert gate(Route("web-01", jumps=(BASTION, Route("inner")))) == gate(Route("web-02", jumps=(BASTION,)))
    assert gate(Route("web-01", jumps=(BASTION,))) != gate(Route("web-02", jumps=(Route("bastion", 22),)))
    assert gate(Route("web-01", proxy_command=("ssh", "-W", "web-01:22"))) == gate(
        Route("web-02", proxy_command=("ssh", "-W", "web-02:22"))
    )


def most(routes: list[Route], gates: Gates) -> Counter[str]:
    """The most connections that were being set up at one time, by gate and over all."""
    now: Counter[str] = Counter()
    peak: Counter[str] = Counter()

    async def one(route: Route) -> None:
        async with gates.through(route):
            for name in (gate(route), "all"):
                now[name] += 1
                peak[name] = max(peak[name], now[name])
            await asyncio.sleep(0.001)
            for name in (gate(route), "all"):
                now[name] -= 1

    async def run() -> None:
        await asyncio.gather(*(one(route) for route in routes))

    asyncio.run(run())
    return peak


def test_hosts_behind_a_jump_host_are_few_at_a_time_and_hold_up_no_others() -> None:
    behind = [Route(f"in-{n}", jumps=(BASTION,)) for n in range(100)]
    straight = [Route(f"out-{n}") for n in range(100)]
    peak = most([*behind, *straight], Gates(20, 3))
    assert peak[gate(behind[0])] == 3
    assert peak[""] >= 17
    assert peak["all"] == 20

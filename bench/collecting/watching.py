"""The livedata contender, a process of its own: the real collector on the real clock, which only runs when told to.

`python watching.py PLAN` reads commands from standard input, a line each, and answers each with a line of JSON:
`setup` (connect every host, first answers included), `run SECONDS`, `seal`. Between commands time stands still for the
collector, so that other contenders can be measured while its sessions stay. Nothing of livedata is replaced but its clock.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import json
import os
import socket
import struct
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from livedata.collect.collector import Collector
from livedata.config import Config
from livedata.model.batch import Batch
from livedata.model.host import Host, Route
from livedata.model.probe import Probe
from livedata.model.scrape import CONNECT, SCRAPE, Failure
from livedata.probe.load import load_probes
from livedata.store.memory import collect_seldom, give_back
from livedata.store.payload import Refused
from livedata.store.writer import Writer
from livedata.transport.ssh import SSHTransport

SECOND = 1_000_000
TCP_INFO_BYTES = struct.Struct("@120xQQ")
"""tcpi_bytes_acked and tcpi_bytes_received of linux/tcp.h's tcp_info."""


class Stopwatch:
    """A livedata Clock that goes at the real pace while `run` runs, and stands still otherwise."""

    def __init__(self, now_us: int) -> None:
        self._now_us = now_us
        self._started: float | None = None
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._sooner = asyncio.Event()

    def now_us(self) -> int:
        passed = time.monotonic() - self._started if self._started is not None else 0.0
        return self._now_us + int(passed * SECOND)

    def monotonic(self) -> float:
        return self.now_us() / SECOND

    async def sleep(self, seconds: float) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        sleeper = (self.now_us() + int(seconds * SECOND), next(self._order), woken)
        heapq.heappush(self._sleepers, sleeper)
        if self._sleepers[0] is sleeper:
            self._sooner.set()
        await woken

    async def run(self, seconds: float) -> None:
        end = self._now_us + int(seconds * SECOND)
        self._started = time.monotonic()
        while (now := self.now_us()) < end:
            while self._sleepers and self._sleepers[0][0] <= now:
                woken = heapq.heappop(self._sleepers)[2]
                if not woken.done():
                    woken.set_result(None)
            soonest = min(end, self._sleepers[0][0]) if self._sleepers else end
            self._sooner.clear()
            try:
                async with asyncio.timeout((soonest - now) / SECOND):
                    await self._sooner.wait()
            except TimeoutError:
                continue
        self._started, self._now_us = None, end


@dataclass(slots=True)
class Tally:
    """What went into the store so far; `runs` counts probe runs, `problems` those that gave no rows or not all."""

    runs: int = 0
    rows: int = 0
    answer_bytes: int = 0
    problems: dict[str, int] = field(default_factory=dict)

    def add(self, batches: Sequence[Batch]) -> None:
        for batch in batches:
            if batch.probe is not SCRAPE:
                self.rows += len(batch.rows)
                continue
            for row in batch.rows:
                scrape = dict(zip((c.name for c in SCRAPE.columns), row, strict=False))
                if scrape["probe"] != CONNECT:
                    self.runs += 1
                    self.answer_bytes += scrape["bytes"] or 0
                if scrape["outcome"] != "ok":
                    what = f"{scrape['probe']}: {scrape['outcome']}: {scrape['detail']}"
                    self.problems[what] = self.problems.get(what, 0) + 1


class TallyingWriter(Writer):
    """The store's writer, which also counts what it is given."""

    tally: Tally

    def append(self, batches: Sequence[Batch], now_us: int) -> list[Refused]:
        self.tally.add(batches)
        return super().append(batches, now_us)


def wire_bytes() -> dict[str, int]:
    """Bytes of this process's TCP connections since they were opened, SSH's own included: sent (and acknowledged), received."""
    sent = received = 0
    for link in Path("/proc/self/fd").iterdir():
        try:
            if not os.readlink(link).startswith("socket:"):
                continue
            connection = socket.socket(fileno=os.dup(int(link.name)))
        except OSError:
            continue
        with connection:
            if connection.family == socket.AF_INET and connection.type == socket.SOCK_STREAM:
                info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_BYTES.size)
                acked, got = TCP_INFO_BYTES.unpack(info)
                sent, received = sent + acked, received + got
    return {"sent": sent, "received": received}


def standard_tick(every: float, whole: bool) -> dict[str, Probe]:
    """The probes of the tick: those that read files, at a cadence of at most 10 s, and every process.

    `process` is due at every other tick, so that windows with and without it take turns on the same sessions; with
    `whole` at every tick, and each of its samples is kept whole, the idle processes too.
    """
    rare = () if whole else ("process",)
    found = {
        name: replace(probe, every=every * 2 if name in rare else every)
        for name, probe in load_probes().items()
        if probe.lane == "main" and (probe.every <= 10.0 or name == "process")
    }
    return {name: replace(probe, full=0.0) for name, probe in found.items()} if whole else found


def hosts_of(plan: dict[str, Any]) -> list[Host]:
    def route(port: int) -> Route:
        return Route(
            "127.0.0.1", port, plan["user"], (plan["key"],), identities_only=True, agent="",
            known_hosts=(plan["known_hosts"],),
        )  # fmt: skip

    return [Host(name, route=route(port)) for name, port in plan["hosts"]]


async def serve(plan: dict[str, Any]) -> None:
    every = plan["every"]
    probes = standard_tick(every, plan["whole"])
    hosts = hosts_of(plan)
    folder = Path(plan["folder"])
    # The first tick comes at once; the grid's next, with all probes, a twentieth of a period later.
    now = time.time_ns() // 1000
    clock = Stopwatch(now - now % int(every * 2 * SECOND) + int(every * 1.95 * SECOND))
    config = Config(folder / "store", folder / "none", folder / "none", folder / "none")
    reached: set[str] = set()
    complaints: list[str] = []

    def said(host: str, failure: Failure | None) -> None:
        if failure is None:
            reached.add(host)
        else:
            complaints.append(f"{host}: {failure.outcome}: {failure.detail}")

    def read(*_: object) -> Any:
        return asyncio.to_thread(sys.stdin.readline)

    give_back()
    collect_seldom()
    with TallyingWriter.open(config.store, purpose="bench", now_us=now) as writer:
        tally = writer.tally = Tally()
        stop = asyncio.Event()
        collector = Collector(
            writer, hosts, probes, {"ssh": SSHTransport(config.answer_bytes)}, clock, config, said, complaints.append
        )  # fmt: skip
        watching: asyncio.Task[None] | None = None
        while words := (await read()).split():
            started = time.monotonic()
            if words[0] == "setup":
                watching = asyncio.create_task(collector.watch(stop))
                while len(reached) < len(hosts) and not complaints and time.monotonic() - started < 120:
                    await asyncio.sleep(0.02)
            elif words[0] == "run":
                await clock.run(float(words[1]))
            elif words[0] == "seal":
                writer.seal(time.time_ns() // 1000)
            answer = {
                "seconds": time.monotonic() - started, "reached": len(reached), "runs": tally.runs, "rows": tally.rows,
                "answer_bytes": tally.answer_bytes, "problems": tally.problems, "complaints": complaints[:5],
                "probes": sorted(probes), "files": sorted({f for p in probes.values() for f in p.read}),
                **wire_bytes(),
            }  # fmt: skip
            print(json.dumps(answer), flush=True)
        stop.set()
        if watching:
            await watching


if __name__ == "__main__":
    asyncio.run(serve(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))

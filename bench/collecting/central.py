"""What a collector's own code costs, without SSH and without hosts: answers of made-up hosts, given to the real watches and the real store.

`python bench/collecting/central.py --hosts 100 --ticks 12` prints JSON: CPU ms per host and tick (`time.process_time`, so a busy machine matters
less), the share of each stage, and the memory of a host. Texts are those of a recorded machine (tests/probes), whose counters grow from
tick to tick; of its processes a fifth change. Time is made up too: no second is waited for.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import heapq
import itertools
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any
from unittest.mock import patch

from livedata.collect import asker, samples, watch
from livedata.collect.asker import Asker
from livedata.collect.gates import Gates
from livedata.collect.network import Network
from livedata.collect.pending import Pending
from livedata.collect.watch import Surroundings
from livedata.model.host import Host
from livedata.model.probe import Lane, Probe
from livedata.model.scrape import Failure
from livedata.parse import PARSERS
from livedata.probe.load import load_probes
from livedata.store import payload
from livedata.store.log import Log
from livedata.store.memory import collect_seldom, give_back
from livedata.store.writer import Writer
from livedata.transport.compose import COMPARED, READS, Request, is_glob
from livedata.transport.protocol import Answer
from livedata.transport.shell import Shell

SECOND = 1_000_000
KINDS = ("changed", "system", "whole")
"""With rows of processes that changed; of system files alone; of all processes."""
EVERY = 10
START = 1_800_000_000 * SECOND
CONNECTED = 50
"""Hosts that are reached within a second, at the start."""
MACHINE = "debian-12-vm"
RECORDINGS = Path(__file__).parents[2] / "tests" / "probes"
BOOT = "6d9b1d1c-7a9c-4f0e-9a55-3c1b0f7f0a11"
STAT = (
    "{pid} (worker-{pid}) S 1 {pid} {pid} 0 -1 4194560 {faults} 0 0 0 {ticks} 3 0 0 20 0 1 0 {pid}00 4096000 {rss} "
    + "0 " * 14
    + "0 0 0"
)
GROWS = ("/proc/stat", "/proc/diskstats", "/proc/net/dev", "/proc/pressure/")
"""Files whose numbers grow; in others only the last digits of the large ones change."""


def standard_tick(processes: bool, whole: bool) -> dict[str, Probe]:
    """As `bench/collect.py` has it: the probes that read files at 10 s, and `process`."""
    return {
        name: replace(probe, every=float(EVERY), full=0.0 if whole else probe.full)
        for name, probe in load_probes().items()
        if probe.lane == "main" and (probe.every <= EVERY or (processes and name == "process"))
    }


class Machine:
    """The answers of a made-up host, the same for all that are asked at one tick; without a nonce, which stands as `%N%`."""

    def __init__(self, probes: Sequence[Probe], processes: int) -> None:
        self._probes = probes
        self._processes = processes
        self._files = dict(self._recorded())
        self._answers: dict[tuple[int, bool], bytes] = {}

    def _recorded(self) -> Iterator[tuple[str, str]]:
        for probe in self._probes:
            root = (
                RECORDINGS
                / probe.name
                / (MACHINE if (RECORDINGS / probe.name / MACHINE).is_dir() else "debian-12")
            )
            for path in probe.read:
                if path.startswith("/proc/["):
                    continue
                for file in root.glob(path[1:]) if is_glob(path) else [root / path[1:]]:
                    if file.is_file():
                        yield "/" + file.relative_to(root).as_posix(), file.read_text()

    def _text(self, path: str, tick: int) -> str:
        def grown(number: re.Match[str]) -> str:
            value = int(number[0])
            return str(value + tick * (1 + value % 7)) if value > 9 else number[0]

        text = self._files[path]
        if path.startswith(GROWS):
            return re.sub(r"(?<=[ =])\d+(?=[ \n])", grown, text)
        return re.sub(r"\d{5,}", grown, text)

    def _stat(self, number: int, tick: int) -> str:
        turns = (number + tick) // 5  # when it did something last
        return STAT.format(pid=1000 + number, faults=100 + turns, ticks=7 + turns, rss=500 + turns % 3)

    def answer(self, tick: int, whole: bool) -> bytes:
        """What the reader prints (`livedata/transport/reader.py`)."""
        key = tick, whole
        if key not in self._answers:
            up = f"{100_000 + tick * EVERY}.00 0.00"
            files = "".join(f"==> {path} <==\n{self._text(path, tick)}\n" for path in sorted(self._files))
            said = [f"\n@%N% B {up} {BOOT}", f"{files}\n@%N% S {READS} 0"]
            if any(probe.name == "process" for probe in self._probes):
                texts = [(n, self._stat(n, tick)) for n in range(self._processes)]
                news = [f"{1000 + n} {t}\n" for n, t in texts if whole or t != self._stat(n, tick - 1)]
                said.append(
                    "".join(news) + ("whole" if whole else "since") + f"\n\n@%N% S process 0 {COMPARED}"
                )
            said.append(
                f"0m0.01s 0m0.01s\n0m0.00s 0m0.00s\n\n@%N% S times 0\n\n@%N% S times.reader 0 {tick}\n@%N% E {up}\n"
            )
            self._answers[key] = "\n".join(said).encode()
        return self._answers[key]


class Clock:
    """A livedata Clock that only goes on when told to."""

    def __init__(self) -> None:
        self._now_us = START - SECOND
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def now_us(self) -> int:
        return self._now_us

    def monotonic(self) -> float:
        return self._now_us / SECOND

    async def sleep(self, seconds: float) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now_us + int(seconds * SECOND), next(self._order), woken))
        await woken

    async def run(self, seconds: float, sleepers: int) -> None:
        """Let so much time pass; whenever some were woken, wait until all `sleepers` sleep again."""
        end = self._now_us + int(seconds * SECOND)
        while True:
            while len(self._sleepers) < sleepers:
                await asyncio.sleep(0)
            if self._sleepers[0][0] > end:
                break
            self._now_us = max(self._now_us, self._sleepers[0][0])
            while self._sleepers and self._sleepers[0][0] <= self._now_us:
                heapq.heappop(self._sleepers)[2].set_result(None)
        self._now_us = end


class FakeSession:
    """A session whose shell is real and whose host is `Machine`."""

    connect_s = 0.0
    lost: Failure | None = None

    def __init__(self, machine: Machine, clock: Clock) -> None:
        self._machine = machine
        self._clock = clock
        self._nonce = ""
        self._loop = asyncio.get_running_loop()
        self._shell = Shell("", self._write, lambda: None, 10_000_000)

    def _write(self, data: bytes) -> None:
        _, nonce, *held = data.decode().splitlines()[-1].split(" ")
        tick = (self._clock.now_us() - START) // (EVERY * SECOND) + 1
        answer = self._machine.answer(tick, not (held and held[0] == self._nonce))
        self._nonce = nonce
        self._loop.call_soon(self._shell.received, answer.replace(b"%N%", nonce.encode()))

    async def ask(self, lane: Lane, request: Request, timeout: float) -> Answer:
        return await self._shell.ask(request, timeout)

    async def wait_lost(self) -> Failure:
        await asyncio.Event().wait()
        raise AssertionError

    async def close(self) -> None:
        pass


class FakeTransport:
    def __init__(self, machine: Machine, clock: Clock) -> None:
        self._machine, self._clock = machine, clock

    async def connect(self, host: Host) -> FakeSession:
        return FakeSession(self._machine, self._clock)

    async def close(self) -> None:
        pass


class Stages:
    """CPU of stages, each without those that it calls."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self._stack: list[str] = ["the rest: tasks, scheduling, scrape rows, batches"]
        self._since = time.process_time()

    def switch(self, stack: list[str]) -> None:
        now = time.process_time()
        self.spent[self._stack[-1]] += now - self._since
        self._since, self._stack = now, stack

    def timed(self, stage: str, work: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(work)
        def run(*args: Any, **kwargs: Any) -> Any:
            before = self._stack
            self.switch([*before, stage])
            try:
                return work(*args, **kwargs)
            finally:
                self.switch(before)

        return run


@contextmanager
def split(stages: Stages) -> Iterator[None]:
    """Have the stages timed."""
    parsers = {name: stages.timed(f"parse: {name}", parser) for name, parser in PARSERS.items()}
    places: list[tuple[Any, str, str]] = [
        (Shell, "received", "framing"), (asker, "readings", "readings"), (samples, "with_increases", "increments"),
        (samples, "counters_of", "increments"), (payload, "to_arrow", "to Arrow"), (payload, "pack", "pack"), (Log, "append", "write and sync"),
        (samples.Samples, "_lives", "lives"),
    ]  # fmt: skip
    patches = [
        patch.object(where, name, stages.timed(stage, getattr(where, name))) for where, name, stage in places
    ]
    patches.append(patch.object(samples, "PARSERS", parsers))
    for one in patches:
        one.start()
    try:
        yield
    finally:
        for one in patches:
            one.stop()


def rss_kb() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


async def measure(hosts: int, ticks: int, probes: dict[str, Probe], processes: int) -> dict[str, Any]:
    clock = Clock()
    machine = Machine(list(probes.values()), processes)
    for tick in range(-1, 2 * ticks + 4):
        machine.answer(tick, False)
        machine.answer(tick, True)
    pending = Pending()
    rows = 0
    with (
        tempfile.TemporaryDirectory() as folder,
        Writer.open(Path(folder) / "store", purpose="bench", now_us=START) as writer,
    ):

        async def run(seconds: int) -> None:
            nonlocal rows
            for _ in range(seconds):
                await clock.run(1.0, len(tasks))
                rows += pending.rows
                refused = writer.append(pending.take(), clock.now_us())
                assert not refused, refused[0].reason

        gc.collect()
        before = rss_kb()
        troubles: list[tuple[str, Failure]] = []

        def said(host: str, failure: Failure | None) -> None:
            if failure:
                troubles.append((host, failure))

        network = Network(clock)
        around = Surroundings(clock, hosts, Gates(hosts), network, said)
        tasks: list[asyncio.Task[None]] = []
        for number in range(hosts):
            name = f"host-{number:04}"
            network.join(name)
            one = Asker(Host(name), probes.values(), {}, clock, pending.add)
            tasks.append(asyncio.create_task(watch.watch(one, FakeTransport(machine, clock), around)))
            if len(tasks) % CONNECTED == 0:
                await run(1)
        await run(3 * EVERY)
        memory = (rss_kb() - before) / hosts
        rows, started = 0, time.process_time()
        await run(ticks * EVERY)
        total = (time.process_time() - started) * 1000 / hosts / ticks
        seen = rows / hosts / ticks
        stages = Stages()
        with split(stages):
            await run(ticks * EVERY)
            stages.switch([])
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert not troubles, troubles[0]
    return {
        "cpu_ms": round(total, 3), "rows": round(seen, 1), "memory_kb": round(memory, 1),
        "stages_ms": {k: round(v * 1000 / hosts / ticks, 3) for k, v in sorted(stages.spent.items(), key=lambda kv: -kv[1])},
    }  # fmt: skip


def all_kinds(hosts: int, ticks: int) -> dict[str, Any]:
    """Each in a process of its own, for the memory's sake."""
    command = [sys.executable, __file__, "--hosts", str(hosts), "--ticks", str(ticks), "--kind"]
    return {kind: json.loads(subprocess.check_output([*command, kind])) for kind in KINDS}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--hosts", type=int, default=100)
    parser.add_argument("--ticks", type=int, default=12)
    parser.add_argument("--kind", choices=KINDS)
    asked = parser.parse_args()
    if asked.kind is None:
        print(json.dumps(all_kinds(asked.hosts, asked.ticks), indent=1))
        return
    give_back()
    collect_seldom()
    probes = standard_tick(asked.kind != "system", asked.kind == "whole")
    print(json.dumps(asyncio.run(measure(asked.hosts, asked.ticks, probes, 200)), indent=1))


if __name__ == "__main__":
    main()

"""Of a host with a reader the collector knows after each sample what there is, although only changes came and some of them were lost."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from livedata.clock import SystemClock
from livedata.collect.asker import Asker
from livedata.collect.changed import slot
from livedata.model.batch import Batch
from livedata.model.host import Host
from livedata.model.probe import Lane
from livedata.model.scrape import SCRAPE, Failure, Outcome
from livedata.probe.load import load_probes
from livedata.transport.compose import COMPARED, READS, Request
from livedata.transport.framing import Section
from livedata.transport.protocol import Answer

PROCESS = load_probes()["process"]
STAT = (
    "{pid} ({name}) S 1 1 1 0 -1 4194560 7 0 0 0 {ticks} 0 0 0 20 0 1 0 {start} 4096000 100 "
    + "0 " * 14
    + "0 0 0"
)
NAMES = ("sh", "a) S 1\n1 (b", "\n2 (x) S", " since", "whole")
SELF = f"==> /proc/self/stat <==\n{STAT.format(pid=99, name='awk', ticks=0, start=1)}\n\n==> /proc/self/statm <==\n1000 1\n"

Processes = dict[int, tuple[int, int, int]]
"""Pid → start, CPU ticks, and which of `NAMES`."""


@dataclass
class Reading:
    """A session whose reader keeps what it sent, as `transport/reader.py` says."""

    processes: Processes = field(default_factory=dict)
    fate: str = "answers"
    sent: dict[str, str] = field(default_factory=dict)
    nonce: str = ""
    uptime: int = 100_000
    connect_s = 0.0
    lost: Failure | None = None
    answers: list[bytes] = field(default_factory=list)

    async def ask(self, lane: Lane, request: Request, timeout: float) -> Answer:
        self.uptime += 30_000
        if self.fate == "is another":
            self.sent, self.nonce = {}, ""
        (held,) = request.held
        texts = {
            str(pid): STAT.format(pid=pid, name=NAMES[name], ticks=ticks, start=start)
            for pid, (start, ticks, name) in self.processes.items()
        }
        whole = not held or held != self.nonce
        before, self.sent, self.nonce = self.sent, texts, secrets.token_hex(16)
        said = [
            f"{pid} {t}".replace("\n", "\n ") for pid, t in texts.items() if whole or before.get(pid) != t
        ]
        said.append("whole" if whole else " ".join(["since", *sorted(before.keys() - texts.keys())]))
        data = "\n".join(said).encode()
        if self.fate == "is lost":
            return Answer(failure=Failure(Outcome.TIMEOUT, "no answer"))
        if self.fate == "is odd":
            data = data.replace(b" S ", b" ? no process ")
        self.answers.append(data)
        sections = {
            READS: Section(READS, 0, "", SELF.encode()), "process": Section("process", 0, COMPARED, data)
        }  # fmt: skip
        return Answer(sections, "boot", self.uptime, rtt=0.0, wall=0.0, nonce=self.nonce)


class Watching:
    def __init__(self, session: Reading) -> None:
        self.batches: list[Batch] = []
        self.session = session
        self.asker = Asker(Host("h"), [PROCESS], {}, SystemClock(), self.batches.extend)
        self.ts = next(
            t for t in range(0, 10**10, 30_000_000) if slot("h", PROCESS, t) != slot("h", PROCESS, t - 30_000_000)
        )  # fmt: skip

    def tick(self) -> list[tuple[int, int | None]]:
        """Sample once; of each row kept the pid and how much user time it took since."""
        before = len(self.batches)
        asyncio.run(self.asker.run(self.session, "main", [PROCESS], self.ts))  # type: ignore[arg-type]
        self.ts += 30_000_000
        took = len(PROCESS.columns) + [PROCESS.columns[i].name for i in PROCESS.counters].index(
            "user_seconds_total"
        )
        return [(row[0], row[took]) for b in self.batches[before:] if b.probe is not SCRAPE for row in b.rows]

    def known(self) -> dict[tuple[int, int], int]:
        """Process → the CPU ticks that increments are reckoned from."""
        which = [PROCESS.columns[i].name for i in PROCESS.counters].index("user_seconds_total")
        return {(k[0], k[1]): counts[which] for k, counts in self.asker.last["process"].counters.items()}


FATES = st.sampled_from(["answers", "answers", "answers", "is lost", "is another", "is odd"])
LISTS = st.dictionaries(
    st.integers(1, 6), st.tuples(st.integers(1, 3), st.integers(0, 3), st.integers(0, 4)), max_size=6
)


@given(st.lists(st.tuples(LISTS, FATES), min_size=1, max_size=14))
def test_after_each_sample_it_is_known_what_there_is(steps: list[tuple[Processes, str]]) -> None:
    session = Reading()
    watching = Watching(session)
    for some, fate in steps:
        processes = some | {9: (1, 0, 0)}  # a host without any does not answer
        session.processes, session.fate = processes, fate
        watching.tick()
        if fate in ("answers", "is another"):
            assert watching.known() == {(pid, p[0]): p[1] for pid, p in processes.items()}


def test_only_what_changed_comes_and_is_kept_and_once_in_a_period_all() -> None:
    session = Reading({1: (500, 5, 0), 2: (500, 7, 1)})
    watching = Watching(session)
    assert watching.tick() == [(1, None), (2, None)]
    session.processes = {1: (500, 5, 0), 2: (500, 9, 1)}
    assert watching.tick() == [(2, 2)]
    assert session.answers[1].count(b"\n") == 2  # a name of two lines makes a record of two
    session.processes = {1: (500, 6, 0), 3: (14_000, 4, 0)}
    assert sorted(watching.tick()) == [(1, 1), (3, None)]
    session.processes |= {4: (session.uptime // 10 + 1, 4, 0)}
    assert watching.tick() == [(4, 4)], "it began since, and has used that since"
    for _ in range(6):
        assert watching.tick() == []
    assert watching.tick() == [(1, 0), (3, 0), (4, 0)]

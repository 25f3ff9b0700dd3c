"""Who is asked about, when, and how often: new processes once, all now and then, none that hangs; and what ends is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from livedata.clock import SystemClock
from livedata.collect.asker import Asker
from livedata.collect.changed import slot
from livedata.collect.lives import MOST_PIDS, Told, family, our_own, slash, told_before
from livedata.model.batch import Batch
from livedata.model.host import Host
from livedata.model.probe import Lane
from livedata.model.reading import Reading
from livedata.model.scrape import SCRAPE, Failure, Outcome
from livedata.probe.load import load_probes
from livedata.store.state import Last
from livedata.transport.compose import Request
from livedata.transport.framing import Section
from livedata.transport.protocol import Answer

PROBES = load_probes()
PROCESS, INFO = PROBES["process"], PROBES["process_info"]
STAT = (
    "{pid} ({name}) S {ppid} {group} {session} 0 -1 4194560 7 0 0 0 {ticks} 0 0 0 20 0 1 0 {start} 4096000 100 "
    + "0 " * 14
    + "0 0 0\n"
)
SECOND = 1_000_000
READER = 99_999
"""The `head` that reads, where there is one."""


@dataclass
class Machine:
    """A host of made-up processes (pid → start in hundredths, CPU ticks), that answers both probes as a real one does."""

    uptime: int = 10_000
    boot_id: str = "boot"
    processes: dict[int, tuple[int, int]] = field(default_factory=dict)
    connect_s = 0.0
    lost: Failure | None = None
    family: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    """Pid → parent, group and session, for others than daemons."""
    asked: list[list[int]] = field(default_factory=list)
    hangs: bool = False
    on_ask: Callable[[], None] = lambda: None

    async def ask(self, lane: Lane, request: Request, timeout: float) -> Answer:
        variables = dict(request.variables)
        if INFO not in request.probes:
            texts = {
                f"/proc/{pid}/stat": STAT.format(
                    pid=pid, name="x", start=start, ticks=ticks,
                    **dict(zip(("ppid", "group", "session"), self.family.get(pid, (1, pid, pid)), strict=True)),
                )
                for pid, (start, ticks) in self.processes.items()
            }  # fmt: skip
            if READER in self.family:
                ppid, group, session = self.family[READER]
                reader = STAT.format(
                    pid=READER,
                    name="head",
                    ppid=ppid,
                    group=group,
                    session=session,
                    start=self.uptime,
                    ticks=0,
                )
                texts |= {f"/proc/{READER}/stat": reader, "/proc/self/stat": reader}
            data = "\n".join(f"==> {path} <==\n{text}" for path, text in texts.items())
            return self._answer(Section("process", 0, "", data.encode()))
        pids = [int(pid) for pid in variables["LIVEDATA_NEW"].split()]
        self.asked.append(pids)
        self.on_ask()
        if self.lost:
            return Answer(failure=self.lost, rtt=None)
        there = [pid for pid in pids if pid in self.processes]
        lines = [variables["LIVEDATA_SLASH"], "1700000000"]
        lines += [f"{pid} 1 {self.processes[pid][0]} 0 root /" for pid in there] + [""]
        lines += [f"==> {pid}{variables['LIVEDATA_SLASH']}cmdline <==\ntool\0{pid}\0" for pid in there]
        if self.hangs:
            return self._answer(Section(INFO.name, 124, "", "\n".join(lines).encode()[:-2]))
        lines.append(f"==> {variables['LIVEDATA_SLASH']}dev/null <==\n")
        return self._answer(Section(INFO.name, 0, "", "\n".join(lines).encode()))

    def _answer(self, section: Section) -> Answer:
        return Answer({section.name: section}, self.boot_id, self.uptime * 10, rtt=0.0, wall=0.0)


class Watching:
    """A collector's life: its ticks of 30 s begin a period of `process_info` and one of `process`."""

    def __init__(self, machine: Machine, known: dict[str, Last] | None = None) -> None:
        self.batches: list[Batch] = []
        self.machine = machine
        self.asker = Asker(Host("h"), [PROCESS, INFO], known or {}, SystemClock(), self.batches.extend)
        step = int(INFO.full) * SECOND
        begin = next(t for t in range(0, step, SECOND) if slot("h", INFO, t) != slot("h", INFO, t - SECOND))
        self.ts = begin + step - begin % (30 * SECOND) + 30 * SECOND

    def tick(self, seconds: float = 30) -> list[tuple[int, str | None]]:
        """Sample once; the rows of process_info: (pid, its command, or `ended`)."""
        self.ts += int(seconds * SECOND)
        self.machine.uptime += int(seconds * 100)
        before = len(self.batches)
        asyncio.run(self.asker.run(self.machine, "main", list(self.asker.probes), self.ts))  # type: ignore[arg-type]
        rows = [row for batch in self.batches[before:] if batch.probe is INFO for row in batch.rows]
        names = [column.name for column in INFO.columns]
        told = [dict(zip(names, row, strict=True)) for row in rows]
        assert all(r["ended"] in (None, self.ts) for r in told)
        return sorted((r["pid"], "ended" if r["ended"] else r["command"]) for r in told)

    def scrapes(self) -> list[tuple[object, ...]]:
        names = [column.name for column in SCRAPE.columns]
        keep = [names.index(name) for name in ("probe", "outcome", "whole")]
        return [tuple(row[i] for i in keep) for b in self.batches if b.probe is SCRAPE for row in b.rows]

    def known(self) -> dict[str, Last]:
        """What the store would know after a kill: of the last sample only what changed in it."""
        return {
            n: Last(last.ts, last.boot_id, last.uptime_ms, {}, last.cursor)
            for n, last in self.asker.last.items()
        }


def test_new_ones_are_asked_about_once_and_ends_are_told() -> None:
    host = Machine(processes={1: (10, 5), 50: (900, 5)})
    watching = Watching(host)
    assert watching.tick() == [(1, "tool 1"), (50, "tool 50")]
    assert watching.tick() == []
    host.processes[60] = (host.uptime + 1000, 1)
    assert watching.tick() == [(60, "tool 60")]
    host.processes[1] = (10, 99)  # it worked
    assert watching.tick() == []
    del host.processes[50]
    assert watching.tick() == [(50, "ended")]
    assert watching.tick() == []
    assert host.asked == [[1, 50], [60]]


def test_the_same_pid_again_is_another_process() -> None:
    host = Machine(processes={7: (10, 5)})
    watching = Watching(host)
    watching.tick()
    host.processes[7] = (host.uptime + 500, 0)
    assert watching.tick() == [(7, "ended"), (7, "tool 7")]


def test_many_are_asked_about_in_parts_oldest_first_and_one_that_vanished_is_no_error() -> None:
    host = Machine(uptime=10**6, processes={n: (10**6 - n, 0) for n in range(1, 2 * MOST_PIDS + 11)})
    watching = Watching(host)
    host.on_ask = lambda: host.processes.pop(1, None)
    assert len(watching.tick()) == 2 * MOST_PIDS + 9
    assert [len(pids) for pids in host.asked] == [MOST_PIDS, MOST_PIDS, 10]
    assert host.asked[0][0] == 2 * MOST_PIDS + 10
    assert {outcome for _, outcome, _ in watching.scrapes()} == {"ok"}


def test_a_restart_asks_about_nothing_again_but_what_began_since() -> None:
    host = Machine(processes={1: (10, 5), 50: (900, 5)})
    first = Watching(host)
    first.tick()
    host.processes[60] = (host.uptime + 1000, 1)
    second = Watching(host, first.known())
    second.ts = first.ts
    assert second.tick() == [(60, "tool 60")]
    assert host.asked == [[1, 50], [60]]
    assert [whole for probe, _, whole in second.scrapes() if probe == "process"] == [True]


def test_another_boot_is_another_host() -> None:
    host = Machine(processes={1: (10, 5)})
    watching = Watching(host)
    watching.tick()
    host.boot_id, host.uptime = "another", 100
    assert watching.tick() == [(1, "tool 1")]
    restarted = Watching(host, watching.known() | {"process": Last(0, "third", 0, {}, None)})
    host.boot_id = "third"
    assert restarted.tick() == [(1, "tool 1")]


def test_all_are_asked_about_again_now_and_then_and_after_a_gap() -> None:
    host = Machine(processes={1: (10, 5)})
    watching = Watching(host)
    watching.tick()
    told = [watching.tick(seconds=300) for _ in range(int(INFO.full) // 300 + 1)]
    assert [t for t in told if t] == [[(1, "tool 1")]]
    assert len(told[-1] or told[-2]) == 1
    later = Watching(host, watching.known())
    later.ts = watching.ts + int(INFO.full) * SECOND
    assert later.tick() == [(1, "tool 1")]


def test_what_is_not_answered_in_time_is_kept_as_far_as_it_came_and_not_asked_again() -> None:
    host = Machine(processes={1: (10, 5), 50: (900, 5)}, hangs=True)
    watching = Watching(host)
    assert watching.tick() == [(1, "tool 1"), (50, "tool")]  # the last word may be cut
    assert watching.tick() == []
    assert host.asked == [[1, 50]]
    assert (INFO.name, "timeout", None) in watching.scrapes()


def test_what_a_lost_session_left_open_is_asked_by_the_next() -> None:
    host = Machine(processes={1: (10, 5)})
    watching = Watching(host)

    def cut() -> None:
        host.lost = Failure(Outcome.UNREACHABLE, "the line is cut")

    host.on_ask = cut
    assert watching.tick() == []
    host.lost, host.on_ask = None, lambda: None
    assert watching.tick() == [(1, "tool 1")]


def test_what_livedata_itself_runs_there_is_not_asked_about() -> None:
    session, shell, script, other = 20, 30, 40, 50
    host = Machine(processes={session: (10, 0), shell: (20, 0), script: (30, 0), other: (30, 0)})
    host.family = {
        shell: (session, shell, shell),
        script: (shell, script, shell),
        READER: (shell, shell, shell),
    }
    watching = Watching(host)
    assert watching.tick() == [(pid, f"tool {pid}") for pid in (session, shell, other)]
    del host.processes[script]
    assert watching.tick() == [(script, "ended")], "it was seen, so it was there"


def test_whole_samples_are_told_from_others() -> None:
    host = Machine(processes={1: (10, 5)})
    watching = Watching(host)
    watching.tick()
    watching.tick(1)
    whole = [(probe, whole) for probe, _, whole in watching.scrapes()]
    assert whole == [("process", True), (INFO.name, None), ("process", False)]


def test_cursors() -> None:
    told = Told("0c1f", -3, 4711)
    assert told_before(str(told), "0c1f") == told
    for cursor in (None, "", "0c1f", "0c1f 1", "0c1f x y", "other 1 2"):
        assert told_before(cursor, "0c1f") is None
    assert told_before(str(told), None) is None


def stats(*lines: tuple[int, str, int, int] | tuple[int, str, int, int, int]) -> Reading:
    """Processes by (pid, name, parent, session, and group where it is another's); the last is the reader."""
    files = {
        f"/proc/{pid}/stat": STAT.format(
            pid=pid, name=name, ppid=ppid, session=session, group=(*group, session)[0], start=pid, ticks=0
        )
        for pid, name, ppid, session, *group in lines
    }
    return Reading({**files, "/proc/self/stat": list(files.values())[-1]})


def test_what_our_own_shells_started_is_told_by_its_session() -> None:
    """Of sshd 20 the shells 30 and 31, of which 31 runs a script under busybox's timeout, which leaves a watcher (34)."""
    ours = [(32, "sh", 31, 31, 32), (33, "awk) (", 32, 31, 32), (34, "timeout", 1, 34)]
    stay = [(36, "sh", 31, 31), (37, "mawk", 31, 31)]
    others = [(1, "init", 0, 1), (10, "sshd", 1, 10), (20, "sshd", 10, 20), (30, "sh", 20, 30), (31, "sh", 20, 31), (40, "cron", 1, 40),
              (41, "job", 40, 40)]  # fmt: skip
    reading = stats(*others, *stay, *ours, (35, "head", 30, 30))
    keys = [(pid, pid) for pid, *_ in (*others, *stay, *ours)]
    assert {pid for pid, _ in our_own(reading, family(reading, None, keys), keys, 340)} == {32, 33, 34}
    assert {pid for pid, _ in our_own(reading, family(reading, None, keys), keys, 34_000)} == {32, 33}, (
        "this timeout is an old one"
    )


@pytest.mark.parametrize("lines", [[(30, "sh", 1, 30), (35, "head", 30, 30)], [(5, "head", 0, 5)]])
def test_where_the_session_is_not_known_nothing_is_taken_for_ours(
    lines: Sequence[tuple[int, str, int, int]],
) -> None:
    reading = stats((40, "cron", 1, 40), (41, "job", 40, 40), *lines)
    assert our_own(reading, family(reading, None, [(41, 41)]), [(41, 41)], 410) == set()


def test_a_slash_is_one_and_another_each_time() -> None:
    spelled = {slash() for _ in range(20)}
    assert len(spelled) == 20
    assert all(set(s) <= {"/", "."} and s[0] == "/" and s[-1] == "/" and ".." not in s for s in spelled)

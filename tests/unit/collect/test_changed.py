"""Unchanged processes give no rows between whole samples, and the increments stay exact when they move again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livedata.clock import SystemClock
from livedata.collect.asker import Asker
from livedata.collect.changed import NOTHING, changed, slot
from livedata.model.batch import Batch
from livedata.model.host import Host
from livedata.model.probe import Column, Lane, Probe
from livedata.model.reading import Reading
from livedata.model.scrape import SCRAPE, Failure
from livedata.parse import PARSERS
from livedata.probe.load import load_probes
from livedata.store.state import Last
from livedata.transport.compose import Request
from livedata.transport.framing import Section
from livedata.transport.protocol import Answer

PROCESS = load_probes()["process"]
TAIL = "0 0 -1 4194560 {minor} 0 0 0 {user} 0 0 0 20 0 1 0 {start} 4096000 100 " + "0 " * 14 + "0 0 0"


def process(pid: int, user: int, start: int = 500, minor: int = 7) -> str:
    return f"{pid} (p{pid}) S 1 1 {TAIL.format(user=user, start=start, minor=minor)}\n"


def answer(uptime_ms: int, boot: str = "boot", **users: int) -> Answer:
    """What the host says: p10=5 is process 10 with 5 ticks of user time; the reader is process 99."""
    texts = {f"/proc/{name[1:]}/stat": process(int(name[1:]), user) for name, user in users.items()}
    texts |= {
        "/proc/99/stat": process(99, 0, uptime_ms),
        "/proc/self/stat": process(99, 0),
        "/proc/self/statm": "1000 1\n",
    }
    data = "\n".join(f"==> {path} <==\n{text}" for path, text in texts.items()).encode()
    return Answer({"process": Section("process", 0, "", data)}, boot, uptime_ms, rtt=0.0, wall=0.0)


class Recorded:
    """A session that gives these answers in turn."""

    connect_s = 0.0
    lost: Failure | None = None

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)

    async def ask(self, lane: Lane, request: Request, timeout: float) -> Answer:
        return self._answers.pop(0)


def samples(
    *answers: Answer, ts: Sequence[int] = (), known: dict[str, Last] | None = None
) -> list[list[tuple[int, int | None, int | None]]]:
    """For each answer the rows kept: (pid, user ticks' increase, dt_ms)."""
    kept: list[Batch] = []
    asker = Asker(Host("h"), [PROCESS], known or {}, SystemClock(), kept.extend)
    session = Recorded(*answers)
    increase = len(PROCESS.columns) + [PROCESS.columns[i].name for i in PROCESS.counters].index(
        "user_seconds_total"
    )
    for number in range(len(answers)):
        at = ts[number] if ts else number * 30_000_000
        asyncio.run(asker.run(session, "main", [PROCESS], at))  # type: ignore[arg-type]
    return [
        [(row[0], row[increase], batch.dt_ms) for row in batch.rows]
        for batch in kept
        if batch.probe is not SCRAPE
    ]


def one_period(count: int, probe: Probe = PROCESS) -> list[int]:
    """Ticks 30 s apart that lie in one period between whole samples."""
    start = next(
        t for t in range(0, 10**10, 30_000_000) if slot("h", probe, t) != slot("h", probe, t - 30_000_000)
    )
    return [start + i * 30_000_000 for i in range(count)]


def test_only_what_moved_gives_rows_and_its_increase_is_over_the_last_tick() -> None:
    answers = [
        answer(1000, p10=5, p11=5),
        answer(31_000, p10=5, p11=8),
        answer(61_000, p10=6, p11=8),
        answer(91_000, p10=6, p11=8),
    ]
    assert samples(*answers, ts=one_period(4)) == [
        [(10, None, None), (11, None, None)],
        [(11, 3, 30_000)],
        [(10, 1, 30_000)],  # idle until the tick before: all of it lies in the last 30 s
        [],
    ]


def test_a_new_process_gives_a_row_and_a_new_period_gives_all() -> None:
    ticks = one_period(2)
    last = ticks[0] + 300_000_000
    answers = [answer(1000, p10=5), answer(31_000, p10=5, p12=1), answer(301_000, p10=5, p12=1)]
    assert samples(*answers, ts=[*ticks, last]) == [
        [(10, None, None)], [(12, 1, 30_000)], [(10, 0, 270_000), (12, 0, 270_000)],
    ]  # fmt: skip


def test_a_process_that_began_before_but_was_not_seen_has_no_increase() -> None:
    """With hidepid one comes into sight when it becomes this user's; nobody knows what it did since the sample before."""
    answers = [answer(9000, p10=5), answer(31_000, p10=5, p12=1)]  # they all began at 5 s
    assert samples(*answers, ts=one_period(2))[-1] == [(12, None, 22_000)]


def test_after_a_restart_nothing_is_taken_to_have_begun_since() -> None:
    """What the store knows of a sample is only what changed in it; a container's uptime may not tell more."""
    known = {"process": Last(0, "boot", 1000, {(10, 500): (0,) * 6}, None)}
    assert samples(answer(31_000, p10=5, p12=1), ts=one_period(1), known=known) == [
        [(10, 5, 30_000), (12, None, 30_000)]
    ]


def test_after_a_reboot_all_give_rows_and_no_increase() -> None:
    answers = [answer(90_000, p10=5), answer(31_000, "other boot", p10=5)]
    assert samples(*answers, ts=one_period(2)) == [[(10, None, None)], [(10, None, None)]]


def test_what_could_not_be_parsed_is_not_taken_as_seen() -> None:
    odd = answer(31_000, p10=5, p11=9)
    section = odd.sections["process"]
    broken = Answer(
        {"process": Section("process", 0, "", section.data.replace(b"11 (p11)", b"no process"))},
        "boot",
        31_000,
        rtt=0.0,
        wall=0.0,
    )
    again = answer(61_000, p10=5, p11=9)
    assert samples(answer(1000, p10=5, p11=5), broken, again, ts=one_period(3))[-1] == [
        (10, 0, 60_000),
        (11, 4, 60_000),
    ]


def test_what_a_parser_broke_on_is_not_taken_as_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    real = PARSERS["pidstat"]
    told: list[Reading] = []

    def second_time_broken(probe: Probe, reading: Reading) -> list[tuple[object, ...]]:
        told.append(reading)
        if len(told) == 2:
            raise IndexError("a fault of ours")
        return real(probe, reading)

    monkeypatch.setattr("livedata.collect.samples.PARSERS", {"pidstat": second_time_broken})
    answers = [answer(1000, p10=5), answer(31_000, p10=9), answer(61_000, p10=9)]
    assert samples(*answers, ts=one_period(3))[-1] == [(10, 4, 60_000)]


texts = st.dictionaries(st.sampled_from([f"/proc/{n}/stat" for n in range(1, 9)]), st.text(max_size=3))


@given(texts, texts)
def test_changed_is_what_differs(before: dict[str, str], after: dict[str, str]) -> None:
    _, seen = changed(PROCESS, Reading(before), NOTHING)
    fresh, _ = changed(PROCESS, Reading(after), seen)
    assert fresh.files == {p: t for p, t in after.items() if before.get(p) != t}


def test_a_file_with_a_fixed_name_always_comes_along() -> None:
    reading = Reading({"/proc/self/stat": "x"})
    _, seen = changed(PROCESS, reading, NOTHING)
    assert changed(PROCESS, reading, seen)[0] == reading


SCRIPT = Probe(
    "script",
    "",
    (Column("name", 1, "str", "label"), Column("runs_total", 2, "u64", "counter")),
    body="true\n",
    lane="slow",
)


def script(probe: Probe, *texts: str, ts: Sequence[int] = ()) -> list[list[tuple[object, ...]]]:
    """For each answer of a script the rows kept."""
    kept: list[Batch] = []
    asker = Asker(Host("h"), [probe], {}, SystemClock(), kept.extend)
    for number, text in enumerate(texts):
        said = Answer(
            {"script": Section("script", 0, "", text.encode())}, "boot", 1000 + number, rtt=0.0, wall=0.0
        )
        at = ts[number] if ts else number * 30_000_000
        # The host's clock is asked first, once.
        asyncio.run(asker.run(Recorded(said, said), "slow", [probe], at))  # type: ignore[arg-type]
    return [list(batch.rows) for batch in kept if batch.probe is not SCRAPE]


def test_rows_of_a_script_that_are_as_before_are_left_out_and_increases_stay_exact() -> None:
    probe = replace(SCRIPT, full=300.0)
    ticks = one_period(4, probe)
    texts = ["a 5\nb 5\n", "a 5\nb 7\n", "a 6\nb 7\nc 1\n", "b 7\n", "a 6\nb 9\n"]
    assert script(probe, *texts, ts=[*ticks, ticks[0] + 300_000_000]) == [
        [("a", 5, None), ("b", 5, None)],
        [("b", 7, 2)],
        [("a", 6, 1), ("c", 1, None)],
        [],
        [("a", 6, 0), ("b", 9, 2)],
    ]


def test_of_a_snapshot_all_rows_are_kept_or_none() -> None:
    probe = replace(SCRIPT, snapshot=300.0)
    ticks = one_period(4, probe)
    texts = ["a 5\nb 5\n", "a 5\nb 5\n", "a 5\n", "a 5\n", "a 5\n"]
    kept = script(probe, *texts, ts=[*ticks, ticks[0] + 300_000_000])
    assert [[row[0] for row in rows] for rows in kept] == [["a", "b"], [], ["a"], [], ["a"]]


def test_hosts_begin_their_periods_at_different_ticks() -> None:
    starts = {slot(f"h{i}", PROCESS, 10**15) for i in range(50)}
    assert len(starts) == 2
    assert slot("h", PROCESS, 10**15) + 1 == slot("h", PROCESS, 10**15 + 300_000_000)

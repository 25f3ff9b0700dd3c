"""A real local `sh` behind `Shell`: answers, and every way it can fail to."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Awaitable, Callable

import pytest

from livedata.model.host import Host
from livedata.model.probe import Probe
from livedata.model.scrape import Outcome
from livedata.transport.compose import compose_body, compose_reads
from livedata.transport.local import LocalSession, LocalTransport
from livedata.transport.protocol import Answer
from livedata.transport.shell import cpu_seconds, words

HOST = Host("here", transport="local")
CPU = Probe("cpu", "", (), read=("/proc/stat",))


def with_session(work: Callable[[LocalSession], Awaitable[None]], limit: int = 100_000) -> None:
    async def main() -> None:
        session = await LocalTransport(limit).connect(HOST)
        assert isinstance(session, LocalSession)
        try:
            await work(session)
        finally:
            await session.close()

    asyncio.run(main())


async def ask(session: LocalSession, body: str, timeout: float = 5.0, limit: float = 5.0) -> Answer:
    request = compose_body(Probe("it", "", (), body=body, lane="slow"), timeout, False)
    return await session.ask("slow", request, limit)


def test_many_requests_on_one_shell() -> None:
    async def work(session: LocalSession) -> None:
        shells = set()
        for _ in range(3):
            # A body's parent is timeout(1); that one's is the shell.
            answer = await ask(session, "ps -o ppid= -p $PPID")
            assert answer.failure is None
            assert answer.boot_id
            assert answer.uptime_ms
            assert answer.cpu is not None
            shells.add(answer.sections["it"].data)
            reads = await session.ask("main", compose_reads([CPU], HOST), 5)
            assert b"cpu " in reads.sections["reads"].data
        assert len(shells) == 1

    with_session(work)


def test_requests_at_one_time_wait_for_one_another() -> None:
    async def work(session: LocalSession) -> None:
        answers = await asyncio.gather(*(ask(session, f"echo {i}") for i in range(10)))
        assert [a.sections["it"].data for a in answers] == [f"{i}\n".encode() for i in range(10)]

    with_session(work)


def test_a_flood_is_cut_off_and_the_next_request_gets_a_new_shell() -> None:
    async def work(session: LocalSession) -> None:
        answer = await ask(session, "cat /dev/zero")
        assert answer.failure is not None
        assert answer.failure.outcome is Outcome.TRUNCATED
        assert 0 < len(answer.partial) <= 100_000
        assert (await ask(session, "echo again")).sections["it"].data == b"again\n"

    with_session(work)


def test_a_shell_that_does_not_answer_is_given_up_with_all_it_started() -> None:
    async def work(session: LocalSession) -> None:
        answer = await ask(session, "sleep 4321.25", timeout=1.5, limit=0.5)
        assert answer.failure is not None
        assert answer.failure.outcome is Outcome.TIMEOUT
        assert (await ask(session, "echo again")).sections["it"].data == b"again\n"

    with_session(work)
    # The body leads a process group of its own under timeout(1): it ends by its own time-out, not with the shell.
    end = time.monotonic() + 10
    while (
        "sleep 4321.25"
        in subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    ):
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_killed_shell_is_a_failure_and_the_next_request_gets_a_new_one() -> None:
    async def work(session: LocalSession) -> None:
        answer = await ask(session, "kill -9 $(ps -o ppid= -p $PPID)")
        assert answer.failure is not None
        assert answer.failure.outcome is Outcome.FAILED
        assert (await ask(session, "echo again")).sections["it"].data == b"again\n"

    with_session(work)


def test_standard_error_is_told_apart() -> None:
    async def work(session: LocalSession) -> None:
        answer = await ask(session, "echo out; printf 'bad \\033[31mred\\n' >&2; exit 77")
        assert answer.sections["it"].data == b"out\n"
        assert answer.sections["it"].status == 77
        assert answer.errors == "bad [31mred"

    with_session(work)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (b"0m0.010000s 0m0.020000s\n1m2.500000s 0m0.000000s\n", 62.53),  # dash
        (b"0m0.001s 0m0.004s\n0m0.001s 0m0.003s\n", 0.009),  # bash, busybox
        (b"0m00.01s 0m00.02s\n0m00.00s 0m00.00s\n", 0.03),  # mksh
        (b"", None),
        (b"0m0.0s 0m0.0s\n", None),
        (b"0m1.2.3s 0m0.0s\n0m0.0s 0m0.0s\n", None),
    ],
)
def test_times_of_many_shells(text: bytes, seconds: float | None) -> None:
    assert cpu_seconds(text) == pytest.approx(seconds) if seconds is not None else cpu_seconds(text) is None


def test_words_are_one_printable_line() -> None:
    assert words(b"a\x1b[2J\r\nb\xff\0c") == r"a [2J b\xff c"
    assert len(words(b"x" * 10_000)) == 300

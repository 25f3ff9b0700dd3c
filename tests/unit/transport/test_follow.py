"""What never ends by itself, behind a real local `sh`: its lines come as they are said, and it ends with whoever listens."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from livedata.model.host import Host
from livedata.model.probe import Probe
from livedata.model.scrape import Outcome
from livedata.transport.compose import call_line, compose_follow, prologue
from livedata.transport.local import LocalSession, LocalTransport
from livedata.transport.protocol import Answer
from livedata.transport.shell import READ_AHEAD
from tests.fleet.host import wait_for
from tests.shells.scripts import SHELLS

HOST = Host("here", transport="local")


def probe(body: str) -> Probe:
    return Probe("log", "", (), body=body, lane="log")


def followed(
    body: str, seconds: float, pause: float = 0.0, most: int = 10**9
) -> tuple[list[bytes], Answer, LocalSession]:
    """What is heard of a body, by a listener that takes its time and goes after `most` lines; then the shell is asked once more."""
    heard: list[bytes] = []

    async def main() -> tuple[Answer, LocalSession]:
        session = await LocalTransport(20_000_000).connect(HOST)
        assert isinstance(session, LocalSession)

        async def hear(lines: bytes) -> bool:
            assert lines.endswith(b"\n")
            heard.extend(lines.splitlines())
            await asyncio.sleep(pause)
            return len(heard) < most

        try:
            answer = await session.follow("log", compose_follow(probe(body)), seconds, hear)
            if answer.failure is None:
                again = await session.follow("log", compose_follow(probe("echo again")), seconds, hear)
                assert again.failure is None
                assert b"again" in heard[-2:]
                heard[:] = heard[: heard.index(b"again")]
        finally:
            await session.close()
        return answer, session

    answer, session = asyncio.run(main())
    return [line for line in heard if line], answer, session


def test_lines_come_and_the_end_is_that_of_the_body() -> None:
    lines, answer, _ = followed("echo a; sleep 0.2; printf 'b\\nc'; exit 3", 10)
    assert lines == [b"a", b"b"]  # what has no end is no line
    assert answer.failure is None
    assert answer.sections["log"].status == 3
    assert answer.boot_id


def test_after_its_time_it_is_told_to_end() -> None:
    seconds = f"1000.{os.getpid()}"  # nobody else's
    lines, answer, _ = followed(f"echo a; exec sleep {seconds}", 0.3)
    assert lines == [b"a"]
    assert answer.failure is None
    assert not [p for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"] == ["sleep", seconds]]


def test_who_listens_may_go() -> None:
    lines, answer, _ = followed("while :; do echo a; sleep 0.05; done", 100, most=3)
    assert len(lines) < 10
    assert answer.failure is None


def test_of_a_flood_nothing_is_lost_and_little_waits_here() -> None:
    # 2 MB against a listener that takes its time: were all read meanwhile, its second step would have more than may wait.
    body = (
        'i=0; while [ $i -lt 40000 ]; do i=$((i + 1)); echo "line $i ................................"; done'
    )
    steps: list[int] = []
    lines: list[bytes] = []

    async def main() -> None:
        session = await LocalTransport(20_000_000).connect(HOST)
        assert isinstance(session, LocalSession)

        async def hear(data: bytes) -> bool:
            steps.append(len(data))
            lines.extend(data.splitlines())
            await asyncio.sleep(1.0 if len(steps) == 1 else 0.0)
            return True

        await session.follow("log", compose_follow(probe(body)), 60, hear)
        await session.close()

    asyncio.run(main())
    assert [int(line.split()[1]) for line in lines if line] == list(range(1, 40_001))
    assert max(steps) < 3 * READ_AHEAD


def test_a_line_that_does_not_end_is_cut_off() -> None:
    _, answer, _ = followed("cat /dev/zero", 10)
    assert answer.failure
    assert answer.failure.outcome is Outcome.TRUNCATED


@pytest.mark.parametrize("stopped", [False, True])
@pytest.mark.parametrize("name", SHELLS)
def test_it_ends_with_the_connection_under_every_shell(name: str, stopped: bool, tmp_path: Path) -> None:
    file = tmp_path / "pid"
    request = compose_follow(probe(f"echo $$ >{file}; echo line; exec sleep 1000"))
    process = subprocess.Popen(
        SHELLS[name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdin
    process.stdin.write((prologue(HOST) + request.script + call_line(request, "abc")).encode())
    process.stdin.flush()
    pid = int(wait_for(lambda: file.exists() and file.read_text()))
    time.sleep(0.1)
    assert Path(f"/proc/{pid}").exists()
    if stopped:
        os.kill(pid, signal.SIGSTOP)
    process.stdin.close()
    process.stdin = None
    said, complaint = process.communicate(timeout=10)
    assert b"line\n\n@abc S log " in said
    assert b"\n@abc E " in said
    assert complaint == b"" or name == "bash"
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)

"""The reader beside a shell, for every shell and every awk: what it sends, put together, is what there is; and nobody stays behind."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from livedata.model.host import Host
from livedata.model.probe import Probe
from livedata.transport.compose import READS, Request, call_line, compose_reads, prologue
from livedata.transport.framing import Begin, End, Framer, Section, split_files
from livedata.transport.reader import READER, split_changes, start_reader
from tests.shells.scripts import SHELLS, program

AWKS = {"mawk": "mawk", "gawk": "gawk", "busybox": "busybox", "original": "original-awk"}
LOAD = Probe("load", "", (), read=("/proc/loadavg", "/proc/none"))
PROCESS = Probe(
    "process", "", (), read=("/proc/[0-9]*/stat", "/proc/self/stat"), denied_without="/proc/1/stat"
)


class Beside:
    """A shell with a reader beside it, as a session has it."""

    def __init__(self, shell: list[str], path: str, host: Host) -> None:
        start = start_reader(host, " ".join(shell))
        assert start
        self.session = subprocess.Popen(
            shell, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, env={**os.environ, "PATH": path}
        )  # fmt: skip
        self.defined: set[str] = set()
        _, answer = self._exchange(prologue(host) + start.request.script, start.request)
        self.up = answer[READER].status == 0
        if self.up:
            self._write(start.opening)

    def _write(self, text: str) -> None:
        assert self.session.stdin
        self.session.stdin.write(text.encode())
        self.session.stdin.flush()

    def ask(self, request: Request) -> tuple[str, dict[str, Section]]:
        script = "" if request.call in self.defined else request.script
        self.defined.add(request.call)
        return self._exchange(script, request)

    def _exchange(self, script: str, request: Request) -> tuple[str, dict[str, Section]]:
        assert self.session.stdout
        nonce = secrets.token_hex(16)
        self._write(script + call_line(request, nonce))
        framer, events = Framer(nonce, 10_000_000), []
        while not framer.ended:
            data = os.read(self.session.stdout.fileno(), 65536)
            assert data, "the shell ended"
            events += framer.feed(data)
        assert isinstance(events[0], Begin)
        assert isinstance(events[-1], End)
        assert events[0].uptime_ms is not None
        assert events[-1].uptime_ms is not None
        return nonce, {e.name: e for e in events if isinstance(e, Section)}

    def processes(self) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter():
            try:
                if os.getsid(process.pid) == self.session.pid and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except (ProcessLookupError, psutil.NoSuchProcess):
                continue
        return found

    def close(self) -> None:
        assert self.session.stdin
        assert self.session.stdout
        self.session.stdin.close()
        self.session.wait(10)
        self.session.stdout.close()


def path_with(folder: Path, awk: str) -> str:
    """A search path on which that awk comes first."""
    found = shutil.which(AWKS[awk])
    assert found, f"{AWKS[awk]} is missing: the tests' set-up installs it"
    folder.mkdir()
    (folder / "awk").symlink_to(found)
    return f"{folder}:{os.environ['PATH']}"


@pytest.mark.parametrize("awk", AWKS)
def test_it_says_what_there_is_and_ends_with_its_shell(shell: list[str], awk: str, tmp_path: Path) -> None:
    beside = Beside(shell, path_with(tmp_path / "bin", awk), Host("here"))
    try:
        assert beside.up
        request = compose_reads([LOAD, PROCESS], Host("here"))
        held, answer = beside.ask(request)
        assert split_files(answer[READS].data.decode())["/proc/loadavg"].count("/") == 1
        assert answer[READS].note == "u/proc/none"
        assert b"m" in answer["times"].data
        first = split_changes(answer["process"].data.decode("utf-8", "backslashreplace"))
        assert first
        assert first.whole
        assert first.texts[str(os.getpid())].startswith(f"{os.getpid()} (")
        assert len(beside.processes()) == 3, "two shells and the reader"
        child = subprocess.Popen(["sleep", "600"])
        _, answer = beside.ask(replace(request, held=(held,)))
        second = split_changes(answer["process"].data.decode("utf-8", "backslashreplace"))
        assert second
        assert not second.whole
        said = subprocess.run(
            ["ps", "-o", "pid=,ppid=,comm=,ni=", "-p", str(child.pid)], capture_output=True, text=True, check=True
        ).stdout.split()  # fmt: skip
        words = second.texts[str(child.pid)].split()
        assert [words[0], words[3], words[1].strip("()"), words[18]] == said
        child.kill()
        child.wait()
        held, answer = beside.ask(replace(request, held=("0" * 32,)))
        third = split_changes(answer["process"].data.decode("utf-8", "backslashreplace"))
        assert third
        assert third.whole, "nobody has what it sent before, so it sends all"
        assert str(child.pid) not in third.texts
    finally:
        beside.close()
    assert beside.processes() == []


@pytest.mark.parametrize("awk", ["exit 127", "echo awk: syntax error; exit 2", "cat", "exec sleep 0.1"])
def test_without_an_awk_that_will_do_the_shell_reads_by_itself(
    shell: list[str], awk: str, tmp_path: Path
) -> None:
    (tmp_path / "bin").mkdir()
    program(tmp_path, "awk", awk)
    beside = Beside(shell, f"{tmp_path}/bin:{os.environ['PATH']}", Host("here"))
    try:
        assert not beside.up
        _, answer = beside.ask(compose_reads([PROCESS], Host("here")))
        assert f"/proc/{os.getpid()}/stat" in split_files(answer["process"].data.decode("utf-8", "replace"))
    finally:
        beside.close()
    assert beside.processes() == []


NAMES = st.text(st.sampled_from(" ()\n\\=@>1aRPBE\t%$`'\"é"), max_size=15).map(
    lambda name: name.encode()[:15]
)
TREES = st.lists(
    st.dictionaries(st.integers(1, 12), st.tuples(NAMES, st.integers(0, 2)), max_size=6),
    min_size=1,
    max_size=5,
)


@pytest.fixture(scope="module", params=AWKS)
def made_up(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Beside, Path]]:
    folder = tmp_path_factory.mktemp("reader")
    (folder / "proc").mkdir()
    (folder / "proc" / "uptime").write_text("1234.56 1\n")
    beside = Beside(
        SHELLS["dash"], path_with(folder / "bin", request.param), Host("here", proc_root=f"{folder}/proc")
    )
    yield beside, folder / "proc"
    beside.close()


@given(trees=TREES, lost=st.sets(st.integers(0, 4)), forgot=st.sets(st.integers(0, 4)))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_it_sends_put_together_is_what_there_is(
    made_up: tuple[Beside, Path], trees: list[dict[int, tuple[bytes, int]]], lost: set[int], forgot: set[int]
) -> None:
    """Whatever processes call themselves, come, change and go; also where an answer was lost, or is no more known here."""
    beside, proc = made_up
    request = compose_reads([PROCESS], Host("here", proc_root=str(proc)))
    held, known = "", dict[str, str]()
    for number, tree in enumerate(trees):
        for old in proc.glob("[0-9]*"):
            shutil.rmtree(old)
        texts = {str(pid): b"%d (%s) S 1 %d\n" % (pid, name, count) for pid, (name, count) in tree.items()}
        for pid, text in texts.items():
            (proc / pid).mkdir()
            (proc / pid / "stat").write_bytes(text)
        nonce, answer = beside.ask(replace(request, held=("" if number in forgot else held,)))
        if number in lost:
            continue
        changes = split_changes(answer["process"].data.decode("utf-8", "backslashreplace"))
        assert changes
        assert changes.whole or number not in forgot
        kept = {} if changes.whole else {pid: t for pid, t in known.items() if pid not in changes.gone}
        if not changes.whole:
            assert changes.gone == known.keys() - texts.keys()
        held, known = nonce, kept | changes.texts
        assert known == {pid: text.decode("utf-8", "backslashreplace") for pid, text in texts.items()}

"""The script of log files, under each shell, over files that are written, rotated, cut, packed and gone."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import time
from collections import Counter
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from livedata.model.reading import Reading
from livedata.model.scrape import Outcome
from livedata.parse.logfile import files_taken, place
from livedata.parse.logs import follow
from tests.shells.scripts import PROBES, become_nobody


class Log:
    """One log file, and what of it came."""

    def __init__(self, shell: list[str], folder: Path) -> None:
        self.folder = folder
        self.file = folder / "a b.log"
        self.written = 0
        self.cursor = ""
        self.said = b""
        self.lost: list[str] = []
        self.messages: Counter[str] = Counter()
        self.denied: str | None = None
        self._shell = shell

    def write(self, lines: int, to: Path | None = None, end: str = "\n") -> None:
        with (to or self.file).open("a") as file:
            for _ in range(lines):
                file.write(f"{datetime.now().astimezone().isoformat()} web app[1]: {self.written}{end}")
                self.written += 1

    def pull(self, limit: int = 2000, **options: object) -> int:
        """Pull until nothing new comes; how often that was asked for."""
        body = (
            PROBES["log_file"]
            .body.replace("/var/log", f"{self.folder}/none")
            .replace("/run/log", f"{self.folder}/none")
        )
        for rounds in range(1, 200):
            variables = {
                "LIVEDATA_FILES": f"{self.folder}/*.log", "LIVEDATA_CURSOR": self.cursor.partition("\n")[0], "LIVEDATA_LIMIT": str(limit),
                "LIVEDATA_BACKFILL": "86400", "LIVEDATA_PROC": "/proc", "LC_ALL": "C", "PATH": os.environ["PATH"],
            }  # fmt: skip
            done = subprocess.run(
                [*self._shell, "-c", body], env=variables, capture_output=True, timeout=60, check=False, stdin=subprocess.DEVNULL, **options
            )  # type: ignore[call-overload]  # fmt: skip
            assert (done.returncode, done.stderr) == (0, b"")
            self.said = done.stdout
            taken, lost = files_taken(
                Reading(text=done.stdout.decode("utf-8", "replace"), data=done.stdout), self.cursor or None
            )
            assert taken.outcome in (Outcome.OK, Outcome.DENIED)
            self.denied = taken.detail
            self.lost += [lost] if lost else []
            self.messages.update(
                msgspec.json.decode(line)["message"]
                for line in taken.text.split("\n")
                if line.startswith("{")
            )
            if (now := place(taken, self.cursor, None)) is None:
                return rounds
            self.cursor = now
        raise AssertionError("it never ends")

    @property
    def complete(self) -> bool:
        return self.messages == Counter(map(str, range(self.written)))

    def rotated(self, number: int) -> Path:
        return self.file.with_name(f"{self.file.name}.{number}")


@pytest.fixture
def log(shell: list[str], tmp_path: Path) -> Log:
    return Log(shell, tmp_path)


def test_each_line_comes_once_and_an_idle_file_says_nothing(log: Log) -> None:
    log.write(10)
    log.pull()
    assert log.complete
    assert (log.pull(), log.said) == (1, b"")
    log.write(1, end="")
    log.pull()
    assert log.messages.total() == 10  # its end is not there yet
    assert (log.pull(), log.said) == (1, b"")
    with log.file.open("a") as file:
        file.write("\n")
    log.pull()
    assert log.complete


def test_through_renaming_and_what_is_written_late(log: Log) -> None:
    log.write(5)
    log.pull()
    log.write(5)
    log.file.rename(log.rotated(1))
    log.write(5)
    log.pull()
    assert log.complete
    log.write(5, log.rotated(1))
    log.write(5)
    log.pull()
    assert log.complete
    assert log.lost == []


@pytest.mark.parametrize("regrown", [1, 300])
def test_through_copytruncate(log: Log, regrown: int) -> None:
    log.write(50)
    log.pull()
    log.write(5)
    shutil.copy(log.file, log.rotated(1))
    os.truncate(log.file, 0)
    log.write(regrown)
    log.pull()
    assert log.complete
    assert log.lost == []


def test_where_one_generation_is_kept_and_a_new_file_comes_late(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with busybox: whoever writes makes the next file, and the inodes of those that went are given anew."""
    monkeypatch.setattr(follow, "PATIENCE", 0)
    for lines in (5, 7, 11, 13):
        log.write(lines)
        log.pull()
        log.write(1)
        log.file.rename(log.rotated(0))
        log.pull()
        log.write(lines * 2)
        log.file.rename(log.rotated(0))
        log.pull()
        assert log.complete


def test_what_was_read_and_followed_is_not_waited_for(log: Log) -> None:
    for lines in (5, 7, 11, 13):
        log.write(lines)
        log.pull()
        log.write(1)
        log.file.rename(log.rotated(0))
        log.write(lines * 2)
        log.pull()
        assert log.complete
    assert log.lost == []


def test_what_generations_begin_with_alike_is_no_ones_place_in_another(log: Log) -> None:
    alike = f"{datetime.now().astimezone().isoformat()} web app[1]: alike\n"
    log.file.write_text(alike)
    log.pull()
    log.file.rename(log.rotated(1))
    log.file.write_text(alike)
    log.write(1)
    log.pull()
    log.file.rename(log.rotated(1))
    log.write(1)
    log.pull()
    assert log.messages == {"alike": 2, "0": 1, "1": 1}
    assert log.lost == []


def test_what_one_answer_has_no_room_for_comes_with_the_next(log: Log) -> None:
    log.write(10)
    log.pull()
    log.write(2_000)
    assert log.pull(limit=32) > 3
    assert log.complete


def test_an_empty_file_may_have_been_rotated_meanwhile(log: Log) -> None:
    """Its inode tells nothing after a while: it may be given anew."""
    log.file.touch()
    log.pull()
    first, _, state = log.cursor.partition("\n")
    known = msgspec.json.decode(state)
    known[str(log.file)]["at"] -= 600_000_000
    log.cursor = f"{first}\n{msgspec.json.encode(known).decode()}"
    for file in (log.rotated(2), log.rotated(1), log.file):
        log.write(3, file)
    log.pull()
    assert log.complete


def test_several_packed_generations_later(log: Log) -> None:
    log.write(20)
    log.pull()
    for _ in range(3):
        log.write(7)
        for number in (3, 2, 1):
            packed = log.rotated(number).with_name(f"{log.rotated(number).name}.gz")
            if packed.exists():
                packed.rename(log.rotated(number + 1).with_name(f"{log.rotated(number + 1).name}.gz"))
        packed = log.rotated(1).with_name(f"{log.rotated(1).name}.gz")
        packed.write_bytes(gzip.compress(log.file.read_bytes()))
        log.file.unlink()
    log.write(3)
    log.pull()
    assert log.complete
    assert log.lost == []


def test_what_is_gone_is_told_and_what_is_new_comes(log: Log) -> None:
    log.write(20)
    log.pull()
    log.file.unlink()
    log.pull()
    assert log.lost == []  # it may be a rotation under way
    time.sleep(2.1)
    log.pull()
    assert len(log.lost) == 1
    assert "is gone" in log.lost[0]
    log.write(3)
    log.pull()
    assert log.complete
    assert len(log.lost) == 1


def test_a_long_file_is_read_back_from_its_end(log: Log) -> None:
    log.write(20_000)  # over a megabyte, so in several pieces
    assert log.pull(200) > 3
    assert log.complete


def test_older_lines_than_wanted_are_left(log: Log) -> None:
    with log.file.open("w") as file:
        for i in range(20_000):
            file.write(f"2020-01-01T00:00:00Z web app[1]: old {i}\n")
    log.write(100)
    assert log.pull() < 4
    assert log.complete


def test_hostile_names_are_names(log: Log) -> None:
    log.write(1)
    for name in ("$(touch hacked).log", "x\nl 1 1 Jan 1 00:00 .log", "'; touch hacked; '.log", "-n.log"):
        (log.folder / name).write_text("2020-01-01T00:00:00Z web app[1]: old\n")
    log.pull()
    assert log.complete
    assert not list(log.folder.glob("hacked*"))


def test_what_may_not_be_read_is_told_and_the_rest_kept(log: Log) -> None:
    log.write(3)
    secret = log.folder / "secret.log"
    secret.write_text("x\n")
    secret.chmod(0)
    log.pull(**become_nobody(log.folder))
    assert log.complete
    assert log.denied
    assert str(secret) in log.denied
    assert "as root there" in log.denied

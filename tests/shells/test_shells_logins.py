"""The script of logins over a wtmp of one's own."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest

from livedata.model.reading import Reading
from livedata.parse import CURSORS
from tests.shells.scripts import PROBES, Run, at, rows


def record(
    kind: int, pid: int, line: str, user: str, host: str, seconds: int, address: bytes = bytes(16)
) -> bytes:
    texts = (text.encode() for text in (line, line[-4:], user, host))
    return struct.pack("<hxxi32s4s32s256s4xiii16s20x", kind, pid, *texts, 0, seconds, 250_000, address)


class Wtmp:
    """The login probe over a wtmp of one's own; each pull goes on where the one before ended."""

    def __init__(self, run: Run, folder: Path) -> None:
        self.file = folder / "var/log/wtmp"
        self.file.parent.mkdir(parents=True)
        self.cursor = ""
        self._run = run
        self._body = at("login", folder, "/var/log/wtmp")

    def write(self, *seconds: int) -> None:
        with self.file.open("ab") as file:
            file.write(b"".join(record(7, 5, f"pts/{s}", "eve", "192.0.2.7", s) for s in seconds))

    def pull(self, limit: int = 2000, **options: Any) -> subprocess.CompletedProcess[str]:
        return self._run(self._body, LIVEDATA_CURSOR=self.cursor, LIVEDATA_LIMIT=str(limit), **options)

    def seconds(self, limit: int = 2000) -> list[int]:
        """When the events happened that came since the pull before."""
        done = self.pull(limit)
        assert (done.returncode, done.stderr) == (0, "")
        self.cursor = CURSORS["wtmp"](Reading(text=done.stdout), self.cursor, None) or self.cursor
        return [row["ts"] // 1_000_000 for row in rows(PROBES["login"], done.stdout)]


@pytest.fixture
def wtmp(run: Run, tmp_path: Path) -> Wtmp:
    return Wtmp(run, tmp_path)


def test_each_login_comes_once(wtmp: Wtmp) -> None:
    wtmp.write(100, 200)
    assert wtmp.seconds() == [100, 200]
    assert wtmp.seconds() == []
    wtmp.write(300)
    assert wtmp.seconds() == [300]


def test_a_long_history_comes_from_its_end_and_then_in_parts(wtmp: Wtmp) -> None:
    wtmp.write(*range(1, 1003))
    first = wtmp.seconds()
    assert first[-1] == 1002
    assert 490 <= len(first) <= 502
    wtmp.write(*range(2000, 2060))
    assert [wtmp.seconds(25) for _ in range(4)] == [
        list(range(2000, 2025)), list(range(2025, 2050)), list(range(2050, 2060)), []
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["wtmp.1", "wtmp-20240101"])
def test_of_a_wtmp_that_was_rotated_away_the_rest_comes_first(wtmp: Wtmp, name: str) -> None:
    wtmp.write(1, 2)
    assert wtmp.seconds() == [1, 2]
    wtmp.write(3)
    wtmp.file.with_name("wtmp-20230101").write_bytes(b"another one")
    wtmp.file.rename(wtmp.file.with_name(name))
    wtmp.write(4, 5)
    assert wtmp.seconds() == [3, 4, 5]
    assert wtmp.seconds() == []


def test_the_rest_of_a_rotated_one_comes_in_parts_too(wtmp: Wtmp) -> None:
    wtmp.write(1)
    assert wtmp.seconds() == [1]
    wtmp.write(*range(2, 40))
    wtmp.file.rename(wtmp.file.with_name("wtmp.1"))
    wtmp.write(50)
    assert [wtmp.seconds(25) for _ in range(3)] == [list(range(2, 27)), [*range(27, 40), 50], []]


def test_one_that_was_emptied_or_is_another_starts_anew(wtmp: Wtmp) -> None:
    wtmp.write(1, 2, 3)
    wtmp.seconds()
    wtmp.file.write_bytes(b"")
    assert wtmp.seconds() == []
    wtmp.write(4)
    assert wtmp.seconds() == [4]
    wtmp.file.rename(wtmp.file.with_name("away"))
    wtmp.write(5)
    assert wtmp.seconds() == [5]


def test_without_wtmp_or_the_right_to_read_it(wtmp: Wtmp) -> None:
    assert wtmp.pull().returncode == 69
    wtmp.write(1)
    wtmp.file.chmod(0)
    done = wtmp.pull(as_nobody=True)
    assert (done.returncode, done.stdout) == (77, "")
    assert "may not read" in done.stderr

"""The script of process_info under each shell: those that vanished, names that lie, and roots of one's own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.shells.scripts import PROBES, Run, rows

INFO = PROBES["process_info"]
SLASH = "/.//././/"


def told(run: Run, *pids: int, proc: str = "/proc") -> dict[int, dict[str, Any]]:
    done = run(INFO.body, LIVEDATA_NEW=" ".join(map(str, pids)), LIVEDATA_SLASH=SLASH, LIVEDATA_PROC=proc)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{SLASH}\n")
    return {row["pid"]: row for row in rows(INFO, done.stdout)}


def test_those_that_are_there_and_none_that_vanished(run: Run) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    lies = [
        "a\nb",
        "",
        "==> 1/cmdline <==\nforged",
        f"--token=\n==> {os.getpid()}{SLASH[:-1]}cmdline <==",
        "é",
    ]
    with subprocess.Popen([sys.executable, "-c", "input()", *lies], stdin=subprocess.PIPE) as process:
        found = told(run, os.getpid(), ended.pid, process.pid)
        process.communicate(b"\n")
    assert set(found) == {os.getpid(), process.pid}
    own = found[os.getpid()]
    assert own["command"] == Path("/proc/self/cmdline").read_text().rstrip("\0").replace("\0", " ")
    assert (own["uid"], own["ppid"]) == (os.geteuid(), os.getppid())
    assert own["user"] == ("root" if os.geteuid() == 0 else own["user"])
    assert found[process.pid]["command"].startswith(
        f"{sys.executable} -c input() a\nb  ==> 1/cmdline <==\nforged --token=*** é"
    )


def test_a_tree_that_was_recorded_or_mounted_elsewhere(run: Run, tmp_path: Path) -> None:
    stat = "7 (a) b\n(c) S 3 7 7 0 -1 4194560 2807 31026 1313 10 3 552 27 14 20 0 1 0 4711 19902464 1382\n"
    files = {
        "stat": "cpu  1 2\nintr 5\nbtime 1700000000\n",
        "7/stat": stat,
        "7/status": "Name:\ta) b\\n(c\nUid:\t1000\t99998\t1000\t1000\n",
        "7/cgroup": "12:pids:/a\n1:name=systemd:/a/b.service\n0::/\n",
        "7/cmdline": "x\0y",
        "8/stat": stat.replace("7 (", "8 ("),
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    found = told(run, 7, 8, proc=str(tmp_path))
    assert set(found) == {7}, "without a status nothing is known of 8"
    row = found[7]
    assert (row["start_seconds"], row["started"], row["ppid"]) == (4711, 1_700_000_047_110_000, 3)
    assert (row["uid"], row["user"], row["command"]) == (99998, None, "x y")
    assert (row["cgroup"], row["unit"]) == ("/a/b.service", "b.service")


def test_no_more_than_4096_bytes_of_one(run: Run) -> None:
    long = ["x" * 3000, "y" * 3000]
    with subprocess.Popen([sys.executable, "-c", "input()", *long], stdin=subprocess.PIPE) as process:
        found = told(run, process.pid)
        process.communicate(b"\n")
    assert found[process.pid]["command"] == f"{sys.executable} -c input() {'x' * 3000} …"

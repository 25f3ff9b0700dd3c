"""Every probe's script under every shell it may meet on a host: dash, bash, busybox and mksh. None may be missing."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from livedata.model.probe import Probe
from livedata.model.reading import Reading
from livedata.parse import CURSORS
from livedata.probe.load import built_in
from tests.shells.scripts import PROBES, SCRIPTS, Run, program, rows

MAY_LACK = {"unit", "login", "package", "log_ring"}
"""What a machine without systemd, wtmp or a known package manager, or with files or a journal instead of a ring, has not."""
QUIET = {"login", "log_file"}
"""What has nothing to tell where nobody ever logged in, and nothing keeps log files."""


@pytest.mark.parametrize("name", PROBES)
def test_shellcheck_has_nothing_to_say(name: str) -> None:
    checker = Path(sys.executable).with_name("shellcheck")
    file = str(built_in() / f"{name}.sh")
    done = subprocess.run(
        [str(checker), "--norc", "--severity=style", file], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("probe", SCRIPTS, ids=lambda probe: probe.name)
def test_it_is_sh(probe: Probe, shell: list[str]) -> None:
    done = subprocess.run([*shell, "-n", "-c", probe.body], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "probe", [p for p in SCRIPTS if p.name not in ("log", "update")], ids=lambda probe: probe.name
)
def test_it_answers_on_this_machine_without_a_word_of_complaint(probe: Probe, run: Run) -> None:
    done = run(probe.body, LIVEDATA_CURSOR="", LIVEDATA_LIMIT="100")
    assert done.stderr == ""
    if done.returncode == 69 and probe.name in MAY_LACK:
        assert done.stdout == ""
        return
    assert done.returncode == 0
    assert rows(probe, done.stdout) or probe.name in QUIET


def test_os_needs_nothing_of_what_it_asks_for(run: Run, tmp_path: Path) -> None:
    for name in ("uname", "grep", "systemd-detect-virt", "readlink", "date", "cat"):
        program(tmp_path, name, "exit 127")
    done = run(PROBES["os"].body, LIVEDATA_PROC="/nowhere", LIVEDATA_SYS="/nowhere")
    assert (done.returncode, done.stderr) == (0, "")
    assert rows(PROBES["os"], done.stdout)[0]["kernel"] is None


# The journal.

JOURNALCTL = r"""
echo "$*" >>"$CALLS"
case $* in
  *bogus*) echo "Failed to seek to cursor: Invalid argument" >&2; exit 1 ;;
  *--after-cursor*) i=0; while [ $i -lt 3000 ]; do i=$((i + 1)); echo "{\"__CURSOR\":\"c $i\",\"__REALTIME_TIMESTAMP\":\"$i\"}"; done ;;
  *) echo '{"__CURSOR":"it'"'"'s $HOME","__REALTIME_TIMESTAMP":"1"}' ;;
esac
"""


@pytest.fixture
def journal(run: Run, tmp_path: Path) -> Run:
    """Run the log probe over journal folders below `tmp_path`."""
    folder = tmp_path / "var" / "0123"
    folder.mkdir(parents=True)
    (folder / "system.journal").touch()
    program(tmp_path, "journalctl", JOURNALCTL)
    body = (
        PROBES["log"]
        .body.replace("/var/log/journal", f"{tmp_path}/var")
        .replace("/run/log/journal", f"{tmp_path}/run")
    )
    assert str(tmp_path) in body

    def pull(cursor: str = "", limit: int = 7, as_nobody: bool = False) -> subprocess.CompletedProcess[str]:
        return run(
            body,
            as_nobody=as_nobody,
            LIVEDATA_CURSOR=cursor,
            LIVEDATA_LIMIT=str(limit),
            CALLS=str(tmp_path / "calls"),
        )

    return pull


def test_the_newest_entries_where_there_is_no_cursor(journal: Run, tmp_path: Path) -> None:
    done = journal()
    assert (done.returncode, done.stderr) == (0, "")
    assert CURSORS["journal"](Reading(text=done.stdout), None, None) == "it's $HOME"
    assert (tmp_path / "calls").read_text() == "-o json --no-pager -q --all -n 7\n"


def test_those_after_the_cursor_oldest_first_and_bounded(journal: Run, tmp_path: Path) -> None:
    done = journal("it's $HOME `x` \"")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(rows(PROBES["log"], done.stdout)) == 7
    assert CURSORS["journal"](Reading(text=done.stdout), None, None) == "c 7"
    assert (
        tmp_path / "calls"
    ).read_text() == "-o json --no-pager -q --all --after-cursor=it's $HOME `x` \"\n"


def test_all_of_them_where_there_are_fewer_than_the_limit(journal: Run) -> None:
    done = journal("c", 5000)
    assert (done.returncode, len(rows(PROBES["log"], done.stdout))) == (0, 3000)


def test_a_cursor_that_journalctl_refuses_is_a_failure_and_no_silence(journal: Run) -> None:
    done = journal("bogus")
    assert (done.returncode, done.stdout) == (1, "")
    assert "Failed to seek" in done.stderr


def test_a_host_without_a_journal_has_no_such_thing(journal: Run, run: Run, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "var")
    assert journal().returncode == 69
    assert (
        run(
            PROBES["log"].body, PATH=str(tmp_path / "empty"), LIVEDATA_CURSOR="", LIVEDATA_LIMIT="1"
        ).returncode
        == 69
    )


def test_one_who_may_read_it_does(journal: Run, tmp_path: Path) -> None:
    (tmp_path / "calls").touch()
    (tmp_path / "calls").chmod(0o666)
    assert journal(as_nobody=True).returncode == 0


@pytest.mark.parametrize("hidden", ["var", "var/0123", "var/0123/system.journal"])
def test_a_journal_that_may_not_be_read_is_denied_with_the_way_out(
    journal: Run, tmp_path: Path, hidden: str
) -> None:
    path = tmp_path / hidden
    mode = path.stat().st_mode
    path.chmod(0o111 if path.is_dir() else 0)
    try:
        done = journal(as_nobody=True)
    finally:
        path.chmod(mode)
    assert (done.returncode, done.stdout) == (77, "")
    assert "usermod -aG systemd-journal" in done.stderr


# File systems: real folders under a made-up mountinfo, and a stat that does not come back where "dead" is in the path.

STAT = r"""
for word do
  case $word in
    *dead*) echo $$ >>"$PIDS"; trap 'kill $!; exit' TERM; sleep 30 & wait $!; echo "1 1 1 1 1 1 late" ;;
    *never*) echo "$*" >>"$PIDS.asked" ;;
  esac
done
exec stat "$@"
"""
LINE = r"{id} 1 {dev} / {mount} {options} - {type} {source} rw"


@pytest.fixture
def mounted(run: Run, tmp_path: Path) -> Iterator[Callable[..., subprocess.CompletedProcess[str]]]:
    """Run the filesystem probe over these mounts: (name below `tmp_path`, type, options)."""
    program(tmp_path, "slow-stat", STAT.replace("exec stat", f"exec {shutil.which('stat')}"))
    (tmp_path / "bin" / "slow-stat").rename(tmp_path / "stat")
    (tmp_path / "proc" / "self").mkdir(parents=True)
    body = PROBES["filesystem"].body.replace("env stat", f"{tmp_path}/stat").replace("sleep 4 ", "sleep 1 ")
    assert body.count(str(tmp_path)) == 3
    assert "sleep 1 " in body

    def ask(
        *mounts: tuple[str, str, str], proc: str = "", change: tuple[str, str] = ("", "")
    ) -> subprocess.CompletedProcess[str]:
        lines = []
        for number, (name, kind, options) in enumerate(mounts, 10):
            mount = tmp_path / name
            mount.mkdir(exist_ok=True)
            path = "".join(f"\\{ord(c):03o}" if c in " \t\n\\" else c for c in str(mount))
            lines.append(
                LINE.format(
                    id=number,
                    dev=f"0:{number}",
                    mount=path,
                    options=options,
                    type=kind,
                    source=f"dev{number}",
                )
            )
        (tmp_path / "proc" / "self" / "mountinfo").write_text("\n".join(lines) + "\n")
        return run(
            body.replace(*change) if change[0] else body,
            LIVEDATA_PROC=proc or str(tmp_path / "proc"),
            PIDS=str(tmp_path / "pids"),
        )

    yield ask
    pids = tmp_path / "pids"
    for pid in pids.read_text().split() if pids.exists() else ():
        for process in [psutil.Process(int(pid))] if psutil.pid_exists(int(pid)) else []:
            process.terminate()
            process.wait(10)


def states(done: subprocess.CompletedProcess[str], tmp_path: Path) -> dict[str, str | None]:
    assert (done.returncode, done.stderr) == (0, "")
    said = rows(PROBES["filesystem"], done.stdout)
    for row in said:
        assert (row["size_bytes"] is not None) == (row["state"] == "ok")
    return {row["mount"].removeprefix(f"{tmp_path}/"): row["state"] for row in said}


def test_every_file_system_with_room_of_its_own_is_asked(mounted: Run, tmp_path: Path) -> None:
    done = mounted(
        ("plain", "ext4", "rw"), ("proc2", "proc", "rw"), ("a b\\c\nd\te", "xfs", "ro"), ("share", "nfs4", "rw"), ("fuse me", "fuse.sshfs", "rw"),
        ("container", "overlay", "rw"), ("x*", "ext4", "rw"), ("trailing ", "ext4", "rw"), ("-n", "tmpfs", "rw"),
    )  # fmt: skip
    assert states(done, tmp_path) == dict.fromkeys(
        ["plain", "a b\\c\nd\te", "share", "fuse me", "x*", "trailing ", "-n"], "ok"
    )
    assert {row["mount"]: row["readonly"] for row in rows(PROBES["filesystem"], done.stdout)}[
        f"{tmp_path}/a b\\c\nd\te"
    ]


def test_one_that_hangs_does_not_hold_the_others(mounted: Run, tmp_path: Path) -> None:
    done = mounted(
        ("plain", "ext4", "rw"), ("dead", "nfs", "rw"), ("share", "nfs4", "rw"), ("dead too", "cifs", "rw")
    )
    assert states(done, tmp_path) == {"plain": "ok", "dead": "hanging", "share": "ok", "dead too": "hanging"}
    assert "late" not in done.stdout


def test_a_local_one_that_hangs_is_found(mounted: Run, tmp_path: Path) -> None:
    done = mounted(("plain", "ext4", "rw"), ("dead", "ext4", "rw"), ("other", "xfs", "rw"))
    assert states(done, tmp_path) == {"plain": "ok", "dead": "hanging", "other": "ok"}


def test_it_is_not_asked_again_while_a_question_is_under_way(mounted: Run, tmp_path: Path) -> None:
    mounts = (("plain", "ext4", "rw"), ("dead", "nfs", "rw"))
    mounted(*mounts)
    # The second time with the machine's own processes in view, among them the question of the first.
    again = ("mounts=$LIVEDATA_PROC/self/mountinfo", f"mounts={tmp_path}/proc/self/mountinfo")
    done = mounted(*mounts, proc="/proc", change=again)
    assert states(done, tmp_path) == {"plain": "ok", "dead": "hanging"}
    assert len((tmp_path / "pids").read_text().split()) == 1


def test_what_is_mounted_on_demand_is_left_asleep(mounted: Run, tmp_path: Path) -> None:
    done = mounted(
        ("never", "autofs", "rw"), ("never/inside", "nfs4", "rw"), ("never", "ext4", "rw"), ("nevertheless", "nfs4", "rw")
    )  # fmt: skip
    assert states(done, tmp_path) == {"never/inside": None, "never": None, "nevertheless": "ok"}
    assert f"{tmp_path}/never/" not in (tmp_path / "pids.asked").read_text()


def test_a_device_that_is_mounted_twice_is_one_row(mounted: Run, run: Run, tmp_path: Path) -> None:
    mounted(("plain", "ext4", "rw"))
    file = tmp_path / "proc" / "self" / "mountinfo"
    file.write_text(file.read_text() + file.read_text().replace("plain", "bind"))
    done = run(PROBES["filesystem"].body, LIVEDATA_PROC=str(tmp_path / "proc"))
    assert states(done, tmp_path) == {"plain": "ok"}


def test_df_serves_where_there_is_no_stat(mounted: Run, tmp_path: Path) -> None:
    mounts = (("plain", "ext4", "rw"), ("a b", "ext4", "rw"))
    expected = shutil.disk_usage(tmp_path)
    done = mounted(*mounts, change=(f"if {tmp_path}/stat", "if false"))
    assert (done.returncode, done.stderr) == (0, "")
    # df names the file system that a folder is in, not our made-up mount: only what was asked alone can be matched.
    together, alone = done.stdout.splitlines()[2:]
    assert together.startswith("s ")
    assert alone.startswith(f"a {tmp_path}/a\\040b ")
    size = next(
        row["size_bytes"]
        for row in rows(PROBES["filesystem"], done.stdout)
        if row["mount"] == f"{tmp_path}/a b"
    )
    assert size == pytest.approx(expected.total, rel=0.01)


def test_without_mountinfo_there_is_no_such_thing(run: Run, tmp_path: Path) -> None:
    assert run(PROBES["filesystem"].body, LIVEDATA_PROC=str(tmp_path)).returncode == 69


def test_nothing_is_left_running_when_all_have_answered(mounted: Run, tmp_path: Path) -> None:
    mine = str(tmp_path / "pids")

    def left() -> list[psutil.Process]:
        return [p for p in psutil.process_iter(["environ"]) if (p.info["environ"] or {}).get("PIDS") == mine]

    def clean() -> bool:
        mounted(("plain", "ext4", "rw"), ("share", "nfs4", "rw"))
        # What was told to end may need a moment; a watcher that was not told sleeps for a second.
        _, alive = psutil.wait_procs(left(), timeout=0.9)
        psutil.wait_procs(alive)
        return not alive

    # On a machine that is busy an answer can overtake its watcher's start; then it ends by itself. Three times it can't.
    assert any(clean() for _ in range(3))

"""`livedata fleet search` as a person runs it: a store, a pipe, a terminal, lookups and saved searches in the configuration's folder."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from livedata.cli.events import histogram, marked
from livedata.cli.search import completions
from livedata.model.batch import Batch
from livedata.store.writer import Writer

from .dataset import ENTRIES, LOG, MINUTE, NOW, START

MAIN = [sys.executable, "-c", "from livedata.cli.main import main; main()", "fleet", "search"]
Run = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store and a configuration."""
    root = tmp_path_factory.mktemp("search")
    with Writer.open(root / "store", purpose="test", now_us=NOW) as writer:
        writer.register(LOG)
        for i, (host, priority, unit, pid, message, fields) in enumerate(ENTRIES):
            row = (START + i * MINUTE, priority, unit, pid, "journal", message, list(fields.items()))
            writer.append([Batch(LOG, host, START + i * MINUTE, [row], "b")], NOW)
    folder = root / "config" / "livedata"
    (folder / "lookups").mkdir(parents=True)
    (folder / "lookups" / "owners.csv").write_text("host,team\nweb-01,web\ndb-01,db\n", encoding="utf-8")
    (folder / "lookups" / "broken.csv").write_text("a,a\n1,2\n", encoding="utf-8")
    (folder / "searches.toml").write_text(
        '[searches]\nlogins = "unit=ssh `who(ann)`"\n[macros.who]\nsearch = "$name$"\narguments = ["name"]\n',
        encoding="utf-8",
    )
    return root


@pytest.fixture
def run(home: Path) -> Run:
    def ran(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [*MAIN, *arguments],
            input=stdin,
            capture_output=True,
            env=environment(home),
            timeout=60,
            check=False,
        )

    return ran


def environment(home: Path) -> dict[str, str]:
    return {
        **os.environ, "LIVEDATA_STORE": str(home / "store"), "XDG_CONFIG_HOME": str(home / "config"), "TZ": "UTC", "TERM": "xterm",
        "LIVEDATA_DEBUG": "",
    }  # fmt: skip


def test_a_search_gives_rows_in_every_format(run: Run) -> None:
    answer = run("failed | stats count by host", "--format", "json")
    assert json.loads(answer.stdout) == [
        {"host": "db-01", "count": 1},
        {"host": "web-01", "count": 2},
        {"host": "web-02", "count": 1},
    ]
    assert (
        run("failed | stats count by host", "-f", "csv").stdout
        == b"host,count\ndb-01,1\nweb-01,2\nweb-02,1\n"
    )


def test_it_is_read_from_stdin(run: Run) -> None:
    assert run("-", "-f", "csv", stdin=b"* | stats count").stdout == b"count\n12\n"


def test_a_chart_has_its_series_as_columns(run: Run) -> None:
    answer = run("* | timechart span=10m count by host", "-f", "csv")
    assert answer.stdout.decode().splitlines()[0] == "_time,db-01,web-01,web-02"


def test_times_and_hosts_of_the_command_line_narrow_it(run: Run) -> None:
    assert (
        run("* | stats count", "-f", "csv", "--since", "2026-11-20T03:05Z", "--host", "web*").stdout
        == b"count\n4\n"
    )
    assert (
        run("earliest=2026-11-20T03:10:00Z | stats count", "-f", "csv", "--since", "2026-11-20T03:05Z").stdout
        == b"count\n2\n"
    )


def test_lookups_macros_and_saved_searches_of_the_folder(run: Run) -> None:
    answer = run(
        "| savedsearch logins | lookup owners host | stats count by team", "-f", "csv", "--host", "db-01"
    )
    assert answer.stdout == b"team,count\ndb,1\n"
    assert b"a name twice" in run("| inputlookup broken").stderr


def test_an_error_has_a_caret_and_its_exit_code(run: Run) -> None:
    answer = run("* | sttats count")
    assert answer.returncode == 4
    assert answer.stderr.decode().splitlines()[:3] == [
        "livedata: search, column 5: there is no command sttats",
        "  * | sttats count",
        "      ^",
    ]
    assert b"did you mean stats" in answer.stderr


def test_the_sql_and_the_plan_are_shown(run: Run) -> None:
    assert b"GROUP BY" in run("* | stats count by host", "--sql").stdout
    assert b"FILTER" in run("pid=101 | stats count by host", "--explain").stdout.upper()


def test_an_index_that_there_is_not_is_told(run: Run) -> None:
    answer = run("index=lgo | stats count", "-f", "csv")
    assert answer.stdout == b"count\n0\n"
    assert b"did you mean log" in answer.stderr


def test_help_of_a_command(run: Run) -> None:
    assert run("--help-command", "timechart").stdout.startswith(b"timechart: ")


def test_a_terminal_gets_lines_with_marks_below_a_picture(home: Path) -> None:
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [*MAIN, "failed*"], stdin=slave, stdout=slave, stderr=slave, env=environment(home)
    )
    os.close(slave)
    seen = b""
    try:
        while chunk := os.read(master, 65_536):
            seen += chunk
    except OSError:  # Linux's way to say that the other side is closed
        pass
    assert process.wait(30) == 0
    os.close(master)
    shown = seen.decode()
    assert "█" in shown.splitlines()[2]
    assert "\x1b[7mFailed\x1b[27m password for ann" in shown
    assert "login-\x1b[7mfailed\x1b[27m twice" in shown


def test_the_shell_is_offered_what_may_come_next(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEDATA_STORE", str(home / "store"))
    assert completions("* | stats count by prio") == ["* | stats count by priority"]
    assert completions("host=d") == ["host=db-01"]


def test_the_picture_fits_and_keeps_the_most() -> None:
    drawn = histogram([START + i * MINUTE for i in range(200)], [i % 7 for i in range(200)], 60).splitlines()
    assert max(map(len, drawn)) <= 60
    assert histogram([], [], 80) == histogram([START], [0], 80) == ""


def test_marks_are_of_words_as_they_are_searched() -> None:
    pattern = marked(["fail*", "a.b", "*"])
    assert pattern is not None
    assert pattern.sub("<>", "Failed a.b axb") == "<> <> axb"
    assert marked(["*"]) is None

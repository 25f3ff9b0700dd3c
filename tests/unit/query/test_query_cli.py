"""`fleet query` and `fleet tables` as a person runs them: arguments, files, pipes, a real terminal, exit codes."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from livedata.query.formats import FORMATS

MAIN = [sys.executable, "-c", "from livedata.cli.main import main; main()", "fleet"]
Run = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture
def environment(store: Path, tmp_path: Path) -> dict[str, str]:
    return {
        **os.environ, "LIVEDATA_STORE": str(store), "HOME": str(tmp_path), "TZ": "Asia/Tokyo", "TERM": "xterm",
        "XDG_CONFIG_HOME": str(tmp_path / "config"), "NO_COLOR": "", "LIVEDATA_DEBUG": "",
    }  # fmt: skip


@pytest.fixture
def run(environment: dict[str, str], tmp_path: Path) -> Run:
    def ran(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [*MAIN, *arguments],
            input=stdin,
            capture_output=True,
            env=environment,
            cwd=tmp_path,
            timeout=60,
            check=False,
        )

    return ran


def on_terminal(environment: dict[str, str], *arguments: str, columns: int = 80) -> str:
    """What a terminal shows of a command; stdin, stdout and stderr are it."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen([*MAIN, *arguments], stdin=slave, stdout=slave, stderr=slave, env=environment)
    os.close(slave)
    seen = b""
    try:
        while chunk := os.read(master, 65536):
            seen += chunk
    except OSError:  # Linux's way to say that the other side is closed
        pass
    finally:
        os.close(master)
        process.wait(timeout=60)
    return seen.decode().replace("\r\n", "\n")


def test_a_pipe_gets_plain_text_in_utc(run: Run) -> None:
    done = run("query", "SELECT ts, host, busy_pct FROM cpu ORDER BY ts, host LIMIT 1")
    assert done.returncode == 0
    assert done.stderr == b""
    assert done.stdout.decode().splitlines() == [
        "ts                    host   busy_pct",
        "--------------------  -----  --------",
        "2026-11-20T03:00:00Z  db-01      NULL",
    ]


def test_a_terminal_gets_local_times_few_rows_and_the_count(environment: dict[str, str]) -> None:
    seen = on_terminal(
        environment, "query", "SELECT ts, range AS n FROM cpu, range(20) WHERE host = 'db-01' ORDER BY ALL"
    )
    lines = seen.splitlines()
    assert lines[2] == "2026-11-20 12:00:00   0"
    assert lines[-2] == "… 100 more rows; --format csv gives all"
    assert lines[-1].startswith("200 rows in ")
    assert lines[-1].endswith("times are JST")


def test_a_terminal_is_neither_flooded_nor_driven(environment: dict[str, str]) -> None:
    for form in ("table", "csv", "json", "jsonl", "markdown"):
        assert "\x1b[31m" not in on_terminal(
            environment, "query", "-f", form, "SELECT message FROM log WHERE message IS NOT NULL"
        )
    for form in ("parquet", "arrow"):
        assert "is not for a terminal" in on_terminal(environment, "query", "--format", form, "SELECT 1")


def test_no_sql_on_a_terminal_is_an_error_and_not_a_wait(environment: dict[str, str]) -> None:
    assert "there is no SQL" in on_terminal(environment, "query")


@pytest.mark.parametrize("arguments", [["query"], ["query", "-"]])
def test_sql_from_stdin(run: Run, arguments: list[str]) -> None:
    done = run(*arguments, "-f", "csv", stdin="-- é\nSELECT 1 AS a".encode())
    assert done.stdout == b"a\n1\n"
    bad = run(*arguments, stdin=b"SELECT '\xff'")
    assert (bad.returncode, bad.stdout) == (2, b"")
    assert b"not UTF-8" in bad.stderr


@pytest.mark.parametrize(("name", "suffix"), [(n, s) for n, f in FORMATS.items() for s in f.suffixes])
def test_a_files_suffix_says_its_format(run: Run, tmp_path: Path, name: str, suffix: str) -> None:
    done = run("query", "SELECT 1 AS a", "-o", f"out{suffix}")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    data = (tmp_path / f"out{suffix}").read_bytes()
    same = run("query", "SELECT 1 AS a", "--format", name).stdout
    assert data == same
    assert os.listdir(tmp_path) == [f"out{suffix}"]


def test_a_file_is_whole_or_as_it_was(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    out.write_text("before")
    broken = run(
        "query",
        "SELECT CASE WHEN range < 90000 THEN 1 ELSE error('boom') END AS a FROM range(100000)",
        "-o",
        str(out),
    )
    assert broken.returncode == 4
    assert b"boom" in broken.stderr
    assert out.read_text() == "before"
    assert os.listdir(tmp_path) == ["out.csv"]
    link = tmp_path / "link.csv"
    link.symlink_to(out)
    assert run("query", "SELECT 1 AS a", "-o", str(link)).returncode == 0
    assert link.is_symlink()
    assert out.read_text() == "a\n1\n"


def test_what_is_no_file_is_written_as_it_is(run: Run) -> None:
    assert run("query", "SELECT 1 AS a", "-f", "csv", "-o", "/dev/stdout").stdout == b"a\n1\n"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["query", "SELECT bsuy FROM cpu"], 4, "did you mean busy_pct"),
        (["query", "FROM read_csv('/etc/passwd')"], 4, "read_csv() is not admitted"),
        (["query", "SELECT 1", "--format", "jsno"], 2, "did you mean json"),
        (["query", "SELECT 1", "-o", "out.xls"], 2, ".xls says no format"),
        (["query", "SELECT 1", "-o", "no/such/folder.csv"], 2, "can't write it"),
        (["query", "SELECT 1", "--since", "soon"], 2, "--since: 'soon' is no time"),
        (["query", "SELECT 1", "--until", "soon"], 2, "--until: 'soon' is no time"),
        (["query", "FROM cpu", "--host", "wbe-01"], 2, "did you mean web-01"),
        (["query", "SELECT 1", "--timeout", "0"], 2, "a number above 0"),
        (
            ["query", "SELECT count(*) FROM range(100000000) a, range(100000000)", "--timeout", "0.1"],
            4,
            "longer than 0.1 s",
        ),
        (["query", "FROM scrape"], 4, "has nothing of scrape yet"),
        (["query", "FROM no_such_thing"], 4, "there is no table no_such_thing"),
        (["tables", "cpx"], 2, "did you mean cpu"),
    ],
)
def test_exit_codes_and_words(run: Run, arguments: list[str], code: int, said: str) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (code, b"")
    text = done.stderr.decode()
    assert said in text
    assert "Traceback" not in text
    assert len(text.splitlines()) <= 4


def test_narrowed(run: Run) -> None:
    counted = "SELECT count(*) AS n FROM cpu"
    assert run("query", counted, "-f", "csv", "--host", "web-*", "--host", "db-01").stdout == b"n\n32\n"
    assert run("query", counted, "-f", "csv", "--host", "web-02").stdout == b"n\n10\n"
    window = ["--since", "2026-11-20T12:00:10", "--until", "2026-11-20T03:00:30Z"]  # the first is Tokyo's
    assert run("query", counted, "-f", "csv", *window).stdout == b"n\n6\n"


def test_a_reader_that_goes_away_is_no_error(environment: dict[str, str]) -> None:
    command = f"{MAIN[0]} -c '{MAIN[2]}' fleet query -f csv 'FROM range(1000000)' | head -n 2"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        capture_output=True,
        env=environment,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == (b"range\n0\n", b"")


def test_tables(run: Run, tmp_path: Path) -> None:
    rows = json.loads(run("tables", "--format", "json").stdout)
    by_name = {r["name"]: r for r in rows}
    assert by_name["cpu"]["kept"]
    assert by_name["gpu"]["kept"]
    assert not by_name["scrape"]["kept"]
    columns = json.loads(run("tables", "cpu", "-f", "json").stdout)
    assert columns[-1]["column"] == "busy_pct"
    assert columns[-1]["sql"]
    assert run("tables", "cpu").stdout.startswith(b"column ")


def test_parquet_through_a_pipe(run: Run, tmp_path: Path) -> None:
    (tmp_path / "p").write_bytes(run("query", "FROM cpu", "-f", "parquet").stdout)
    assert pq.read_table(tmp_path / "p").num_rows == 32

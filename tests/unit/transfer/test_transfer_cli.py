"""`store export` and `store import` as a person runs them: places, formats, parts, pipes, what is left where it fails."""

from __future__ import annotations

import csv
import gzip
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livedata.errors import UsageError
from livedata.model.batch import arrow_schema, stored_columns
from livedata.query.views import EVERYTHING, Scope
from livedata.transfer.pieces import Ask, days, hosts, rows, slices
from livedata.transfer.target import FIRST_SUFFIX, target

from .conftest import DISK, LOG, STEP, TICKS
from .prometheus import receiving
from .samples import START

MAIN = [sys.executable, "-c", "from livedata.cli.main import main; main()"]
Run = Callable[..., subprocess.CompletedProcess[bytes]]
DISK_ROWS, LOG_ROWS = 4 * TICKS, 2 * TICKS


@pytest.fixture
def environment(store: Path, tmp_path: Path) -> dict[str, str]:
    return {
        **os.environ, "LIVEDATA_STORE": str(store), "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "LIVEDATA_DEBUG": "", "TERM": "xterm",
    }  # fmt: skip


@pytest.fixture
def run(environment: dict[str, str], tmp_path: Path) -> Run:
    def ran(*arguments: str | Path, ok: bool = True, **more: str) -> subprocess.CompletedProcess[bytes]:
        done = subprocess.run(
            [*MAIN, *map(str, arguments)], capture_output=True, env=environment | more, cwd=tmp_path, timeout=60, check=False
        )  # fmt: skip
        assert (done.returncode == 0) == ok, done.stderr.decode()
        return done

    return ran


def left(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_a_folder_with_a_file_a_table(run: Run, tmp_path: Path) -> None:
    done = run("store", "export", "--to", "out")
    assert left(tmp_path) == ["out/disk.parquet", "out/log.parquet"]
    assert done.stdout == b""
    assert done.stderr.decode() == f"{DISK_ROWS + LOG_ROWS} rows in 2 files: out\n"
    table = pq.read_table(tmp_path / "out" / "disk.parquet")
    assert table.schema.names == [c.name for c in stored_columns(DISK)]
    assert table.num_rows == DISK_ROWS
    keys = [
        (t.date(), h, d, t)
        for t, h, d in zip(*(table[n].to_pylist() for n in ("ts", "host", "device")), strict=True)
    ]
    assert keys == sorted(keys)
    encodings = pq.ParquetFile(tmp_path / "out" / "disk.parquet").metadata.row_group(0).column(0).encodings
    assert "DELTA_BINARY_PACKED" in encodings


def test_suffixes_and_compression(run: Run, tmp_path: Path) -> None:
    run("store", "export", "disk", "--to", "x.csv.gz", "--since", "2026-11-20T23:00Z", "--host", "db-*")
    with gzip.open(tmp_path / "x.csv.gz", "rt", newline="") as file:
        found = list(csv.DictReader(file))
    assert {row["host"] for row in found} == {"db-01"}
    assert min(row["ts"] for row in found) == "2026-11-20T23:00:00Z"
    run(
        "store",
        "export",
        "log",
        "--to",
        "y",
        "--format",
        "jsonl",
        "--compress",
        "zstd",
        "--until",
        "2026-11-20T03:30Z",
    )
    assert left(tmp_path / "y") == ["log.jsonl.zst"]


def test_stdout(run: Run) -> None:
    lines = run("store", "export", "log", "--to", "-", "--format", "jsonl").stdout.splitlines()
    assert len(lines) == LOG_ROWS
    assert json.loads(lines[0])["message"] == 'tick 0, "quoted"\n'
    assert (
        len(
            gzip.decompress(
                run("store", "export", "log", "--to", "-", "-f", "csv", "--compress", "gzip").stdout
            )
        )
        > 1000
    )


def test_parts(run: Run, tmp_path: Path) -> None:
    run("store", "export", "disk", "--to", "hosts", "--partition-by", "host")
    run("store", "export", "disk", "--to", "days", "--partition-by", "day", "--format", "csv")
    assert left(tmp_path) == [
        "days/disk/2026-11-20.csv", "days/disk/2026-11-21.csv", "hosts/disk/db-01.parquet", "hosts/disk/web-01.parquet",
    ]  # fmt: skip
    counts = [
        pq.read_metadata(tmp_path / "hosts" / "disk" / f"{h}.parquet").num_rows for h in ("db-01", "web-01")
    ]
    assert counts == [DISK_ROWS // 2, DISK_ROWS // 2]


def test_tables_without_rows(run: Run, tmp_path: Path) -> None:
    run("store", "export", "--to", "all", "--since", "2027-01-01")
    run("store", "export", "disk", "--to", "one.parquet", "--since", "2027-01-01")
    assert left(tmp_path) == ["one.parquet"]
    assert pq.read_schema(tmp_path / "one.parquet").names == arrow_schema(DISK).names


def test_openmetrics_of_all_tables_in_one_file(run: Run, tmp_path: Path) -> None:
    run("store", "export", "--to", "all.om", "--host", "db-01")
    run("store", "export", "--to", "each", "--format", "openmetrics")
    text = (tmp_path / "all.om").read_text()
    assert text.endswith("\n# EOF\n")
    assert text.count("# EOF") == 1
    assert 'host="web-01"' not in text
    assert left(tmp_path / "each") == ["disk.om"]


def test_a_bundle_goes_to_another_machine(run: Run, tmp_path: Path) -> None:
    (tmp_path / "config" / "livedata").mkdir(parents=True)
    (tmp_path / "config" / "livedata" / "inventory.toml").write_text(
        '[hosts.db-01]\naddress = "192.0.2.7"\nlabels = { env = "prod" }\n[hosts.unasked]\naddress = "192.0.2.8"\n'
    )
    made = run(
        "store", "export", "--bundle", "i.livedata", "--host", "db-01",
        "--since", "2026-11-20T04:00Z", "--until", "2026-11-20T05:00Z",
    )  # fmt: skip
    assert made.stderr.decode() == "7 rows of 1 hosts in 3 tables: i.livedata\n"
    run("store", "import", "i.livedata", "--store", "new")
    asked = run(
        "fleet", "query", "--store", "new", "-f", "csv",
        "SELECT host, address, labels['env'], n FROM inventory JOIN (SELECT host, count(*) AS n FROM disk GROUP BY host) USING (host)",
    )  # fmt: skip
    assert asked.stdout.decode().splitlines()[1:] == ["db-01,192.0.2.7,prod,4"]
    again = run("store", "import", "i.livedata", "--store", "new", ok=False)
    assert b"there is something already" in again.stderr
    bundled_again = run("store", "export", "--store", "new", "--bundle", "j.livedata")
    assert bundled_again.stderr.decode() == "8 rows of 1 hosts in 3 tables: j.livedata\n"


def test_a_broken_inventory_does_not_keep_the_rows(run: Run, tmp_path: Path) -> None:
    (tmp_path / "config" / "livedata").mkdir(parents=True)
    (tmp_path / "config" / "livedata" / "inventory.toml").write_text("[")
    made = run("store", "export", "log", "--bundle", "i.livedata")
    assert b"goes without labels" in made.stderr
    assert left(tmp_path) == ["config/livedata/inventory.toml", "i.livedata"]


def test_import_of_files(run: Run, tmp_path: Path) -> None:
    run("store", "export", "disk", "--to", "disk.parquet")
    run("store", "export", "log", "--to", "log.csv")
    done = run("store", "import", "disk.parquet", "--table", "disk", "--store", "new")
    assert done.stderr.decode() == f"{DISK_ROWS} rows in disk: {tmp_path / 'new'}\n"
    (tmp_path / "more.csv").write_text("when,CPU %,rack\n1795143600,1.5,a\n")
    more = run(
        "store",
        "import",
        "more.csv",
        "--table",
        "ups",
        "--ts",
        "when",
        "--host",
        "=ups-1",
        "--label",
        "rack",
        "--store",
        "new",
    )
    assert more.stderr.decode() == f"'CPU %' becomes cpu\n1 rows in ups: {tmp_path / 'new'}\n"
    found = run("fleet", "query", "--store", "new", "-f", "csv", "SELECT ts, host, cpu, rack FROM ups").stdout
    assert found.decode().splitlines()[1] == "2026-11-20T03:00:00Z,ups-1,1.5,a"
    rates = run(
        "fleet", "query", "--store", "new", "-f", "csv", "SELECT max(reads_per_second) FROM disk"
    ).stdout
    assert rates.decode().splitlines()[1] == "10.0"


def test_imported_rows_get_rollups_and_rollups_are_no_rows(run: Run, tmp_path: Path) -> None:
    run("store", "export", "--bundle", "i.livedata")
    run("store", "import", "i.livedata", "--store", "new")
    run("store", "compact", "--store", "new")
    run("store", "export", "--to", "all", "--store", "new")
    assert left(tmp_path / "all") == ["disk.parquet", "inventory.parquet", "log.parquet"]
    run("store", "export", "disk_5m", "--to", "r.parquet", "--store", "new")
    said = run("store", "export", "disk_5m", "--bundle", "r.livedata", "--store", "new", ok=False).stderr
    assert b"disk_5m is a rollup" in said
    said = run("store", "import", "r.parquet", "--table", "disk_5m", "--store", "new", ok=False).stderr
    assert b"disk_5m is made of disk" in said
    run("store", "import", "r.parquet", "--table", "old", "--store", "new")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["export"], 2, "where to?"),
        (["export", "--to", "x", "--bundle", "y.livedata"], 2, "--to and --bundle at once"),
        (["export", "dis", "--to", "x"], 2, "did you mean disk"),
        (["export", "--to", "x.csv"], 2, "x.csv can hold one table, not 2"),
        (["export", "disk", "--to", "x.csv", "--partition-by", "host"], 2, "can't hold a file a part"),
        (["export", "disk", "--to", "x", "--partition-by", "week"], 2, "neither host nor day"),
        (["export", "disk", "--to", "x", "--format", "xlsx"], 2, "formats: parquet"),
        (["export", "disk", "--to", "x.parquet", "--compress", "gzip"], 2, "is not compressed as a whole"),
        (["export", "disk", "--to", "x.csv", "--compress", "rar"], 2, "gzip, zstd or none"),
        (["export", "disk", "--to", "no/such/x.csv"], 2, "can't write it"),
        (
            ["export", "disk", "--to", "/dev/full", "--format", "csv"],
            2,
            "/dev/full: can't write it: No space left",
        ),
        (
            ["export", "disk", "--to", "/dev/full", "--format", "csv", "--compress", "zstd"],
            2,
            "can't write it: No space",
        ),
        (["export", "disk", "--to", "/dev/full"], 2, "can't write it"),
        (["export", "disk", "--to", "x.csv", "--host", "nobody"], 2, "no rows of a host 'nobody'"),
        (["export", "disk", "--to", "x.csv", "--since", "soon"], 2, "--since"),
        (["export", "--bundle", "x.tar"], 2, "call it x.tar.livedata"),
        (["export", "--bundle", "x.livedata", "--since", "2027-01-01"], 2, "there are no such rows"),
        (["export", "--remote-write", "nowhere"], 2, "is no URL"),
        (["export", "--to", "x", "--store", "none"], 2, "the store is empty"),
        (["import", "x.csv"], 2, "--table NAME"),
        (["import", "x.livedata", "--table", "x"], 2, "imported alone"),
        (["import", "x.livedata", "y.livedata"], 2, "imported alone"),
        (["import", "x.csv", "--table", "x", "--host", "=a b"], 2, "a host can't be called 'a b'"),
        (["import", "x.csv", "--table", "X"], 2, "can't read it"),
    ],
)
def test_what_can_not_be_done_is_told(
    run: Run, tmp_path: Path, arguments: list[str], code: int, said: str
) -> None:
    done = run("store", *arguments, ok=False)
    assert done.returncode == code
    assert said in done.stderr.decode()
    assert left(tmp_path) == []


def test_a_receiver_that_refuses(run: Run) -> None:
    with receiving() as received:
        received.answers = [(401, {})]
        done = run("store", "export", "disk", "--remote-write", received.url, ok=False)
        assert done.returncode == 3
        assert b"LIVEDATA_REMOTE_WRITE_TOKEN" in done.stderr
        sent = run(
            "store", "export", "disk", "--remote-write", received.url, LIVEDATA_REMOTE_WRITE_TOKEN="secret"
        )
    assert sent.stderr.decode() == f"{len(received.samples):,} samples: {received.url}\n"
    assert received.headers[-1]["Authorization"] == "Bearer secret"


def test_an_export_that_is_ended_leaves_nothing(environment: dict[str, str], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")  # nobody reads it: the export stands still in the midst of its second table
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "log.parquet").symlink_to(tmp_path / "pipe")
    process = subprocess.Popen([*MAIN, "store", "export", "--to", "out"], env=environment, cwd=tmp_path)
    while "out/disk.parquet" not in left(tmp_path):
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 128 + signal.SIGTERM
    assert left(tmp_path) == ["out/disk.parquet"]
    assert pq.read_metadata(tmp_path / "out" / "disk.parquet").num_rows == DISK_ROWS


def test_a_damaged_file_costs_its_rows_and_is_told(run: Run, store: Path, tmp_path: Path) -> None:
    shutil.copytree(store, tmp_path / "copy")
    part = next((tmp_path / "copy" / "lake" / "disk").rglob("*.parquet"))
    part.write_bytes(b"nothing" * 1000)
    done = run("store", "export", "disk", "--to", "x.parquet", "--store", "copy")
    assert str(part.name) in done.stderr.decode()
    assert 0 < pq.read_metadata(tmp_path / "x.parquet").num_rows < DISK_ROWS


def test_progress_on_a_terminal(environment: dict[str, str], tmp_path: Path) -> None:
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [*MAIN, "store", "export", "disk", "--to", "x.csv"],
        stderr=slave,
        stdout=slave,
        env=environment,
        cwd=tmp_path,
    )
    os.close(slave)
    seen = b""
    try:
        while chunk := os.read(master, 65536):
            seen += chunk
    except OSError:  # Linux's way to say that the other side is closed
        pass
    os.close(master)
    assert process.wait(30) == 0
    assert f"\rdisk: {DISK_ROWS} of {DISK_ROWS} rows".encode() in seen
    assert seen.endswith(f"\r\x1b[K{DISK_ROWS} rows in 1 file: x.csv\r\n\r\x1b[K".encode())


def test_binary_is_not_for_a_terminal(environment: dict[str, str]) -> None:
    master, slave = pty.openpty()
    command = [*MAIN, "store", "export", "disk", "--to", "-"]
    done = subprocess.run(
        command, stdout=slave, stderr=subprocess.PIPE, env=environment, check=False, timeout=30
    )
    os.close(slave)
    os.close(master)
    assert done.returncode == 2
    assert b"parquet is not for a terminal" in done.stderr


def test_pieces_hold_every_row_once(ask: Ask) -> None:
    scope = Scope(since_us=START + STEP, until_us=START + 55 * STEP)
    for found in (days(ask, DISK, scope), hosts(ask, DISK, scope), slices(ask, DISK, scope, STEP)):
        assert sum(p.rows for p in found) == 4 * 54
        assert sum(b.num_rows for b in rows(ask, DISK, found)) == 4 * 54
    assert [p.key for p in days(ask, LOG, EVERYTHING)] == ["2026-11-20", "2026-11-21"]
    assert days(ask, DISK, Scope(until_us=START)) == []


@given(
    to=st.sampled_from(
        ["-", "x", "x.csv", "x.CSV.GZ", "x.parquet", "x.om", "a.b/c", "x.jsonl.zst", "x.gz", "/"]
    ),
    form=st.none() | st.sampled_from([*FIRST_SUFFIX, "none"]),
    codec=st.none() | st.sampled_from(["gzip", "zstd", "none", "x"]),
    tables=st.lists(st.sampled_from("abc"), unique=True, min_size=1),
    partitioned=st.booleans(),
)
def test_a_target_is_one_thing_or_an_error(
    to: str, form: str | None, codec: str | None, tables: list[str], partitioned: bool
) -> None:
    try:
        found = target(to, form, codec, tables, partitioned)
    except UsageError:
        return
    assert form in (None, found.form)
    paths = {found.file(table) for table in tables}
    assert len(paths) == (len(tables) if found.folder else 1)
    assert (found.path is None) == (to == "-")

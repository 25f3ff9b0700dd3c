"""The guide to export and import is true: every command runs as it stands there, every option and format is told."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from livedata.cli.main import app
from livedata.model.batch import Batch
from livedata.probe.load import load_probes
from livedata.store.writer import Writer
from livedata.transfer.target import FIRST_SUFFIX, SUFFIXES

from .prometheus import receiving
from .samples import START

GUIDE = (Path(__file__).parents[3] / "docs" / "export.md").read_text(encoding="utf-8")
HOUR = 3_600_000_000
FILES = {
    "sensors.csv": "when,node,sensor,degrees\n1795143600,web-01,a,20.5\n",
    "ups.jsonl": '{"ts":"2026-11-20T03:00:00Z","volts":230}\n',
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the files that the guide speaks of, and a store of the probes that come with livedata."""
    cpu, log = (load_probes()[name] for name in ("cpu", "log"))
    with Writer.open(tmp_path / "store", purpose="test", now_us=START) as writer:
        for hour in range(4):
            ts = START + hour * HOUR
            used = [4, *[100 * hour] * len(cpu.counters), *[None] * len(cpu.counters)]
            entry = [ts, "b", *[None] * (len(log.columns) - 3), []]
            rows = ((cpu, tuple(used)), (log, tuple(entry)))
            batches = [Batch(t, host, ts, [row], "b") for t, row in rows for host in ("web-01", "db-01")]
            assert writer.append(batches, ts) == []
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "livedata"
    program.write_text(f"#!{sys.executable}\nfrom livedata.cli.main import main\nmain()\n")
    program.chmod(0o755)
    return tmp_path


def test_every_command_runs(folder: Path) -> None:
    environment = os.environ | {
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "config"),
        "LIVEDATA_STORE": str(folder / "store"),
    }  # fmt: skip
    commands = [
        line for block in re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL) for line in block.splitlines()
    ]
    ours = [c for c in commands if c.startswith("livedata ")]
    assert len(ours) > 10
    assert [c.split()[0] for c in commands if c not in ours] == ["promtool"]
    with receiving() as received:
        for command in ours:
            text = command.replace("http://127.0.0.1:9090/api/v1/write", received.url)
            done = subprocess.run(
                ["sh", "-c", text], cwd=folder, env=environment, capture_output=True, timeout=60, check=False
            )
            assert done.returncode == 0, (command, done.stderr.decode())
            assert b"livedata: " not in done.stderr, (command, done.stderr.decode())
        assert received.samples
    assert (folder / "by-host" / "cpu" / "web-01.parquet").exists()
    assert (folder / "out" / "log.parquet").exists()
    shutil.rmtree(folder / "incident")


def options(command: str) -> set[str]:
    group = typer.main.get_command(app).commands["store"]  # type: ignore[attr-defined]
    return {o for p in group.commands[command].params for o in p.opts if o.startswith("--")} - {"--help"}


def told(section: str) -> set[str]:
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `--")]
    return {o for row in rows for o in re.findall(r"`(--[a-z-]+)`", row)}


def test_every_option_is_told() -> None:
    files, imports = GUIDE.split("## Import of files")
    assert told(files) == options("export")
    assert told(imports) == options("import")


def test_every_format_is_told() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ((?:`\.\w+` ?)+) \|", GUIDE, re.MULTILINE)
    assert [name for name, _ in rows] == list(FIRST_SUFFIX)
    assert {s: name for name, suffixes in rows for s in re.findall(r"`(\.\w+)`", suffixes)} == SUFFIXES

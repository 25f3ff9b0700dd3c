"""What `livedata service` prints is what systemd and cron take, whatever paths are called."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from livedata.cli.service import Kind, unit
from livedata.config import Config, load_config

ODD = "a folder/100% $HOME"


def config(tmp_path: Path, store: str = "store") -> Config:
    return load_config({"HOME": str(tmp_path)}, store=tmp_path / store, inventory=tmp_path / "inventory.toml")


@pytest.mark.parametrize("user", [None, "daemon"])
@pytest.mark.parametrize("store", ["store", ODD])
def test_systemd_takes_the_units(tmp_path: Path, user: str | None, store: str) -> None:
    command = [sys.executable, "-P", "-m", "livedata"]
    files = {
        Kind.WATCH: "livedata.service",
        Kind.SNAPSHOT: "livedata-snapshot.service",
        Kind.TIMER: "livedata-snapshot.timer",
    }
    for kind, name in files.items():
        (tmp_path / name).write_text(unit(kind, config(tmp_path, store), command, user))
    scope = "--system" if user else "--user"
    done = subprocess.run(
        ["systemd-analyze", "verify", scope, "--man=no", "--recursive-errors=no", *(str(tmp_path / name) for name in files.values())],
        capture_output=True, text=True, check=False, env={"XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_verify_would_say_a_mistake(tmp_path: Path) -> None:
    text = unit(Kind.WATCH, config(tmp_path), ["/no/such/program"], None)
    (tmp_path / "livedata.service").write_text(text.replace("WatchdogSec", "WatchdogSecs"))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--system", "--man=no", str(tmp_path / "livedata.service")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "WatchdogSecs" in done.stderr
    assert done.returncode != 0


def test_a_watch_is_told_on_and_may_be_told_anew(tmp_path: Path) -> None:
    text = unit(Kind.WATCH, config(tmp_path), ["/opt/livedata"], None)
    assert "Type=notify\n" in text
    assert "WatchdogSec=60\n" in text
    assert "ExecReload=/bin/kill -HUP $MAINPID\n" in text
    assert (
        f"ExecStart=/opt/livedata fleet watch --store {tmp_path}/store --inventory {tmp_path}/inventory.toml\n"
        in text
    )


def test_crons_line_runs_with_odd_paths(tmp_path: Path) -> None:
    line = unit(Kind.CRON, config(tmp_path, ODD), ["/opt/livedata"], None)
    assert line.startswith("*/5 * * * * ")
    # cron takes the backslash before a percent sign away (crontab(5)), then sh reads the rest.
    words = shlex.split(line.removeprefix("*/5 * * * * ").replace("\\%", "%"))
    assert words == [
        "/opt/livedata",
        "fleet",
        "snapshot",
        "--store",
        str(tmp_path / ODD),
        "--inventory",
        str(tmp_path / "inventory.toml"),
    ]

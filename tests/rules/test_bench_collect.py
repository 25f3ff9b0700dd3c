"""bench/collect.py in its smallest form: it measures all its contenders, adds up, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

BENCH = Path(__file__).parents[2] / "bench" / "collect.py"


def left_behind() -> set[str]:
    """Control groups of the benchmark, wherever they may be."""
    return {str(p) for p in Path("/sys/fs/cgroup").glob("**/livedata-bench-*")}


def test_three_sessions() -> None:
    before = left_behind()
    with tempfile.TemporaryDirectory(prefix="b", dir="/tmp") as folder:
        out = Path(folder) / "out.json"
        (work := Path(folder) / "t").mkdir()
        done = subprocess.run(
            [sys.executable, BENCH, "--sessions", "3", "--rounds", "1", "--every", "1.5", "--json", out],
            env={**os.environ, "TMPDIR": str(work)}, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        if os.geteuid():
            assert (done.returncode, done.stdout) == (2, "")
            assert "needs root" in done.stderr
            return
        assert done.returncode == 0, done.stderr
        result = json.loads(out.read_text(encoding="utf-8"))
        assert not list(work.iterdir())
    assert left_behind() <= before

    whole, changed, system = (
        result["contenders"][f"livedata, {what}"]
        for what in ("all processes", "processes that changed", "system files only")
    )
    assert result["once"]["problems"] == {}
    assert 200 <= result["once"]["processes"] < 220
    # Each window holds exactly the tick that it is named after: every process, a fifth of them, none.
    assert whole["rows"]["median"] > 200 > changed["rows"]["median"] > system["rows"]["median"] > 5
    assert whole["wire_kb"]["median"] > 2 * system["wire_kb"]["median"] > 1
    xargs = result["contenders"]["xargs -P ssh, ControlPersist"]
    for measures in (whole, changed, system, xargs):
        assert measures["central_ms"]["median"] > 0
        assert measures["host_ms"]["median"] > 0
    assert {"what", "value", "target", "met"} <= set(result["targets"][0])
    assert "central CPU" in done.stdout
    assert result["environment"]["openssh"].startswith("OpenSSH")

"""bench/logs.py in its smallest form: all its parts measure, all answers agree, and nothing is left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "bench" / "logs.py"


@pytest.mark.slow
def test_five_hosts(tmp_path: Path) -> None:
    (work := tmp_path / "t").mkdir()
    out = tmp_path / "out.json"
    done = subprocess.run(
        [sys.executable, BENCH, "--entries", "60000", "--few", "500", "--rounds", "1", "--json", out],
        env={**os.environ, "TMPDIR": str(work)}, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert not list(work.iterdir())
    result = json.loads(out.read_text(encoding="utf-8"))
    assert result["search"]["hits"]["rare"] == 1
    assert result["search"]["hits"]["absent"] == 0
    assert 0 < result["keeping"]["words_bytes_per_row"] < result["keeping"]["bytes_per_row"]
    assert result["templates"] < result["entries"] / 10
    assert {t["what"] for t in result["targets"]} >= {
        "bytes an entry, files of the day",
        "memory of compaction, MB",
    }

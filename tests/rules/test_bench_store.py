"""bench/store.py in its smallest form: all its parts measure, what they answer agrees, and nothing is left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

BENCH = Path(__file__).parents[2] / "bench" / "store.py"
HOSTS, HOURS = 4, 1


def test_four_hosts_for_an_hour() -> None:
    with tempfile.TemporaryDirectory(prefix="b", dir="/tmp") as folder:
        out = Path(folder) / "out.json"
        (work := Path(folder) / "t").mkdir()
        size = [
            "--hosts",
            str(HOSTS),
            "--hours",
            str(HOURS),
            "--rounds",
            "1",
            "--others",
            "memory,log",
            "--alone",
            "--json",
            out,
        ]
        done = subprocess.run(
            [sys.executable, BENCH, *size],
            env={**os.environ, "TMPDIR": str(work)}, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        result = json.loads(out.read_text(encoding="utf-8"))
        assert not list(work.iterdir())

    assert result["fresh"]["columns"] == 16
    assert result["fresh"]["once"]["livedata"]["unreadable_meanwhile"] == ""
    assert result["fresh"]["rounds"]["livedata"]["cpu_ms"]["median"] > 0
    assert result["ingest"]["rounds"]["livedata"]["rows_per_cpu_s"]["median"] > 0
    assert 0 < result["seal"]["bytes_per_row"] < result["seal"]["log_bytes_per_row"]

    cpu = result["bytes"]["tables"]["cpu"]
    assert cpu["rows"] == HOSTS * HOURS * 360
    assert cpu["files"] <= cpu["today_files"] < result["bytes"]["sealed_files"]
    assert cpu["bytes_per_row"] < cpu["today_bytes_per_row"]
    assert result["bytes"]["tables"]["log"]["rows"] > 100
    fleets = result["bytes"]["year"]["fleets"]
    assert fleets["10"]["after_a_year"] < fleets["1000"]["after_a_year"] < fleets["1000"]["raw_for_a_year"]

    asked = result["queries"]
    for contender in asked["rounds"]:
        assert {asked["answers"][key][contender] for key in asked["questions"]} == {1.0}
        assert set(asked["rounds"][contender]) == set(asked["cold"][contender]) == set(asked["questions"])
    assert {"what", "value", "target", "met"} <= set(result["targets"][0])
    assert "to compact each hour" in done.stderr
    assert result["environment"]["duckdb"]


def test_a_part_that_is_none() -> None:
    done = subprocess.run(
        [sys.executable, BENCH, "--only", "bytes,speed"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "--only: there is no speed" in done.stderr

"""What machines said, and the rows it must give: each folder beside this file is a test (see README.md)."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from livedata.collect.increase import with_increases
from livedata.model.batch import Batch
from livedata.parse import PARSERS
from livedata.probe.load import load_probes
from livedata.probe.recording import read_recording, rows_of, write_rows

HERE = Path(__file__).parent
BUILT_IN = load_probes()
PROBES = load_probes(HERE.parents[1] / "docs" / "probes")
RECORDINGS = sorted(
    folder for folder in HERE.glob("*/*") if folder.is_dir() and folder.parent.name != "__pycache__"
)


def batch(folder: Path) -> Batch:
    probe = PROBES[folder.parent.name]
    rows = PARSERS[probe.parse](probe, read_recording(probe, folder))
    return Batch(probe, "recorded", 0, with_increases(probe, rows, None))


def test_every_probe_has_a_recording_of_a_real_machine() -> None:
    real = {folder.parent.name for folder in RECORDINGS if not folder.name.startswith("hand-")}
    assert set(BUILT_IN) <= real
    # What can't be had where these were made may be made by hand.
    assert {folder.parent.name for folder in RECORDINGS} == set(PROBES)


@pytest.mark.parametrize("folder", RECORDINGS, ids=lambda folder: f"{folder.parent.name}-{folder.name}")
def test_a_recording_gives_its_rows(folder: Path) -> None:
    assert rows_of(batch(folder)) == json.loads((folder / "rows.json").read_text(encoding="utf-8"))


def rewrite(names: list[str]) -> None:
    """Write `rows.json` of these folders, or of those without one."""
    for folder in RECORDINGS:
        if folder.relative_to(HERE).as_posix() in names or (
            not names and not (folder / "rows.json").exists()
        ):
            write_rows(folder, batch(folder))
            print(folder.relative_to(HERE) / "rows.json")


if __name__ == "__main__":
    rewrite(sys.argv[1:])

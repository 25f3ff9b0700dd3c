"""What machines said, and the rows it must give: each folder beside this file is a test (see README.md)."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from livedata.collect.increase import with_increases
from livedata.model.batch import Batch, to_arrow
from livedata.model.probe import Probe
from livedata.model.reading import Reading
from livedata.parse import PARSERS
from livedata.probe.load import load_probes

HERE = Path(__file__).parent
PROBES = load_probes()
RECORDINGS = sorted(
    folder for folder in HERE.glob("*/*") if folder.is_dir() and folder.parent.name != "__pycache__"
)


def reading(probe: Probe, folder: Path) -> Reading:
    """What the collector would make of this machine's answer."""
    if probe.body:
        return Reading(text=(folder / "answer.txt").read_text(encoding="utf-8"))
    files: dict[str, str] = {}
    for pattern in probe.read:
        for file in sorted(folder.glob(pattern[1:])):
            files["/" + file.relative_to(folder).as_posix()] = file.read_bytes().decode(
                "utf-8", "backslashreplace"
            )
    return Reading(files)


def plain(value: Any) -> Any:
    """A stored value as JSON has it."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list):
        return dict(value)
    return value


def rows(folder: Path) -> list[dict[str, Any]]:
    probe = PROBES[folder.parent.name]
    parsed = PARSERS[probe.parse](probe, reading(probe, folder))
    table = to_arrow([Batch(probe, "recorded", 0, with_increases(probe, parsed, None))])
    names = [column.name for column in probe.columns]
    return [{name: plain(row[name]) for name in names} for row in table.to_pylist()]


def test_every_probe_has_a_recording_of_a_real_machine() -> None:
    real = {folder.parent.name for folder in RECORDINGS if not folder.name.startswith("hand-")}
    assert real == set(PROBES)


@pytest.mark.parametrize("folder", RECORDINGS, ids=lambda folder: f"{folder.parent.name}-{folder.name}")
def test_a_recording_gives_its_rows(folder: Path) -> None:
    assert rows(folder) == json.loads((folder / "rows.json").read_text(encoding="utf-8"))


def rewrite(names: list[str]) -> None:
    """Write `rows.json` of these folders, or of those without one."""
    for folder in RECORDINGS:
        file = folder / "rows.json"
        if folder.relative_to(HERE).as_posix() in names or (not names and not file.exists()):
            lines = ",\n".join(" " + json.dumps(row, ensure_ascii=False) for row in rows(folder))
            file.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
            print(file.relative_to(HERE))


if __name__ == "__main__":
    rewrite(sys.argv[1:])

"""A recording holds what came, byte for byte, and lies where it is meant to, whatever a host says."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livedata.errors import UsageError
from livedata.model.batch import Batch
from livedata.model.probe import Column, Probe
from livedata.model.reading import Reading
from livedata.parse import PARSERS
from livedata.probe.load import load_probes
from livedata.probe.recording import read_recording, rows_of, write_recording

LINES = Probe("lines", "", (Column("line", 1, "str", "text"),), parse="fields", body="cat\n", lane="slow")
LOAD = load_probes()["load"]


@given(said=st.binary(max_size=60).filter(lambda said: b"\0" not in said))
def test_what_came_comes_back(tmp_path_factory: pytest.TempPathFactory, said: bytes) -> None:
    folder = tmp_path_factory.mktemp("kept") / "lines" / "h"
    reading = Reading(text=said.decode("utf-8", "backslashreplace"), data=said)
    batch = Batch(LINES, "h", 0, PARSERS["fields"](LINES, reading))
    write_recording(folder, reading, said, batch)
    assert (folder / "answer.txt").read_bytes() == said
    assert read_recording(LINES, folder) == reading
    assert rows_of(Batch(LINES, "h", 0, PARSERS["fields"](LINES, read_recording(LINES, folder)))) == rows_of(
        batch
    )


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    write_recording(tmp_path / "a", Reading(), b"x", Batch(LINES, "h", 0, [("x",)]))
    with pytest.raises(UsageError, match="already there"):
        write_recording(tmp_path / "a", Reading(), b"y", Batch(LINES, "h", 0, [("y",)]))
    assert (tmp_path / "a" / "answer.txt").read_bytes() == b"x"


@pytest.mark.parametrize("path", ["/proc/../../x", "/sys/block/../../../x", "/.."])
def test_a_host_can_not_have_files_written_elsewhere(tmp_path: Path, path: str) -> None:
    with pytest.raises(UsageError, match="nothing is recorded"):
        write_recording(tmp_path / "a" / "b", Reading({path: "x"}), b"", Batch(LOAD, "h", 0, []))
    assert list(tmp_path.iterdir()) == []

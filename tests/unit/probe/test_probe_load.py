"""Finding probes: the built-in ones, the user's folder, and what an inventory sets."""

from __future__ import annotations

from pathlib import Path

import pytest

from livedata.errors import ProbeError
from livedata.model.host import Settings
from livedata.probe.load import apply_settings, load_probe, load_probes, own_tables

MINE = """\
#!/bin/sh
# /// probe
# help    = "Mine."
# every   = "1m"
# timeout = "5s"
# parse   = "keyvalue"
# [columns]
# size_bytes = { id = 1, type = "i64", kind = "gauge" }
# ///
echo size_bytes=1
"""
BUILT_IN = sorted(file.stem for file in (Path(__file__).parents[3] / "probes").glob("*.sh"))


def test_the_built_in_probes_come_in_a_stable_order(tmp_path: Path) -> None:
    assert {"cpu", "log", "process"} < set(BUILT_IN)
    assert list(load_probes()) == BUILT_IN
    assert list(load_probes(tmp_path / "missing")) == BUILT_IN


def test_the_users_come_after_them_and_other_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "zz.sh").write_text(MINE)
    (tmp_path / "aa.sh").write_text(MINE)
    (tmp_path / "README").write_text("no probe")
    (tmp_path / ".aa.sh.swp").write_bytes(b"\xff")
    (tmp_path / ".hidden.sh").write_text("no probe either")
    assert list(load_probes(tmp_path)) == [*BUILT_IN, "aa", "zz"]


def test_a_second_probe_of_a_name_is_refused_with_both_files(tmp_path: Path) -> None:
    (tmp_path / "cpu.sh").write_text(MINE)
    with pytest.raises(ProbeError) as raised:
        load_probes(tmp_path)
    assert str(tmp_path / "cpu.sh") in str(raised.value)
    assert str(Path("probes") / "cpu.sh") in str(raised.value)


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "binary.sh").write_bytes(b"#!/bin/sh\n\xff\xfe")
    with pytest.raises(ProbeError) as raised:
        load_probes(tmp_path)
    assert raised.value.where == str(tmp_path / "binary.sh")


def test_an_inventory_may_set_cadence_and_timeout() -> None:
    cpu = load_probes()["cpu"]
    assert apply_settings(cpu, Settings()) is cpu
    changed = apply_settings(cpu, Settings(every=60.0))
    assert (changed.every, changed.timeout, changed.columns) == (60.0, cpu.timeout, cpu.columns)
    assert apply_settings(cpu, Settings(timeout=1.0)).timeout == 1.0


FEEDER = """\
#!/bin/sh
# /// probe
# help  = "What a scheduler says."
# parse = "jsonl"
# into  = "log"
# ///
echo '{"ts": 1, "message": "x"}'
"""


def test_a_probe_may_feed_anothers_table(tmp_path: Path) -> None:
    file = tmp_path / "mine.sh"
    file.write_text(FEEDER)
    probes = load_probes(tmp_path)
    assert probes["mine"].columns == probes["log"].columns
    assert load_probe(file, tmp_path) == probes["mine"]
    assert "log" in own_tables(probes)
    assert "mine" not in own_tables(probes)


@pytest.mark.parametrize("table", ["cpu", "logs", "mine", "", "other"])
def test_only_a_table_of_events_can_be_fed(tmp_path: Path, table: str) -> None:
    (tmp_path / "other.sh").write_text(FEEDER)
    (tmp_path / "mine.sh").write_text(FEEDER.replace('"log"', f'"{table}"'))
    with pytest.raises(ProbeError, match="into can't be"):
        load_probes(tmp_path)
    with pytest.raises(ProbeError, match="into can't be"):
        load_probe(tmp_path / "mine.sh", tmp_path)


COLUMN = '{ a = { id = 1, type = "str", kind = "text" } }'


@pytest.mark.parametrize(("key", "value"), [("full", '"5m"'), ("rollup", "[]"), ("columns", COLUMN)])
def test_who_feeds_a_table_says_nothing_of_one_of_its_own(tmp_path: Path, key: str, value: str) -> None:
    (tmp_path / "mine.sh").write_text(FEEDER.replace("# into", f"# {key} = {value}\n# into"))
    with pytest.raises(ProbeError, match=f"with `into` there is no `{key}`"):
        load_probes(tmp_path)

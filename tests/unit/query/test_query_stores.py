"""Several stores are asked as one, each row once, whatever the age and the header of their rows."""

from pathlib import Path

import pytest

from livedata.errors import ProbeError
from livedata.model.batch import Batch
from livedata.model.probe import Column, Probe
from livedata.query.engine import stream
from livedata.query.source import stores_source
from livedata.query.views import EVERYTHING, Scope
from livedata.store.writer import Writer
from tests.golden.make import FIRST, HOSTS, SECOND, START_US, batches, rows
from tests.unit.store.test_store_compact import tended

TICK_US = 10_000_000


def keep(root: Path, second: bool, ticks: range, *, seal: bool) -> Path:
    with Writer.open(root, purpose="test", now_us=START_US) as writer:
        for tick in ticks:
            assert writer.append(batches(tick, second), START_US) == []
        if seal:
            writer.seal(START_US)
    return root


def asked(roots: list[Path], sql: str, scope: Scope = EVERYTHING) -> list[dict[str, object]]:
    with stream(stores_source(roots), sql, scope=scope) as (_, found):
        return [row for batch in found for row in batch.to_pylist()]


COUNT = "SELECT count(*) AS n, count(DISTINCT ts) AS ticks, sum(reads_increase) AS grown FROM disk"


def test_rows_of_all_are_there_once(tmp_path: Path) -> None:
    one = keep(tmp_path / "one", False, range(1, 5), seal=True)
    tended(one)
    other = keep(tmp_path / "other", False, range(5, 7), seal=False)
    found = asked([one, other], COUNT)
    assert found == [{"n": 6 * 2 * len(HOSTS), "ticks": 6, "grown": 6 * 2 * len(HOSTS) * 100}]
    assert asked([other, one], COUNT) == found
    assert asked([one], COUNT)[0]["ticks"] == 4


def test_each_under_its_own_header(tmp_path: Path) -> None:
    old = keep(tmp_path / "old", False, range(1, 3), seal=True)
    new = keep(tmp_path / "new", True, range(3, 5), seal=False)
    sql = "SELECT DISTINCT queue_length, rotates FROM disk WHERE device = 'sda' ORDER BY ALL"
    assert asked([new, old], sql) == [
        {"queue_length": 0.75, "rotates": True},
        {"queue_length": 1.0, "rotates": True},
        {"queue_length": 1.0, "rotates": None},
        {"queue_length": 2.0, "rotates": None},
    ]
    assert FIRST.columns != SECOND.columns


def test_hosts_and_tables_of_each_are_known(tmp_path: Path) -> None:
    one = keep(tmp_path / "one", False, range(1, 2), seal=True)
    with Writer.open(tmp_path / "other", purpose="test", now_us=START_US) as writer:
        writer.append([Batch(FIRST, "stranger", START_US, rows(1, False))], START_US)
    roots = [one, tmp_path / "other"]
    assert asked(roots, "SELECT DISTINCT host FROM disk", Scope(hosts=("stran*",))) == [{"host": "stranger"}]
    assert len(asked(roots, "SELECT DISTINCT host FROM log")) == len(HOSTS)


def test_two_that_mean_different_things_by_a_table_are_refused(tmp_path: Path) -> None:
    one = keep(tmp_path / "one", False, range(1, 2), seal=False)
    with Writer.open(tmp_path / "other", purpose="test", now_us=START_US) as writer:
        writer.register(Probe("disk", "Something else.", (Column("device", 1, "i64", "gauge"),)))
    with pytest.raises(ProbeError, match="disk: column 'device'"):
        asked([one, tmp_path / "other"], COUNT)

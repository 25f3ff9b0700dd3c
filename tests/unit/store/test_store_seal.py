"""Sealed rows: the same rows, in Parquet that other tools read with the promised types, counted once."""

import os
import re
from contextlib import suppress
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livedata.errors import StoreError
from livedata.model.batch import stored_columns
from livedata.store import manifest, seal, segment, state
from livedata.store.layout import Layout
from livedata.store.reader import TableContent
from livedata.store.writer import LONGEST_LOG, Writer

from .samples import DISK, LOG, PROBES, START_US, batch, read_store, tick


def open_writer(root: Path) -> Writer:
    return Writer.open(root, purpose="test", now_us=START_US)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def sealed(root: Path) -> Path:
    with open_writer(root) as writer:
        for n in range(3):
            writer.append(tick(n), START_US)
        writer.seal(START_US)
    return root


def rows(content: TableContent) -> list[str]:
    """Every row as text, sealed and fresh, in no order."""
    tables = [pq.ParquetFile(p.path).read() for p in content.parts] + [content.fresh]
    return sorted(str(row) for table in tables for row in table.to_pylist())


def test_sealing_changes_no_row_and_no_state(root: Path) -> None:
    with open_writer(root) as writer:
        for n in range(3):
            writer.append(tick(n), START_US)
        before = {name: rows(content) for name, content in read_store(root).items()}
    with open_writer(root) as writer:
        before_state = writer.state
        writer.seal(START_US)
        found = read_store(root)
        assert {name: rows(content) for name, content in found.items()} == before
        assert all(content.fresh.num_rows == 0 for content in found.values())
    with open_writer(root) as writer:
        assert writer.state == before_state
        assert writer.state.last["web-0", "disk"].counters[("sd1",)] == (2**63 + 2, 201)


def test_a_file_holds_a_tables_rows_of_one_host_by_series_and_time(sealed: Path) -> None:
    part = read_store(sealed, ["disk"], hosts=["web-1"])["disk"].parts[0]
    assert part.path.relative_to(sealed).as_posix() == "lake/disk/2026-07-25/web-1.00000001-1.parquet"
    assert (part.first_host, part.last_host, part.hosts) == ("web-1", "web-1", 1)
    assert (part.first_ts, part.last_ts) == (START_US, START_US + 20_000_000)
    assert (part.rows, part.bytes) == (6, part.path.stat().st_size)
    found = pq.ParquetFile(part.path).read().to_pylist()
    assert {row["host"] for row in found} == {"web-1"}
    keys = [(row["device"], row["ts"]) for row in found]
    assert keys == sorted(keys)
    assert len(keys) == 6


def test_an_events_file_is_known_by_its_rows_times(sealed: Path) -> None:
    part = read_store(sealed, ["log"])["log"].parts[0]
    times = pq.ParquetFile(part.path).read(["ts"])["ts"].cast(pa.int64()).to_pylist()
    assert (part.first_ts, part.last_ts) == (min(times), max(times))
    assert part.last_ts == batch(LOG, "x", 2).ts - 5_000_000 + 1


def test_parts_outside_the_time_asked_for_are_left_out(sealed: Path) -> None:
    first = batch(DISK, "x", 0).ts
    assert len(read_store(sealed, ["disk"], until_us=first)["disk"].parts) == 2
    assert read_store(sealed, ["disk"], until_us=first - 1)["disk"].parts == ()
    assert read_store(sealed, ["disk"], since_us=batch(DISK, "x", 2).ts + 1)["disk"].parts == ()


@pytest.mark.parametrize("probe", PROBES, ids=lambda p: p.name)
def test_every_column_has_its_field_id_and_delta_or_dictionary(sealed: Path, probe) -> None:
    part = read_store(sealed, [probe.name])[probe.name].parts[0]
    file = pq.ParquetFile(part.path)
    ids = {f.name: int(f.metadata[b"PARQUET:field_id"]) for f in file.schema_arrow}
    assert ids == {c.name: c.id for c in stored_columns(probe)}
    origin = msgspec.json.decode(file.metadata.metadata[segment.META], type=segment.Origin)
    assert origin == segment.Origin(probe.name, 1, 1, 6 + 12 + 12, wals=(1, 1))
    group = file.metadata.row_group(0)
    encodings = {
        group.column(i).path_in_schema.split(".")[0]: group.column(i).encodings
        for i in range(group.num_columns)
    }
    wanted = {"str": "RLE_DICTIONARY", "map": "RLE_DICTIONARY", "bool": "RLE", "f64": "PLAIN"}
    for column in stored_columns(probe):
        delta = "RLE_DICTIONARY" if column.name in segment.REPEATED else "DELTA_BINARY_PACKED"
        assert wanted.get(column.type, delta) in encodings[column.name], column.name


def test_duckdb_reads_the_promised_types(sealed: Path) -> None:
    described = duckdb.sql(
        f"DESCRIBE SELECT * FROM read_parquet('{sealed}/lake/disk/*/*.parquet')"
    ).fetchall()
    assert {name: kind for name, kind, *_ in described} == {
        "ts": "TIMESTAMP WITH TIME ZONE", "host": "VARCHAR", "boot_id": "VARCHAR", "offset_ms": "BIGINT", "dt_ms": "BIGINT",
        "device": "VARCHAR", "reads_total": "UBIGINT", "busy_seconds_total": "DECIMAL(18,2)", "queue": "DOUBLE",
        "removable": "BOOLEAN", "reads_increase": "BIGINT", "busy_seconds_increase": "DECIMAL(18,2)",
    }  # fmt: skip
    total = duckdb.sql(
        f"SELECT host, max(reads_total), sum(busy_seconds_increase)::VARCHAR FROM read_parquet('{sealed}/lake/disk/**')"
        " GROUP BY host ORDER BY host"
    ).fetchall()
    assert total == [("web-0", 2**63 + 2, "6.00"), ("web-1", 2**63 + 2, "6.00")]
    fields = duckdb.sql(
        f"SELECT fields['n'] FROM read_parquet('{sealed}/lake/log/*/web-0.*') ORDER BY 1"
    ).fetchall()
    assert fields == [("0",)] * 3 + [("1",)] * 3


def test_a_whole_folder_is_one_table_to_pyarrow(sealed: Path) -> None:
    """`host=` in the folders' names would collide with the files' own column."""
    assert pq.read_table(sealed / "lake" / "disk").num_rows == 12


def test_the_guides_examples_run(sealed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    guide = (
        (Path(__file__).parents[3] / "docs" / "store.md")
        .read_text(encoding="utf-8")
        .replace("lake/cpu", "lake/disk")
    )
    examples = dict(re.findall(r"```(sql|python)\n(.*?)```", guide, re.DOTALL))
    monkeypatch.chdir(sealed)
    last = datetime(2026, 7, 25, 17, 20, 20, tzinfo=UTC)
    assert sorted(duckdb.sql(examples["sql"].rstrip(";\n")).to_arrow_table().to_pylist(), key=str) == [
        {"host": "web-0", "max(ts)": last},
        {"host": "web-1", "max(ts)": last},
    ]
    names: dict[str, pa.Table] = {}
    exec(examples["python"], names)
    assert names["table"].num_rows == 12


def test_sealing_is_due_by_age_and_by_size(root: Path) -> None:
    with open_writer(root) as writer:
        assert not writer.seal_due(START_US + 10**12, 600)
        writer.append(tick(0), START_US)
        writer.append(tick(1), START_US + 599_000_000)
        assert not writer.seal_due(START_US + 599_999_999, 600)
        assert writer.seal_due(START_US + 600_000_000, 600)
        assert writer.seal_due(START_US - 1, 600), "a clock that went back must not put it off for good"
        writer._log.end, end = LONGEST_LOG + 1, writer._log.end
        assert writer.seal_due(START_US, 600)
        writer._log.end = end
    with open_writer(root) as writer:
        assert writer.seal_due(START_US + 600_000_000, 600), "cron's pulls seal as well"
        writer.seal(START_US)
        assert not writer.seal_due(START_US + 10**12, 600)
        writer.seal(START_US)
        assert len(list((root / "wal").iterdir())) == 2, "nothing to seal makes no files"


def test_old_logs_and_snapshots_go_one_sealing_later(root: Path) -> None:
    layout = Layout(root)
    with open_writer(root) as writer:
        for n in range(1, 5):
            writer.append(tick(n), START_US)
            writer.seal(START_US)
            logs = sorted(int(p.stem) for p in (root / "wal").iterdir())
            assert logs == ([1, 2] if n == 1 else [n, n + 1])
            assert [p.stem for p in (root / "state").iterdir()] == [f"{n:08}"]
            with manifest.reading(layout) as listed:
                assert listed is not None
                assert listed.logs().sealed_through == n
            assert list((root / "aside").iterdir()) == []
            assert list((root / "pins").iterdir()) == []


def test_a_lost_snapshot_costs_increments_not_rows(sealed: Path) -> None:
    path = Layout(sealed).state(1)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with open_writer(sealed) as writer:
        assert len(writer.warnings) == 1
        assert "increments begin anew" in writer.warnings[0]
        assert writer.state.last == {}
        writer.append(tick(3), START_US)
        writer.seal(START_US)
    assert len(rows(read_store(sealed)["disk"])) == 4 * 4


STEPS = {
    "write_durably": (seal, "write_durably"),
    "sync_folder": (seal, "sync_folder"),
    "read_logs": (seal, "read_logs"),
    "make_folder": (segment, "make_folder"),
    "open": (segment, "open_private"),
    "close": (segment.File, "close"),
    "move_in": (segment, "move_in"),
    "sync_lake": (segment, "sync_folder"),
    "replay": (state, "replay"),
    "dump": (state, "dump"),
    "commit": (manifest.Manifest, "commit"),
    "tidy": (seal, "tidy"),
}


@pytest.mark.parametrize("call", [1, 2, 5])
@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS.keys())
def test_a_failure_at_any_step_loses_and_doubles_nothing(
    root: Path, monkeypatch: pytest.MonkeyPatch, step: tuple[object, str], call: int
) -> None:
    with open_writer(root) as writer:
        for n in range(2):
            writer.append(tick(n), START_US)
            writer.seal(START_US)
        writer.append(tick(2), START_US)
        original = getattr(*step)
        calls = 0

        def failing(*args, **kwargs):
            nonlocal calls
            calls += 1
            if calls == call:
                raise OSError(28, os.strerror(28))
            return original(*args, **kwargs)

        with monkeypatch.context() as patch:
            patch.setattr(*step, failing)
            expected = pytest.raises(StoreError, match="No space left") if call == 1 else suppress(StoreError)
            with expected:
                writer.seal(START_US)
        assert len(rows(read_store(root)["disk"])) == 12
        writer.append(tick(3), START_US)
        writer.seal(START_US)
        found = rows(read_store(root)["disk"])
        assert len(found) == len(set(found)) == 16
        lake = [pq.ParquetFile(p).metadata.num_rows for p in (root / "lake" / "disk").rglob("*.parquet")]
        assert sum(lake) == 16, "nothing of the failed sealing is left for other tools to read twice"
    with open_writer(root) as writer:
        assert writer.warnings == []
        assert writer.state.last["web-0", "load"].counters == {(): (3,)}


def test_names_of_many_hosts_and_tables_stay_apart(root: Path) -> None:
    hosts = ["a", "A", "a.b", "7", "007", "x" * 128, "w_1"]
    with open_writer(root) as writer:
        writer.append([batch(DISK, host, 0) for host in hosts], START_US)
        writer.seal(START_US)
    parts = read_store(root)["disk"].parts
    assert sorted(p.first_host for p in parts) == sorted(hosts)
    for part in parts:
        assert (
            pq.ParquetFile(part.path).read()["host"].unique().to_pylist()
            == [part.first_host]
            == [part.last_host]
        )
    found = duckdb.sql(f"SELECT DISTINCT host FROM read_parquet('{root}/lake/disk/*/*.parquet')").fetchall()
    assert sorted(h for (h,) in found) == sorted(hosts)


def test_many_hosts_share_a_file(root: Path) -> None:
    hosts = [f"h-{n:02}" for n in range(segment.FEW_HOSTS + 1)]
    with open_writer(root) as writer:
        writer.append([batch(DISK, host, 0) for host in hosts], START_US)
        writer.seal(START_US)
    (part,) = read_store(root)["disk"].parts
    assert part.path.name == "11-hosts.00000001-0.parquet"
    assert (part.first_host, part.last_host, part.hosts) == ("h-00", "h-10", 11)
    assert read_store(root, ["disk"], hosts=["h-03"])["disk"].parts == (part,)
    assert read_store(root, ["disk"], hosts=["web"])["disk"].parts == ()
    assert read_store(root, ["disk"], hosts=[f"x{n}" for n in range(100)])["disk"].parts == ()


def test_rows_of_several_days_lie_in_files_of_their_days(root: Path) -> None:
    with open_writer(root) as writer:
        writer.append([batch(LOG, "web-1", n) for n in (0, 8_640, 2 * 8_640)], START_US)
        writer.seal(START_US)
    parts = read_store(root)["log"].parts
    assert [p.period for p in parts] == ["2026-07-25", "2026-07-26", "2026-07-27"]
    assert [p.rows for p in parts] == [2, 2, 2]
    assert sorted(rows(read_store(root)["log"])) == sorted(
        str(r) for p in parts for r in pq.ParquetFile(p.path).read().to_pylist()
    )


@given(
    st.lists(st.integers(1, 300_000), max_size=60),
    st.sampled_from([segment.SMALL_GROUP, segment.LARGEST_GROUP]),
)
def test_every_row_is_in_a_row_group_and_many_of_one_host_share_none(counts: list[int], largest: int) -> None:
    groups = list(segment.row_groups([(f"h{n:03}", rows) for n, rows in enumerate(counts)], largest))
    assert sum(groups) == sum(counts)
    assert all(0 < g <= largest for g in groups)
    edges = set(accumulate(groups, initial=0))
    start = 0
    for count in counts:
        if count >= largest / 2:
            assert {start, start + count} <= edges
        start += count

"""Files become tables: types that hold every value, names, times; and what can't be kept is told with its place."""

from __future__ import annotations

import gzip
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livedata.errors import LivedataError, UsageError
from livedata.model.batch import stored_columns
from livedata.model.probe import Probe
from livedata.query.engine import ask
from livedata.store.reader import table_definitions
from livedata.transfer.convert import convert, first_bad, holds
from livedata.transfer.load import load_files, planned
from livedata.transfer.plan import Wanted, column_name
from livedata.transfer.read import open_table
from livedata.transfer.times import times

from .samples import EVERY_TYPE, START

NOW = START + 60_000_000
WANTED = Wanted("t")


def load(store: Path, *files: Path, wanted: Wanted = WANTED, known: dict[str, Probe] | None = None) -> int:
    tables = [open_table(file) for file in files]
    plan = planned(tables, wanted, {**(known or {}), **table_definitions(store)})
    return load_files(store, tables, plan, wanted, NOW, lambda rows: None)


def rows(store: Path, sql: str = "SELECT * FROM t ORDER BY ts, host") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ask(store, sql).table.to_pylist()
    return found


def columns(store: Path, table: str = "t") -> dict[str, tuple[str, str]]:
    """name → type and kind, without those that every table has."""
    own = table_definitions(store)[table].columns
    assert [c.id for c in own] == list(range(1, len(own) + 1))
    return {c.name: (c.type, c.kind) for c in own}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


def test_csv_with_a_column_of_each_type(tmp_path: Path, store: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(
        "ts,host,ok,n,big,price,load,begun,tags,word,zip,none,reads_total,reads_increase\n"
        "2026-11-20T03:00:00Z,web-01,true,-1,18446744073709551615,1.50,0.125,2026-11-20 04:00:00+01:00,"
        '"{""a"":""b""}",hello,007,,5,\n'
        '2026-11-20T03:00:10Z,web-02,false,9,0,-2.25,1e300,2026-11-20T03:00,{},"",010,,7,2\n'
    )
    assert load(store, path) == 2
    assert columns(store) == {
        "ok": ("bool", "gauge"), "n": ("i64", "gauge"), "big": ("u64", "gauge"), "price": ("d2", "gauge"),
        "load": ("f64", "gauge"), "begun": ("ts", "time"), "tags": ("map", "text"), "word": ("str", "text"),
        "zip": ("str", "text"), "none": ("str", "text"), "reads_total": ("u64", "counter"),
    }  # fmt: skip
    first, second = rows(store)
    three = datetime(2026, 11, 20, 3, tzinfo=UTC)
    assert (first["ts"], first["host"], first["boot_id"]) == (three, "web-01", None)
    assert (first["big"], first["price"], first["begun"]) == (2**64 - 1, Decimal("1.50"), three)
    assert (first["tags"], second["tags"]) == ([("a", "b")], [])
    assert (second["word"], second["none"], second["zip"]) == ("", None, "010")
    assert (first["reads_increase"], second["reads_increase"]) == (None, 2)


def test_json_lines_with_a_column_of_each_type(tmp_path: Path, store: Path) -> None:
    path = tmp_path / "x.jsonl.gz"
    lines = [
        '{"ts": 1795143600, "host": "a", "ok": true, "n": 1, "price": 0.10, "load": 1, "tags": {"a": "b"}, "zip": "007"}',
        "",
        '{"host": "a", "ts": 1795143601, "load": 1.5, "mixed": "1", "deep": {"a": [1, 2.50, null]}, "price": 12345678901234.25}',
        '{"host": "a", "ts": 1795143602, "mixed": 2, "late": "2026-11-20T03:00:00.5Z", "price": null}',
    ]
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    assert load(store, path) == 3
    assert columns(store) == {
        "ok": ("bool", "gauge"), "n": ("i64", "gauge"), "price": ("d2", "gauge"), "load": ("f64", "gauge"),
        "tags": ("map", "text"), "zip": ("str", "text"), "mixed": ("str", "text"), "deep": ("str", "text"),
        "late": ("ts", "time"),
    }  # fmt: skip
    first, second, third = rows(store)
    assert (first["price"], second["price"], third["price"]) == (
        Decimal("0.10"),
        Decimal("12345678901234.25"),
        None,
    )
    assert (second["deep"], second["mixed"], third["mixed"]) == ('{"a":[1,2.50,null]}', "1", "2")


def test_parquet_as_other_programs_write_it(tmp_path: Path, store: Path) -> None:
    path = tmp_path / "x.parquet"
    naive = pa.array([datetime(2026, 11, 20, 3), datetime(2026, 11, 20, 4)], pa.timestamp("ns"))
    table = pa.table(
        {
            "time": naive,
            "node": pa.array(["a", "b"]).dictionary_encode(),
            "f32": pa.array([0.5, None], pa.float32()),
            "u8": pa.array([1, 2], pa.uint8()),
            "money": pa.array([Decimal("12345678901234567.255"), None], pa.decimal128(20, 3)),
            "day": pa.array([0, 1], pa.date32()),
            "raw": pa.array([b"\x00\xff", None], pa.binary()),
            "nested": [{"a": 1}, None],
            "errors_total": pa.array([1, 2], pa.int64()),
            "drift_total": pa.array([-1, 2], pa.int64()),
            "only dots ...": pa.array(["x", None], pa.large_string()),
        }
    )
    pq.write_table(table, path)
    assert load(store, path, wanted=Wanted("t", "time", "node")) == 2
    assert columns(store) == {
        "f32": ("f64", "gauge"), "u8": ("i64", "gauge"), "money": ("str", "text"), "day": ("str", "text"),
        "raw": ("str", "text"), "nested": ("str", "text"), "errors_total": ("u64", "counter"),
        "drift_total": ("i64", "gauge"), "only_dots": ("str", "text"),
    }  # fmt: skip
    first = rows(store)[0]
    assert (first["ts"], first["host"]) == (datetime(2026, 11, 20, 3, tzinfo=UTC), "a")
    assert (first["money"], first["day"], first["raw"], first["nested"]) == (
        "12345678901234567.255",
        "1970-01-01",
        "00ff",
        '{"a":1}',
    )


def test_one_host_labels_and_several_files(tmp_path: Path, store: Path) -> None:
    (tmp_path / "a.csv").write_text("ts,device,n\n1795143600,1,1\n")
    (tmp_path / "b.csv").write_text("ts,n,device\n1795143610,1.5,sda\n")
    wanted = Wanted("t", host="=nas", labels=("device",))
    assert load(store, tmp_path / "a.csv", tmp_path / "b.csv", wanted=wanted) == 2
    assert columns(store) == {"device": ("str", "label"), "n": ("f64", "gauge")}
    assert [(r["host"], r["device"], r["n"]) for r in rows(store)] == [("nas", "1", 1.0), ("nas", "sda", 1.5)]


def test_into_a_table_that_there_is(tmp_path: Path, store: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("ts,host,device,small\n1795143600,web-01,sda,1\n")
    wanted = Wanted("every_type")
    assert load(store, path, wanted=wanted, known={"every_type": EVERY_TYPE}) == 1
    path.write_text("host,ts,load,reads_per_second\nweb-01,1795143610,7,\n")
    assert load(store, path, wanted=wanted) == 1, "what is reckoned is passed over, what is missing is null"
    assert table_definitions(store)["every_type"].columns == EVERY_TYPE.columns
    found = rows(store, "SELECT small, load FROM every_type ORDER BY ts")
    assert found == [{"small": 1, "load": None}, {"small": None, "load": 7.0}]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ts,host,small\n1,a,1\n2,a,x\n", "x.csv, row 2: small can't be i64: 'x'"),
        ("ts,host,small\n1,a,1\n2,,1\n", "x.csv, row 2: host is missing"),
        ("ts,host,small\n1,a,1\n,a,1\n", "x.csv, row 2: ts is missing"),
        ("ts,host,small\n1,a,1\nyesterday,a,1\n", "x.csv, row 2: ts can't be ts: 'yesterday'"),
        ("ts,host,small\n1,a,1\n2,../etc,1\n", "x.csv, row 2: host is no name of a host: '../etc'"),
        (
            "ts,host,busy_seconds_total\n1,a,1.25\n2,a,1.255\n",
            "row 2: busy_seconds_total can't be d2: '1.255'",
        ),
        ("ts,host,reads_total\n1,a,1\n2,a,-1\n", "row 2: reads_total can't be u64: '-1'"),
        ("ts,host,fields\n1,a,{}\n2,a,[]\n", "row 2: fields can't be map: '[]'"),
        ("ts,host,smal\n1,a,1\n", "has no column 'smal'\n  did you mean small?"),
        ("when,host,small\n1,a,1\n", "--ts: there is no column 'ts'"),
        ("ts,node,small\n1,a,1\n", "--host: there is no column 'host'"),
        ("ts,host,small\n1,a\n", "x.csv: it is damaged: CSV parse error"),
        ("ts,host,small,small\n1,a,1,2\n", "two of its columns are called 'small'"),
        ("", "x.csv: it is damaged: Empty CSV file"),
    ],
)
def test_what_can_not_be_kept_is_told_and_nothing_is_kept(
    tmp_path: Path, store: Path, text: str, said: str
) -> None:
    path = tmp_path / "x.csv"
    path.write_text(text)
    with pytest.raises(UsageError) as error:
        load(store, path, wanted=Wanted("every_type"), known={"every_type": EVERY_TYPE})
    assert said in str(error.value)
    assert not store.exists()


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("x.jsonl", b'{"ts":1,"host":"a"}\n{"ts":\n', "x.jsonl, line 2: it is no JSON object"),
        ("x.jsonl", b"\n[1]\n", "x.jsonl, line 2: it is no JSON object"),
        ("x.jsonl", b'{"a":' + b"[" * 100_000, "x.jsonl, line 1: it is no JSON object"),
        ("x.jsonl", b'{"a":' + b'{"a":' * 700 + b"1" + b"}" * 701, "x.jsonl, line"),
        ("x.jsonl", b'{"ts":1,"host":"\xff"}\n', "x.jsonl, line 1: it is no JSON object"),
        ("x.jsonl", b"x" * 17_000_000, "line 1: a line of more than"),
        ("x.jsonl.gz", b"no gzip at all", "x.jsonl.gz: "),
        ("x.csv", b"ts,host\n1,\xff\n", "x.csv: it is damaged"),
        ("x.parquet", b"PAR1 no PAR1", "x.parquet: it is no Parquet, or damaged"),
        ("x.arrow", b"no arrow", "x.arrow: "),
        ("x.txt", b"", "x.txt: its name says no format"),
        ("x.parquet.gz", b"", "its name says no format"),
    ],
)
def test_damaged_files(tmp_path: Path, store: Path, name: str, data: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UsageError) as error:
        load(store, tmp_path / name)
    assert said in str(error.value)
    assert not store.exists()


def test_a_file_that_is_not_there(tmp_path: Path, store: Path) -> None:
    with pytest.raises(UsageError, match="can't read it: "):
        load(store, tmp_path / "none.csv")


@given(
    data=st.binary(max_size=200),
    form=st.sampled_from(["csv", "jsonl", "parquet", "arrow", "csv.gz", "jsonl.zst"]),
)
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, form: str
) -> None:
    path = tmp_path_factory.getbasetemp() / f"any.{form}"
    path.write_bytes(data)
    with suppress(LivedataError):  # and nothing else
        planned([open_table(path)], WANTED, {})


@pytest.mark.parametrize(
    ("value", "us"),
    [
        (pa.array([1_795_143_600]), START),
        (pa.array([1_795_143_600_000]), START),
        (pa.array([START]), START),
        (pa.array([START * 1000 + 999]), START),
        (pa.array([1_795_143_600.25]), START + 250_000),
        (pa.array([Decimal("1795143600.000001")]), START + 1),
        (pa.array([-1]), -1_000_000),
        (pa.array(["1795143600"]), START),
        (pa.array(["1795143600.5"]), START + 500_000),
        (pa.array(["2026-11-20T03:00:00Z"]), START),
        (pa.array(["2026-11-20T03:00:00"]), START),
        (pa.array(["2026-11-20 03:00"]), START),
        (pa.array(["2026-11-20T05:00:00.123456789+0200"]), START + 123_456),
        (pa.array(["2026-11-20T05:00:00+02:00"]), START),
        (pa.array(["2026-11-20"]), START - 3 * 3_600_000_000),
        (pa.array([START // 1_000_000], pa.timestamp("s")), START),
        (pa.array([START * 1000 + 1], pa.timestamp("ns", "Europe/Berlin")), START),
        (pa.array([START // 86_400_000_000], pa.date32()), START - 3 * 3_600_000_000),
        (pa.nulls(1), None),
    ],
)
def test_times(value: pa.Array, us: int | None) -> None:
    assert convert(value, "ts").cast(pa.int64()).to_pylist() == [us]


@pytest.mark.parametrize(
    "value", [["x"], ["2026-13-01T00:00:00Z"], [True], [float("nan")], [1e40], ["99999-01-01"], [2**63 - 1]]
)
def test_no_times(value: list[object]) -> None:
    assert not holds(pa.array(value), "ts") or value == [2**63 - 1]


def test_times_beyond_the_calendar() -> None:
    with pytest.raises(ValueError, match="years 1 to 9999"):
        times(pa.array([300_000_000_000_000_000], pa.timestamp("us", "UTC")))


@given(st.lists(st.sampled_from(["1", "2", "x"]), min_size=1, max_size=40).filter(lambda v: "x" in v))
def test_the_first_bad_value(values: list[str]) -> None:
    assert first_bad(pa.array(values), "i64") == values.index("x")


@pytest.mark.parametrize(
    ("text", "name"),
    [("CPU Usage (%)", "cpu_usage"), ("1min", "c_1min"), ("order", "order_"), ("ok", "ok"), ("§", "c")],
)
def test_names(text: str, name: str) -> None:
    assert column_name(text) == name


def test_two_columns_of_one_name(tmp_path: Path, store: Path) -> None:
    (tmp_path / "x.csv").write_text("ts,host,a b,a-b\n1,a,1,2\n")
    with pytest.raises(UsageError, match="would both be 'a_b'"):
        load(store, tmp_path / "x.csv")


def test_an_exported_header_that_lies(tmp_path: Path, store: Path) -> None:
    path = tmp_path / "x.parquet"
    table = pa.table({"ts": pa.array([1]), "host": ["a"]})
    for header in (
        b"{",
        b"{}",
        b'{"name":"t","help":"","columns":[{"name":"A b","id":1,"type":"str","kind":"text"}]}',
    ):
        with pq.ParquetWriter(path, table.schema) as file:
            file.write_table(table)
            file.add_key_value_metadata({"livedata.probe": header.decode()})
        with pytest.raises(UsageError, match="its header"):
            load(store, path)


def test_every_stored_column_has_a_place(tmp_path: Path, store: Path) -> None:
    (tmp_path / "x.csv").write_text("ts,host,boot_id,dt_ms,x_total,x_increase\n1,a,b,10000,5,1.5\n")
    with pytest.raises(UsageError, match="not its type"):
        load(store, tmp_path / "x.csv")
    (tmp_path / "x.csv").write_text("ts,host,boot_id,dt_ms,x_total,x_increase\n1,a,b,10000,5,2\n")
    load(store, tmp_path / "x.csv")
    assert [c.name for c in stored_columns(table_definitions(store)["t"])] == [
        "ts", "host", "boot_id", "dt_ms", "x_total", "x_increase",
    ]  # fmt: skip
    assert rows(store, "SELECT x_per_second FROM t") == [{"x_per_second": 0.2}]

"""Every format to the byte, over one table that holds what is awkward: nulls, escapes, NaN, big and nested values."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, datetime, time
from decimal import Decimal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livedata.errors import QueryError
from livedata.query.cells import Cells, duration, stamp
from livedata.query.formats import FORMATS, csv_cell, markdown_cell, unique_names
from livedata.query.table import Look
from livedata.query.text import HARMFUL

TS = pa.timestamp("us", "UTC")
AWKWARD = pa.table(
    {
        "ts": pa.array([1_795_143_600_000_000, 1_795_143_600_500_000, None], TS),
        "host": pa.array(["web-01", "", None], pa.string()),
        "n": pa.array([0, -(2**63), None], pa.int64()),
        "f": pa.array([0.1, float("nan"), float("inf")], pa.float64()),
        "d": pa.array([Decimal("1.50"), Decimal("-0.01"), None], pa.decimal64(18, 2)),
        "big": pa.array([Decimal(10**37), Decimal(0), None], pa.decimal128(38, 0)),
        "ok": pa.array([True, False, None], pa.bool_()),
        "text": pa.array(['a,"b"\n|c', "\x1b[31mred\x07 \u202e日本", None], pa.string()),
        "m": pa.array([[("k", "v"), ("q", None)], [], None], pa.map_(pa.string(), pa.string())),
        "blob": pa.array([b"\x00\xff", b"", None], pa.binary()),
    }
)

GOLDEN = {
    "csv": (
        "ts,host,n,f,d,big,ok,text,m,blob\n"
        '2026-11-20T03:00:00Z,web-01,0,0.1,1.50,10000000000000000000000000000000000000,true,"a,""b""\n|c",'
        '"{""k"":""v"",""q"":null}",00ff\n'
        '2026-11-20T03:00:00.500000Z,"",-9223372036854775808,nan,-0.01,0,false,\x1b[31mred\x07 \u202e日本,{},""\n'
        ",,,inf,,,,,,\n"
    ),
    "jsonl": (
        '{"ts":"2026-11-20T03:00:00Z","host":"web-01","n":0,"f":0.1,"d":1.50,'
        '"big":10000000000000000000000000000000000000,"ok":true,"text":"a,\\"b\\"\\n|c","m":{"k":"v","q":null},'
        '"blob":"00ff"}\n'
        '{"ts":"2026-11-20T03:00:00.500000Z","host":"","n":-9223372036854775808,"f":null,"d":-0.01,"big":0,"ok":false,'
        '"text":"\\u001b[31mred\\u0007 \\u202e日本","m":{},"blob":""}\n'
        '{"ts":null,"host":null,"n":null,"f":null,"d":null,"big":null,"ok":null,"text":null,"m":null,"blob":null}\n'
    ),
    "markdown": (
        "| ts | host | n | f | d | big | ok | text | m | blob |\n"
        "| --- | --- | ---: | ---: | ---: | ---: | --- | --- | --- | --- |\n"
        "| 2026-11-20T03:00:00Z | web-01 | 0 | 0.1 | 1.50 | 10000000000000000000000000000000000000 | true | "
        'a,"b"\\\\n\\|c | {"k":"v","q":null} | 00ff |\n'
        "| 2026-11-20T03:00:00.500000Z |  | -9223372036854775808 | nan | -0.01 | 0 | false | "
        "\\\\x1b\\[31mred\\\\x07 \\\\u202e日本 | {} |  |\n"
        "| NULL | NULL | NULL | inf | NULL | NULL | NULL | NULL | NULL | NULL |\n"
    ),
    "table": (
        "ts                           host                       n    f      d"
        "                                     big  ok     text                        m                   blob\n"
        "---------------------------  ------  --------------------  ---  -----"
        "  --------------------------------------  -----  --------------------------  ------------------  ----\n"
        "2026-11-20T03:00:00Z         web-01                     0  0.1   1.50"
        '  10000000000000000000000000000000000000  true   a,"b"\\n|c                   {"k":"v","q":null}  00ff\n'
        "2026-11-20T03:00:00.500000Z          -9223372036854775808  nan  -0.01"
        "                                       0  false  \\x1b[31mred\\x07 \\u202e日本  {}\n"
        "NULL                         NULL                    NULL  inf   NULL"
        "                                    NULL  NULL   NULL                        NULL                NULL\n"
    ),
}


def written(name: str, table: pa.Table, look: Look = Look()) -> bytes:  # noqa: B008 (frozen)
    out = io.BytesIO()
    assert FORMATS[name].write(table.schema, table.to_batches(max_chunksize=2), out, look) == table.num_rows
    return out.getvalue()


@pytest.mark.parametrize("name", GOLDEN)
def test_text_formats_to_the_byte(name: str) -> None:
    assert written(name, AWKWARD).decode() == GOLDEN[name]


def test_json_is_an_array_of_the_lines() -> None:
    lines = GOLDEN["jsonl"].splitlines()
    assert written("json", AWKWARD).decode() == "[\n" + ",\n".join(lines) + "\n]\n"
    assert written("json", AWKWARD.slice(0, 0)) == b"[]\n"


def test_json_keeps_every_digit_and_is_json() -> None:
    rows = json.loads(written("json", AWKWARD), parse_float=Decimal)
    assert rows[0]["big"] == 10**37
    assert rows[0]["d"] == Decimal("1.50")
    assert [r["f"] for r in rows] == [Decimal("0.1"), None, None]
    assert rows[1]["text"] == AWKWARD["text"][1].as_py()


def test_parquet_and_arrow_give_the_table_back() -> None:
    for table in (
        pq.read_table(io.BytesIO(written("parquet", AWKWARD))),
        pa.ipc.open_stream(written("arrow", AWKWARD)).read_all(),
    ):
        assert table.schema.equals(AWKWARD.schema)
        assert repr(table.to_pylist()) == repr(AWKWARD.to_pylist())  # NaN differs from itself
    assert written("arrow", AWKWARD)[:4] == b"\xff\xff\xff\xff"
    assert written("parquet", AWKWARD)[:4] == written("parquet", AWKWARD)[-4:] == b"PAR1"


def test_parquet_says_what_it_can_not_hold() -> None:
    with pytest.raises(QueryError, match="Parquet can't hold it") as caught:
        written("parquet", duckdb.sql("SELECT INTERVAL 1 DAY AS i").to_arrow_table())
    assert "VARCHAR" in caught.value.hint


@pytest.mark.parametrize("name", FORMATS)
def test_an_empty_answer_has_its_columns(name: str) -> None:
    data = written(name, AWKWARD.slice(0, 0))
    if name == "jsonl":
        assert data == b""
    elif name != "json":
        assert b"host" in data


@pytest.mark.parametrize("name", ["csv", "json", "jsonl", "parquet", "arrow", "markdown"])
def test_names_come_once(name: str) -> None:
    twice = duckdb.sql("SELECT 1 AS a, 2 AS a, 3 AS a_1").to_arrow_table()
    data = written(name, twice)
    if name == "parquet":
        assert pq.read_table(io.BytesIO(data)).column_names == ["a", "a_2", "a_1"]
    else:
        assert data.count(b"a_2") == 1


@given(st.lists(st.text(max_size=4), max_size=8))
def test_unique_names(names: list[str]) -> None:
    unique = unique_names(names)
    assert len(set(unique)) == len(names)
    seen: set[str] = set()
    for name, now in zip(names, unique, strict=True):
        assert name in seen or now == name
        seen.add(name)


@given(
    st.lists(
        st.lists(
            st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]))), min_size=2, max_size=2
        )
    )
)
def test_csv_is_read_back(rows: list[list[str | None]]) -> None:
    text = "".join(",".join(map(csv_cell, row)) + "\n" for row in rows)
    if "\0" not in text:
        assert list(csv.reader(io.StringIO(text, newline=""))) == [[c or "" for c in row] for row in rows]


def test_csv_on_a_terminal_is_harmless() -> None:
    data = written("csv", AWKWARD, Look(terminal=True)).decode()
    assert not HARMFUL.search(data.replace("\n", ""))


@given(st.text())
def test_a_markdown_cell_stays_in_its_cell(text: str) -> None:
    cell = markdown_cell(text, "NULL")
    assert not HARMFUL.search(cell)
    bare = cell.replace("\\\\", "").replace("\\|", "")
    assert "|" not in bare
    assert "<" not in cell


ODD = """
SELECT 170141183460469231731687303715884105727::HUGEINT AS huge, 18446744073709551615::UBIGINT AS u,
  DATE '2026-11-20' AS d, TIME '03:00:00.5' AS t, TIMESTAMP '2026-11-20 03:00:00' AS naive,
  TIMESTAMP_NS '2026-11-20 03:00:00.000000001' AS ns, 'infinity'::TIMESTAMPTZ AS inf, INTERVAL '1 year 2 days 3 hours' AS i,
  uuid '00000000-0000-0000-0000-000000000001' AS u4, 'x'::ENUM('x', 'y') AS e, [1, NULL] AS l, {'a': 1, 'b': [true]} AS s,
  [{'k': TIMESTAMPTZ '2026-11-20 03:00:00+00'}] AS nested, MAP {1: 'NaN'::DOUBLE} AS m, NULL AS nothing, '101'::BIT AS bits,
  1.5::FLOAT AS f4, -0.0::DOUBLE AS zero, 1e300::DOUBLE AS far, TIMESTAMPTZ '0001-01-01 00:00:00+00' AS old
"""


def test_every_type_of_duckdb_has_a_text() -> None:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        table = connection.sql(ODD).to_arrow_table()
    (row,) = json.loads(written("json", table), parse_float=str)
    assert row == {
        "huge": 2**127 - 1 if isinstance(row["huge"], int) else row["huge"],
        "u": 2**64 - 1,
        "d": "2026-11-20",
        "t": "03:00:00.500000",
        "naive": "2026-11-20T03:00:00",
        "ns": "2026-11-20T03:00:00.000000001",
        "inf": "infinity",
        "i": "P1Y2DT3H",
        "u4": "00000000-0000-0000-0000-000000000001",
        "e": "x",
        "l": [1, None],
        "s": {"a": 1, "b": [True]},
        "nested": [{"k": "2026-11-20T03:00:00Z"}],
        "m": {"1": None},
        "nothing": None,
        "bits": row["bits"],
        "f4": "1.5",
        "zero": "-0.0",
        "far": "1e+300",
        "old": "0001-01-01T00:00:00Z",
    }
    for name in ("csv", "table", "markdown"):
        assert b"2026-11-20T03:00:00.000000001" in written(name, table)


@given(st.integers(-(2**62), 2**62))
def test_every_time_has_a_text(us: int) -> None:
    text = stamp("us", "Z")(us)
    if not text.startswith("@"):
        assert datetime.fromisoformat(text) == datetime(
            1970, 1, 1, tzinfo=datetime.fromisoformat(text).tzinfo
        ) + _delta(us)


def _delta(us: int) -> object:
    from datetime import timedelta

    return timedelta(microseconds=us)


@pytest.mark.parametrize(
    ("months", "days", "nanos", "text"),
    [
        (0, 0, 0, "PT0S"),
        (14, 3, 0, "P1Y2M3D"),
        (-14, -3, -1, "P-1Y-2M-3DT-0.000000001S"),
        (0, 0, 3_723_500_000_000, "PT1H2M3.5S"),
        (0, 0, 60_000_000_000, "PT1M"),
    ],
)
def test_durations_are_iso_8601(months: int, days: int, nanos: int, text: str) -> None:
    assert duration(pa.MonthDayNano([months, days, nanos])) == text


def test_a_value_out_of_the_calendar_within_a_list_is_an_error_in_words() -> None:
    column = duckdb.sql("SELECT ['infinity'::TIMESTAMPTZ] AS l").to_arrow_table()["l"].chunk(0)
    with pytest.raises(QueryError, match="can't be shown"):
        Cells(column.type).texts(column)


def test_cells_of_python_dates() -> None:
    column = pa.array([[date(2026, 11, 20)], None])
    assert Cells(column.type).jsons(column) == ['["2026-11-20"]', "null"]
    times = pa.array([time(3, 0)])
    assert Cells(times.type).texts(times) == ["03:00:00"]

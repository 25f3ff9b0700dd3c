"""What can be asked, as tables."""

from __future__ import annotations

import pytest

from livedata.errors import QueryError
from livedata.model.batch import stored_columns
from livedata.model.probe import Column, Derived, Probe
from livedata.query.catalogue import cadence, column_list, table_list, unit
from livedata.query.views import column_names

from .conftest import CPU, GPU, LOG


def test_tables() -> None:
    rows = table_list({"log": LOG, "cpu": CPU, "gpu": GPU}, {"cpu"}).to_pylist()
    assert [(r["name"], r["every"], r["kept"]) for r in rows] == [
        ("cpu", "10s", True),
        ("gpu", "10s", False),
        ("log", "10s", False),
    ]
    assert rows[0]["help"] == CPU.help


def test_columns_are_those_of_the_view() -> None:
    rows = column_list(CPU).to_pylist()
    assert [r["column"] for r in rows] == column_names(CPU)
    by_name = {r["column"]: r for r in rows}
    assert by_name["busy_seconds_total"] | {"help": None} == {
        "column": "busy_seconds_total", "type": "DECIMAL(18,2)", "unit": "s", "kind": "counter", "help": None, "sql": None,
    }  # fmt: skip
    assert by_name["busy_pct"]["sql"] == CPU.derived[0].sql
    assert by_name["busy_pct"]["unit"] == "%"
    assert by_name["busy_seconds_per_second"]["unit"] == "s/s"
    assert sum(r["sql"] is None for r in rows) == len(stored_columns(CPU))


def test_a_header_that_can_not_be_reckoned_is_named() -> None:
    probe = Probe("t", "", (Column("a", 1, "i64", "gauge"),), derived=(Derived("d", "nope + 1"),))
    with pytest.raises(QueryError, match=r"table t.*nope"):
        column_list(probe)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("read_bytes_total", "bytes"),
        ("read_bytes_increase", "bytes"),
        ("read_bytes_per_second", "bytes/s"),
        ("reads_per_second", "1/s"),
        ("offset_ms", "ms"),
        ("busy_pct", "%"),
        ("uptime_seconds", "s"),
        ("host", None),
        ("load1", None),
    ],
)
def test_units(name: str, expected: str | None) -> None:
    assert unit(name) == expected


@pytest.mark.parametrize(
    ("every", "text"),
    [(10.0, "10s"), (0.5, "0.5s"), (300.0, "5m"), (90.0, "90s"), (86400.0, "1d"), (0.0, None)],
)
def test_cadences(every: float, text: str | None) -> None:
    assert cadence(every) == text

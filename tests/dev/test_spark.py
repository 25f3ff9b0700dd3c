"""Apache Spark's reader, as it comes, gives the same rows as pyarrow out of every kind of file that a store has.

Spark's is the narrowest of the common readers: of the newer encodings of Parquet it knows only some.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from livedata.model.batch import Batch, increase_type
from livedata.model.probe import Column, Probe
from livedata.model.scrape import SCRAPE
from livedata.probe.load import load_probes
from livedata.store.layout import Layout, lake_files
from livedata.store.writer import Writer

pytestmark = pytest.mark.slow

DAY = (time.time_ns() // 86_400_000_000_000 - 3) * 86_400_000_000
"""A day that is over and not too old to be kept: its midnight, microseconds UTC."""

VALUES: dict[str, tuple[Any, ...]] = {
    "str": ("", "naïve ☃", None, "long " * 80),
    "bool": (True, False, None),
    "i64": (0, -5, None, 2**40),
    "u64": (0, 7, None, 2**63 + 5),
    "f64": (0.0, -1.5, None, 1e300),
    "d2": (0, -12, None, 10**12),
    "ts": (DAY, DAY + 1, None),
    "map": ([("a", "b"), ("", "☃")], [], None),
}

READ = """
import json, sys
from pyspark.sql import SparkSession
from pyspark.sql.functions import col, unix_micros

spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
for path in sys.stdin.read().splitlines():
    frame = spark.read.parquet(path)
    kinds = dict(frame.dtypes)
    frame = frame.select([unix_micros(col(f"`{n}`")).alias(n) if kinds[n] == "timestamp" else col(f"`{n}`") for n in frame.columns])
    rows = [row.asDict() for row in frame.collect()]
    print("ROWS", json.dumps([path, rows], default=str))
"""


@pytest.fixture(scope="module")
def pyspark(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter that has PySpark."""
    assert shutil.which("java"), "missing: apt-get install default-jre-headless"
    folder = tmp_path_factory.mktemp("spark")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    subprocess.run([folder / "bin/pip", "install", "-q", "pyspark"], check=True, capture_output=True)
    return folder / "bin/python"


def value(column: Column, n: int) -> Any:
    """One of the type's values; a label's are all different, and a time of an event is there."""
    if column.kind == "label":
        return {"str": f"label-{n}"}.get(column.type, n)
    if column.name == "ts":
        return DAY + n
    choices = VALUES[column.type]
    return choices[(n + column.id) % len(choices)]


def batch(probe: Probe, host: str, tick: int) -> Batch:
    counters = [probe.columns[i] for i in probe.counters]
    grown = [Column(c.name, c.id, increase_type(c), "gauge") for c in counters]
    rows = [tuple(value(c, n + tick) for c in (*probe.columns, *grown)) for n in range(5)]
    return Batch(probe, host, DAY + tick * 10_000_000, rows, "boot", 3, None if tick == 0 else 10_000, 5)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of every table and type as they are sealed, merged, and merged by day; rollups too."""
    root = tmp_path_factory.mktemp("store") / "store"
    probes = [*load_probes().values(), SCRAPE]
    with Writer.open(root, purpose="test", now_us=DAY) as writer:
        for sealing in range(2):
            for tick in range(6):
                hosts = [f"host-{n:02}" for n in range(12)]
                made = [batch(probe, host, sealing * 6 + tick) for probe in probes for host in hosts]
                assert writer.append(made, DAY) == []
            writer.seal(DAY)
    subprocess.run([sys.executable, "-m", "livedata", "store", "compact", "--store", root], check=True)
    return root


def column(values: pa.ChunkedArray) -> list[Any]:
    """A column of pyarrow's as it is in JSON after Spark, for which unsigned numbers are decimals."""
    if pa.types.is_timestamp(values.type):
        return values.cast(pa.int64()).to_pylist()
    if pa.types.is_map(values.type):
        return [pairs if pairs is None else dict(pairs) for pairs in values.to_pylist()]
    if pa.types.is_decimal(values.type) or pa.types.is_uint64(values.type):
        return [cell if cell is None else str(cell) for cell in values.to_pylist()]
    return values.to_pylist()


def test_spark_reads_what_pyarrow_reads(store: Path, pyspark: Path) -> None:
    files = list(lake_files(Layout(store).lake))
    tables = Counter(path.parents[1].name for path in files)
    assert (
        min(tables[name] for name in ("cpu", "log", "scrape")) == 4
    )  # two as sealed, merged, of the whole day
    done = subprocess.run(
        [pyspark, "-c", READ], input="\n".join(map(str, files)), capture_output=True, text=True, check=False,
        env={**os.environ, "TZ": "UTC"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found = [json.loads(line[5:]) for line in done.stdout.splitlines() if line.startswith("ROWS ")]
    assert [path for path, _ in found] == [str(path) for path in files]
    for path, rows in found:
        expected = pq.read_table(path)
        assert len(rows) == expected.num_rows > 0
        for name in expected.column_names:
            assert [row[name] for row in rows] == column(expected[name]), f"{name} of {path}"

"""Bundles: what goes in comes out as a store, other tools read it, and a hostile one leaves nothing behind."""

from __future__ import annotations

import io
import json
import random
import tarfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from livedata.errors import StoreError, UsageError
from livedata.model.batch import arrow_schema
from livedata.model.host import Host, Route
from livedata.query.engine import ask as answer
from livedata.query.views import Scope
from livedata.store.reader import table_definitions
from livedata.transfer.bundle import readme, write_bundle
from livedata.transfer.inventory import INVENTORY, inventory_rows
from livedata.transfer.load import load_bundle
from livedata.transfer.pieces import Ask, days, rows

from .conftest import DISK, LOG
from .samples import START

NOW = START + 3_600_000_000
HOSTS = [Host("db-01", route=Route("192.0.2.7"), labels={"env": "prod", "dc": 'a"b'})]


@pytest.fixture
def bundle(ask: Ask, tmp_path: Path) -> Path:
    """The rows of db-01."""
    path = tmp_path / "incident.livedata"
    scope = Scope(hosts=("db-01",))
    tables = [(t, rows(ask, t, days(ask, t, scope))) for t in (DISK, LOG)]
    with path.open("wb") as out:
        write_bundle(
            out,
            tmp_path,
            readme([("disk", 120)], ["db-01"], "2026-11-20"),
            [*tables, (INVENTORY, [inventory_rows(["db-01", "x"], HOSTS, NOW)])],
            NOW // 1_000_000,
        )
    return path


def load(bundle: Path, store: Path) -> dict[str, int]:
    return load_bundle(bundle, store, NOW, lambda rows: None)


def everything(store: Path, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answer(
        store, f"SELECT * FROM {table} ORDER BY ALL", hosts=["db-01"]
    ).table.to_pylist()
    return found


def test_a_bundle_becomes_a_store(bundle: Path, store: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    assert load(bundle, new) == {"disk": 120, "log": 60, "inventory": 2}
    assert table_definitions(new)["disk"] == table_definitions(store)["disk"]
    for table in ("disk", "log"):
        assert everything(new, table) == everything(store, table)
    labels = answer(new, "SELECT host, address, labels['env'] AS env FROM inventory ORDER BY host").table
    assert labels.to_pylist() == [
        {"host": "db-01", "address": "192.0.2.7", "env": "prod"},
        {"host": "x", "address": None, "env": None},
    ]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["incident.livedata", "new"]


def test_other_tools_read_it(bundle: Path, tmp_path: Path) -> None:
    with tarfile.open(bundle) as tar:
        tar.extractall(tmp_path / "out", filter="data")
    assert "livedata store import" in (tmp_path / "out" / "README.txt").read_text()
    assert json.loads((tmp_path / "out" / "tables.json").read_text())["tables"].keys() == {
        "disk",
        "log",
        "inventory",
    }
    table = pq.read_table(tmp_path / "out" / "tables" / "disk.parquet")
    assert table.num_rows == 120
    assert set(table["host"].to_pylist()) == {"db-01"}


def test_an_empty_folder_will_do_and_another_will_not(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    load(bundle, tmp_path / "new")
    with pytest.raises(UsageError, match="there is something already"):
        load(bundle, tmp_path / "new")


Member = tuple[str, bytes]


def members(bundle: Path) -> list[Member]:
    with tarfile.open(bundle) as tar:
        return [(m.name, file.read()) for m in tar if (file := tar.extractfile(m))]


def pack(
    path: Path, content: list[Member], change: Callable[[tarfile.TarInfo], None] = lambda about: None
) -> None:
    with tarfile.open(path, "w") as tar:
        for name, data in content:
            about = tarfile.TarInfo(name)
            about.size = len(data)
            change(about)
            tar.addfile(about, io.BytesIO(data))


def link(about: tarfile.TarInfo) -> None:
    if about.name == "README.txt":
        about.type, about.linkname, about.size = tarfile.SYMTYPE, "/etc/passwd", 0


def device(about: tarfile.TarInfo) -> None:
    if about.name == "README.txt":
        about.type, about.size = tarfile.CHRTYPE, 0


@pytest.mark.parametrize(
    ("extra", "change", "said"),
    [
        (("../evil", b"x"), None, "it has '../evil', which no bundle has"),
        (("/etc/evil", b"x"), None, "which no bundle has"),
        (("tables/../../evil.parquet", b"x"), None, "which no bundle has"),
        (("tables/Evil.parquet", b"x"), None, "which no bundle has"),
        (("tables/disk.parquet", b"x"), None, "'tables/disk.parquet' twice"),
        (("tables/other.parquet", b"x"), None, "tables.json and its files differ in 'other'"),
        (None, link, "it has 'README.txt', which no bundle has"),
        (None, device, "it has 'README.txt', which no bundle has"),
    ],
)
def test_what_no_bundle_has(
    bundle: Path,
    tmp_path: Path,
    extra: Member | None,
    change: Callable[[tarfile.TarInfo], None] | None,
    said: str,
) -> None:
    content = members(bundle) + ([extra] if extra else [])
    pack(bundle, content, change or (lambda about: None))
    refused(bundle, tmp_path, said)


def refused(bundle: Path, folder: Path, said: str) -> None:
    before = sorted(folder.parent.rglob("*"))
    with pytest.raises(UsageError) as error:
        load(bundle, folder / "new")
    assert said in str(error.value)
    assert str(bundle) in str(error.value)
    assert sorted(folder.parent.rglob("*")) == before


def parquet(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, row_group_size=2**30, max_rows_per_page=2**30)
    return out.getvalue()


def with_disk(bundle: Path, table: pa.Table) -> None:
    """Puts other rows in the place of disk's."""
    pack(bundle, [(n, parquet(table) if n == "tables/disk.parquet" else d) for n, d in members(bundle)])


ROW = {"ts": START, "host": "db-01", "device": "sda"}


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (pa.table({"ts": [1]}), "its columns are not those of tables.json"),
        (pa.Table.from_pylist([ROW | {"ts": None}], arrow_schema(DISK)), "have no ts"),
        (pa.Table.from_pylist([ROW | {"host": "../x"}], arrow_schema(DISK)), "can't be a host's name"),
        (pa.Table.from_pylist([ROW | {"ts": 2**62}], arrow_schema(DISK)), "years 1 to 9999"),
        (
            pa.Table.from_pylist([ROW], arrow_schema(DISK))
            .drop_columns("model")
            .append_column("model", pa.array([{"a": 1}])),
            "its columns are not those of tables.json",
        ),
    ],
)
def test_rows_that_can_not_be(bundle: Path, tmp_path: Path, table: pa.Table, said: str) -> None:
    with_disk(bundle, table)
    refused(bundle, tmp_path, said)


def test_a_parquet_that_claims_more_than_it_holds(bundle: Path, tmp_path: Path) -> None:
    with_disk(bundle, pa.table({"ts": pa.nulls(30_000_000, pa.int8())}))
    refused(bundle, tmp_path, "more than it can hold")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"{", "it is damaged"),
        (b"[" * 1_000_000, "it is damaged"),
        (b" " * 16_000_001, "it is larger"),
        (b'{"format":99,"tables":{}}', "a newer livedata wrote it"),
        (b'{"format":1,"tables":{"disk":{"current":7,"versions":{}}}}', "it is damaged: 7"),
    ],
)
def test_a_bad_tables_json(bundle: Path, tmp_path: Path, text: bytes, said: str) -> None:
    pack(bundle, [(n, text if n == "tables.json" else d) for n, d in members(bundle)])
    refused(bundle, tmp_path, said)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('"device"', '"De\\"vice"', "a name"),
        ('"device"', '"queue"', "a column twice"),
        ('"name": "disk"', '"name": "other"', "the header of 'other'"),
        ('"kind": "label"', '"kind": "nonsense"', "it is damaged"),
    ],
)
def test_a_header_that_can_not_be(bundle: Path, tmp_path: Path, before: str, after: str, said: str) -> None:
    content = members(bundle)
    pack(
        bundle,
        [(n, d.replace(before.encode(), after.encode()) if n == "tables.json" else d) for n, d in content],
    )
    refused(bundle, tmp_path, said)


def test_no_bundle_at_all(tmp_path: Path) -> None:
    path = tmp_path / "x.livedata"
    path.write_bytes(b"no tar")
    refused(path, tmp_path, "it is no bundle, or damaged")
    pack(path, [("README.txt", b"hello")])
    refused(path, tmp_path, "it has no tables.json")


def test_any_damage_is_seen_or_does_no_harm(bundle: Path, tmp_path: Path) -> None:
    """A byte changed at random: either it is refused and nothing is left, or it stood where it says nothing of the rows."""
    good = bundle.read_bytes()
    chance = random.Random(7)
    original = tmp_path / "original"
    load(bundle, original)
    wanted = {table: everything(original, table) for table in ("disk", "log")}
    refusals = 0
    for n in range(60):
        data = bytearray(good)
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        bundle.write_bytes(data)
        new = tmp_path / f"new{n}"
        with suppress(UsageError):
            load(bundle, new)
        if new.exists():
            for table in ("disk", "log"):
                rows_ = everything(new, table)
                assert [{k: r.get(k) for k in wanted[table][0]} for r in rows_] == wanted[table]
        refusals += not new.exists()
        assert not list(tmp_path.glob(".new*"))
    assert refusals > 20


def test_a_full_disk_leaves_nothing(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError):
        load(bundle, tmp_path / "file" / "new")

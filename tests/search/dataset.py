"""A small fixed fleet to search: twelve log entries of three hosts, a table of numbers, a lookup."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

import pyarrow as pa

from livedata.model.batch import arrow_schema
from livedata.model.probe import Column, Probe
from livedata.query.engine import Pool, stream
from livedata.query.lookups import LookupFile, with_lookups
from livedata.query.source import Source
from livedata.query.spread import spread
from livedata.search.compile import Compiled, compile_search
from livedata.search.macros import Macro
from livedata.search.world import World, lookup_table
from livedata.store.reader import TableContent

START = 1_795_143_600_000_000
"""2026-11-20T03:00:00Z, microseconds."""
MINUTE = 60_000_000
NOW = START + 60 * MINUTE

LOG = Probe(
    "log",
    "Log entries.",
    (
        Column("ts", 1, "ts", "time"),
        Column("priority", 2, "i64", "text"),
        Column("unit", 3, "str", "text"),
        Column("pid", 4, "i64", "text"),
        Column("transport", 5, "str", "text"),
        Column("message", 6, "str", "text"),
        Column("fields", 7, "map", "text"),
    ),
)
LOAD = Probe(
    "load",
    "Load.",
    (
        Column("core", 1, "str", "label"),
        Column("busy_pct", 2, "f64", "gauge"),
        Column("ok", 3, "bool", "gauge"),
    ),
    rollup=(),
)

ENTRIES: list[tuple[str, int | None, str | None, int | None, str, dict[str, str]]] = [
    ("web-01", 6, "ssh.service", 101, "Failed password for root from 10.0.0.1 port 4001", {"_COMM": "sshd"}),
    ("web-01", 6, "ssh.service", 102, "Failed password for root from 10.0.0.1 port 4002", {"_COMM": "sshd"}),
    ("db-01", 6, "ssh.service", 103, "Failed password for ann from 10.0.0.2 port 4003", {"_COMM": "sshd"}),
    ("web-02", 6, "ssh.service", 104, "Accepted password for ann from 10.0.0.2 port 4004", {"_COMM": "sshd"}),
    ("web-01", 4, "nginx.service", 201, "status=200 took=0.5 path=/a user=ann", {}),
    ("web-01", 4, "nginx.service", 201, "status=404 took=1.5 path=/b user=bob", {}),
    ("web-02", 3, "nginx.service", 202, "status=500 took=10 path=/a user=ann", {}),
    ("web-02", 4, "nginx.service", 202, "status=200 took=2 path=/a", {}),
    ("db-01", 5, "app.service", 301, '{"user": {"name": "ann"}, "items": [{"id": 1}, {"id": 2}], "level": "warn"}', {}),
    ("db-01", 5, "app.service", 301, '{"user": {"name": "bob"}, "items": [], "level": "Error"}', {"RETRIES": "3"}),
    ("db-01", None, None, None, "Out of memory: killed process 4711 (java)", {"RETRIES": "12"}),
    ("web-02", 2, None, None, "disk error; login-failed twice", {}),
]  # fmt: skip
"""Minute by minute from `START`: host, priority, unit, pid, message, fields."""


def _table(probe: Probe, rows: list[dict[str, Any]]) -> pa.Table:
    schema = arrow_schema(probe)
    return pa.Table.from_pylist(
        [{name: row.get(name) for name in schema.names} for row in rows], schema=pa.schema(list(schema))
    )


def source() -> Source:
    names = ("host", "priority", "unit", "pid", "message")
    log = [
        {"ts": START + i * MINUTE, "boot_id": "b", "transport": "journal", **dict(zip(names, row[:-1], strict=True)), "fields": list(row[-1].items())}
        for i, row in enumerate(ENTRIES)
    ]  # fmt: skip
    load = [
        {
            "ts": START + i * MINUTE,
            "host": host,
            "boot_id": "b",
            "core": f"cpu{i % 2}",
            "busy_pct": 10.0 * i,
            "ok": i != 2,
        }
        for i, host in enumerate(("web-01", "web-02", "web-01", "db-01"))
    ]
    tables = {"log": (LOG, _table(LOG, log)), "load": (LOAD, _table(LOAD, load))}
    return Source(
        lambda: {name: probe for name, (probe, _) in tables.items()},
        lambda spans: nullcontext({n: TableContent(tables[n][0], (), tables[n][1]) for n in spans}),
        lambda: {row[0] for row in ENTRIES},
    )


LOOKUPS = {
    "owners": LookupFile(
        ("host", "team", "since"), (("web-01", "web-02", "db-01"), ("web", "web", "db"), ("2020", "", "2021"))
    ),
    "phones": LookupFile(("team", "phone"), (("web", "web", "db"), ("1", "2", "3"))),
}
TYPES: Mapping[str, Mapping[str, str]] = {
    "log": {"ts": "ts", "host": "str", "boot_id": "str", **{c.name: c.type for c in LOG.columns}},
    "load": {
        "ts": "ts",
        "host": "str",
        "boot_id": "str",
        "offset_ms": "i64",
        **{c.name: c.type for c in LOAD.columns},
    },
}
WORLD = World(
    TYPES,
    NOW,
    frozenset({"web-01", "web-02", "db-01"}),
    lookups=LOOKUPS,
    macros={
        "failed": Macro('"failed password"'),
        "per": Macro("stats count BY $what$", ("what",)),
        "loop": Macro("`loop`x"),
    },
    saved={"logins": "unit=ssh `failed`", "itself": "| savedsearch itself"},
)


def answer(text: str, pool: Pool, world: World = WORLD) -> tuple[Compiled, pa.Table]:
    """What a search gives, by the real engine."""
    found = compile_search(text, world)
    named = {lookup_table(n): LOOKUPS[n] for n in LOOKUPS if lookup_table(n) in found.tables}
    with stream(with_lookups(source(), named), found.sql, pool=pool) as (schema, batches):
        wide = spread(schema, batches, found.wide) if found.wide else (schema, batches)
        return found, pa.Table.from_batches(list(wide[1]), wide[0])

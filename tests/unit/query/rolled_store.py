"""A small store whose rows are partly rolled up, partly only compacted, partly sealed, partly fresh; and two ways to ask it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
from duckdb import DuckDBPyConnection

from livedata.model.batch import Batch
from livedata.model.probe import Column, Derived, Probe
from livedata.model.rollup import rollups
from livedata.query.engine import Pool, stream
from livedata.query.plan import Plan, Rewritten
from livedata.query.rewrite import rewrite
from livedata.query.roll import Roll, roller
from livedata.query.source import Content, store_source
from livedata.query.views import EVERYTHING, Scope
from livedata.store.keep import Keep
from livedata.store.reader import Span
from livedata.store.tend import tend
from livedata.store.writer import Writer

START = 1_795_143_000_000_000
"""2026-11-20T02:50:00Z"""
SECOND = 1_000_000

DISK = Probe(
    "disk",
    "A label, a text, every type of number, some of them missing.",
    (
        Column("device", 1, "str", "label", "Device"),
        Column("kind", 2, "str", "text", "What it is"),
        Column("reads_total", 3, "u64", "counter", "Reads"),
        Column("busy_seconds_total", 4, "d2", "counter", "Busy"),
        Column("queue", 5, "f64", "gauge", "Queue"),
        Column("size_bytes", 6, "i64", "gauge", "Size"),
        Column("free", 7, "u64", "gauge", "Free"),
        Column("heat", 8, "d2", "gauge", "Heat"),
        Column("hidden", 9, "i64", "gauge", "Not kept in rollups"),
    ),
    (
        Derived("used_bytes", "size_bytes - free::BIGINT", "Used", 1, "i64"),
        Derived("busy_pct", "100.0 * busy_seconds_increase / nullif(dt_ms, 0)", "Busy", 2, "f64"),
        Derived("plain", "size_bytes + 1", "Not kept in rollups"),
    ),
    every=10.0,
    rollup_by=("device", "kind"),
    rollup_keep=("reads_total", "busy_seconds_total", "queue", "size_bytes", "free", "heat"),
)
PROCESS = Probe(
    "process",
    "Rolled up by a text, not by its label.",
    (
        Column("pid", 1, "i64", "label", "Process"),
        Column("name", 2, "str", "text", "Name"),
        Column("cpu_seconds_total", 3, "d2", "counter", "Time"),
        Column("rss_bytes", 4, "i64", "gauge", "Memory"),
    ),
    every=30.0,
    rollup_by=("name",),
)
OS = Probe(
    "os",
    "Not rolled up.",
    (Column("distribution", 1, "str", "text", "Name"), Column("cores", 2, "i64", "gauge", "Cores")),
    every=86_400.0,
)
HOSTS = ("db-1", "web-1", "web-2")
TICKS = 200


def disk_rows(rng: random.Random) -> list[tuple[object, ...]]:
    rows = []
    for device in rng.sample(("sda", "sdb", "sr0"), rng.randint(1, 3)):
        first = rng.random() < 0.1
        rows.append(
            (
                device, rng.choice(("disk", "disk", None)), 2**63 + rng.randrange(10**6), rng.randrange(10**6),
                rng.choice((None, rng.randrange(-40, 400) / 4)), rng.choice((None, rng.randrange(2**50, 2**54))),
                rng.randrange(2**49), rng.choice((None, rng.randrange(-(10**4), 10**6))), rng.randrange(9),
                None if first else rng.randrange(1000), None if first else rng.randrange(1000),
            )
        )  # fmt: skip
    return rows


def process_rows(rng: random.Random) -> list[tuple[object, ...]]:
    pids = rng.sample(range(1, 9), rng.randint(0, 5))
    return [
        (pid, rng.choice(("sshd", "cron", None)), 5, rng.randrange(2**33), rng.choice((None, rng.randrange(300))))
        for pid in pids
    ]  # fmt: skip


def batches(rng: random.Random, tick: int) -> Iterator[Batch]:
    for host in HOSTS:
        if rng.random() < 0.15:
            continue
        ts = START + tick * 10 * SECOND + (rng.choice((0, 0, 1, 999_999, 4_000_000)))
        dt = rng.choice((10_000, 10_000, 9_990, None))
        yield Batch(DISK, host, ts, disk_rows(rng), "boot", 5, dt)
        if tick % 3 == 0:
            yield Batch(PROCESS, host, ts, process_rows(rng), "boot", 5, dt)
        if tick == 0:
            yield Batch(OS, host, ts, [("debian" if host != "web-2" else "alpine", 4)], "boot", 5, dt)


def never(probe: Probe, rows: pa.Table) -> None:
    """A table's rollups can't be made."""


def build(root: Path, rng: random.Random) -> Path:
    """A store of `TICKS` ticks, which is sealed, compacted and rolled up here and there."""
    with roller() as roll, Writer.open(root, purpose="test", now_us=START) as writer:
        for probe in (DISK, PROCESS, OS):
            writer.register(probe)
            for rollup in rollups(probe):
                writer.register(rollup.probe)
        tick = 0
        while tick < TICKS:
            after = min(TICKS, tick + rng.randint(5, 70))
            writer.append([b for t in range(tick, after) for b in batches(rng, t)], START)
            tick = after
            what = rng.choice(("nothing", "seal", "compact", "roll", "roll"))
            if what != "nothing":
                writer.seal(START)
            if what in ("compact", "roll"):
                compact(root, roll if what == "roll" else never)
    return root


def compact(root: Path, roll: Roll) -> None:
    tend(root, Keep(10**6), lambda: START + 10**10, roll, force=True)


class Asker:
    """Asks one store from its rows, and as it would be asked; counts how often rollups answered."""

    def __init__(self, root: Path) -> None:
        source = store_source(root)

        def read(spans: Mapping[str, Span]) -> AbstractContextManager[Content]:
            self.attempts += 1
            return source.read(spans)

        self.source = replace(source, read=read)
        self.pool = Pool()
        self.attempts = self.tries = self.rolled = 0
        self.watched = True

    def _rewrite(
        self, connection: DuckDBPyConnection, plan: Plan, definitions: Mapping[str, Probe]
    ) -> Rewritten | None:
        self.tries += 1
        found = rewrite(connection, plan, definitions)
        if found is None:
            return None

        def settle(content: Content) -> Plan | None:
            settled = found.settle(content)
            self.rolled += settled is not None
            return settled

        return replace(found, settle=settle)

    @contextmanager
    def unwatched(self) -> Iterator[None]:
        """Within this, what was rewritten may fail, and the question be asked as it is."""
        self.watched = False
        yield
        self.watched = True

    def raw(self, sql: str, scope: Scope = EVERYTHING) -> pa.Table:
        with stream(self.source, sql, scope=scope, pool=self.pool, rewrite=None) as (schema, found):
            return pa.Table.from_batches(list(found), schema)

    def asked(self, sql: str, scope: Scope = EVERYTHING) -> tuple[pa.Table, bool]:
        """The answer, and whether it came from rollups."""
        before, self.attempts, self.tries = self.rolled, 0, 0
        with stream(self.source, sql, scope=scope, pool=self.pool, rewrite=self._rewrite) as (schema, found):
            table = pa.Table.from_batches(list(found), schema)
        assert not self.watched or self.attempts <= self.tries, "what was rewritten failed"
        return table, self.rolled > before


def comparable(table: pa.Table) -> tuple[list[tuple[str, str]], Sequence[tuple[object, ...]]]:
    """Names, types and rows, sorted; doubles to 12 digits, since a sum of them goes by its order."""
    rows = [
        tuple(f"{value:.12g}" if isinstance(value, float) else value for value in row.values())
        for row in (dict(enumerate(values)) for values in zip(*(c.to_pylist() for c in table.columns), strict=True))
    ]  # fmt: skip
    return [(f.name, str(f.type)) for f in table.schema], sorted(rows, key=repr)

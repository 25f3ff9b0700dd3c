"""Writes a golden store and its answers; run once for each form of the store: `python -m tests.golden.make N`."""

from __future__ import annotations

import json
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from livedata.model.batch import Batch
from livedata.model.probe import Column, Derived, Probe
from livedata.query.engine import ask
from livedata.query.roll import roller
from livedata.store.keep import Keep
from livedata.store.layout import DAY_US
from livedata.store.tend import tend
from livedata.store.writer import Writer

HERE = Path(__file__).parent
START_US = 1_785_000_000_000_000
TICK_US = 10_000_000
HOSTS = [f"host-{n:02}" for n in range(12)]

FIRST = Probe(
    "disk",
    "Every type; a counter, a gauge, a label, a text.",
    (
        Column("device", 1, "str", "label"),
        Column("reads_total", 2, "u64", "counter"),
        Column("busy_seconds_total", 3, "d2", "counter"),
        Column("queue", 4, "i64", "gauge"),
        Column("vendor", 5, "str", "text"),
        Column("removable", 6, "bool", "text"),
    ),
    (Derived("idle", "queue = 0"),),
)
SECOND = Probe(
    "disk",
    "The same after its header changed: one column added, one renamed and widened, one dropped.",
    (
        Column("device", 1, "str", "label"),
        Column("reads_total", 2, "u64", "counter"),
        Column("busy_seconds_total", 3, "d2", "counter"),
        Column("queue_length", 4, "f64", "gauge", was=("queue",)),
        Column("removable", 6, "bool", "text"),
        Column("rotates", 7, "bool", "text"),
    ),
    (Derived("idle", "queue_length = 0"),),
)
LOG = Probe(
    "log",
    "Events with their own time and a map.",
    (
        Column("ts", 1, "ts", "time"),
        Column("priority", 2, "i64", "text"),
        Column("message", 3, "str", "text"),
        Column("fields", 4, "map", "text"),
    ),
    mined="message",
)

QUESTIONS = (
    "SELECT count(*) AS n, count(DISTINCT host) AS hosts, min(ts) AS first, max(ts) AS last FROM disk",
    "SELECT * FROM disk WHERE host = 'host-03' ORDER BY ts, device",
    "SELECT host, max(reads_total) AS reads, sum(reads_increase) AS grown FROM disk GROUP BY host ORDER BY host",
    "SELECT time_bucket(INTERVAL '1 hour', ts) AS hour, sum(busy_seconds_increase) AS busy, count(*) AS n FROM disk GROUP BY hour ORDER BY hour",
    "SELECT rotates, count(*) AS n FROM disk GROUP BY rotates ORDER BY rotates",
    "SELECT sum(samples) AS samples, sum(reads_increase_sum) AS grown FROM disk_5m",
    "SELECT ts, host, priority, message, fields['unit'] AS unit FROM log ORDER BY ts, host LIMIT 20",
    "SELECT count(*) AS n FROM log WHERE message LIKE '%\u2026%'",
    "SELECT template, count(*) AS n FROM log GROUP BY template ORDER BY template",
    "SELECT ts, host, message FROM log WHERE contains(message, 'tick 12 of') ORDER BY host",
)


def rows(tick: int, second: bool) -> list[tuple[Any, ...]]:
    """Two devices; a gap in what is known every 7 ticks, a value beyond 2**63."""
    made = []
    for n, device in enumerate(("sda", "nvme0n1")):
        known = tick % 7 != 0
        common = (device, 2**63 + 100 * tick + n, 25 * tick + n)
        own = (tick / 4, n == 1, n == 0) if second else (tick % 5, "ACME", n == 1)
        made.append((*common, *own, 100 if known else None, 25 if known else None))
    return made


def batches(tick: int, second: bool) -> list[Batch]:
    ts = START_US + tick * TICK_US
    probe = SECOND if second else FIRST
    made = []
    for n, host in enumerate(HOSTS):
        made.append(
            Batch(probe, host, ts, rows(tick, second), "boot", 3, 10_000 if tick % 7 else None, tick * 10_000)
        )
        entries = [
            (
                ts + n,
                tick % 8,
                f"tick {tick} of {host} \u2026\n\x1b[0m",
                [("unit", "a.service"), ("n", str(n))],
            )
        ]
        made.append(Batch(LOG, host, ts, entries, "boot", cursor=f"c{tick}"))
    return made


def write(root: Path) -> None:
    """Rows of every age: fresh, sealed, of an hour, of whole days, of a month; under both headers."""
    day = DAY_US // TICK_US

    def keep(ticks: list[int], second: bool, *, seal: bool = True) -> None:
        with Writer.open(root, purpose="golden", now_us=START_US) as writer:
            for tick in ticks:
                assert writer.append(batches(tick, second), START_US) == []
            if seal:
                writer.seal(START_US)

    def tidy(days: float) -> None:
        with roller() as roll:
            tend(root, Keep(10**6), lambda: START_US + int(days * DAY_US), roll, force=True)

    keep(list(range(1, 15)), False)
    keep([day + n for n in range(1, 10)], False)
    tidy(50)
    keep([50 * day + n for n in range(1, 10)], True)
    tidy(52)
    keep([52 * day + n for n in range(1, 10)], True)
    tidy(52)
    keep([52 * day + n for n in range(20, 25)], True)
    keep([52 * day + n for n in range(30, 33)], True, seal=False)


def answers(root: Path) -> list[dict[str, Any]]:
    """Each question with its rows, as text that JSON can hold."""
    found = []
    for sql in QUESTIONS:
        table = ask(root, sql).table
        found.append(
            {
                "sql": sql,
                "types": [str(f.type) for f in table.schema],
                "rows": [[_text(v) for v in r.values()] for r in table.to_pylist()],
            }
        )
    return found


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def main() -> None:
    (number,) = sys.argv[1:]
    target = HERE / f"store-{number}.tar.xz"
    assert not target.exists(), "a golden store is never made anew"
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "store"
        write(root)
        (HERE / f"store-{number}.json").write_text(
            json.dumps(answers(root), indent=1, ensure_ascii=False) + "\n"
        )
        with tarfile.open(target, "w:xz") as tar:
            tar.add(root, "store")


if __name__ == "__main__":
    main()

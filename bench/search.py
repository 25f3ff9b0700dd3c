"""What the search language costs beside SQL written by hand: the same questions over one store of log entries and a table of numbers.

    .venv/bin/python bench/search.py --json search.json          # a minute

Each pair gives the same rows, which is checked. Times are the least of the rounds, in which both take turns at being first; compiling is
told apart.
"""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
import sqlglot

from livedata.model.batch import Batch
from livedata.probe.load import load_probes
from livedata.query.engine import Limits, Pool, stream
from livedata.query.source import Source, store_source
from livedata.search.compile import compile_search
from livedata.searching import search_world
from livedata.store.writer import Writer

MINUTE = 60_000_000
UNITS = ("ssh.service", "nginx.service", "cron.service", "app.service", None)

QUESTIONS = {
    "count by host": (
        "* | stats count by host",
        "SELECT host, count(*) AS count FROM log GROUP BY host ORDER BY host",
    ),
    "a host, a unit, an hour": (
        "host=web-007 unit=ssh earliest=-1h | stats count",
        "SELECT count(*) AS count FROM log WHERE ts >= {hour} AND host = 'web-007' AND lower(unit) IN ('ssh', 'ssh.service')",
    ),
    "a word": (
        '"Failed password" | stats count by host',
        "SELECT host, count(*) AS count FROM log WHERE has_term(message, 'Failed password') GROUP BY host ORDER BY host",
    ),
    "addresses that fail": (
        'unit=sshd "Failed password" | rex "from (?<ip>\\S+)" | stats count dc(host) AS hosts by ip | sort -count | head 20'.replace(
            "sshd", "ssh"
        ),
        r"SELECT ip, count(*) AS count, count(DISTINCT host) AS hosts FROM (SELECT host, nullif(regexp_extract(message, 'from (\S+)', 1), '') AS ip "
        r"FROM log WHERE lower(unit) IN ('ssh', 'ssh.service') AND has_term(message, 'Failed password')) WHERE ip IS NOT NULL GROUP BY ip "
        "ORDER BY count DESC, ip LIMIT 20",
    ),
    "over time": (
        "* | timechart span=10m count",
        "WITH g AS (SELECT time_bucket(INTERVAL 10 MINUTE, ts) AS b, count(*) AS n FROM log GROUP BY b) SELECT t AS _time, coalesce(n, 0) AS count "
        "FROM (SELECT unnest(generate_series(min(b), max(b), INTERVAL 10 MINUTE)) AS t FROM g) LEFT JOIN g ON t = b ORDER BY t",
    ),
    "the newest": (
        "priority<4 | head 20 | table _time host message",
        "SELECT ts AS _time, host, message FROM log WHERE priority < 4 ORDER BY ts DESC LIMIT 20",
    ),
    "top units": (
        "* | top unit",
        "SELECT unit, count, 100.0 * count / sum(count) OVER () AS percent FROM (SELECT unit, count(*) AS count FROM log WHERE unit IS NOT NULL "
        "GROUP BY unit) ORDER BY count DESC, unit LIMIT 10",
    ),
    "a field of messages": (
        "status>=500 | stats count by status",
        r"SELECT status, count(*) AS count FROM (SELECT nullif(regexp_extract(message, '(?:^|[\s,;&?(\[{{|])status=([^\s,;&|]+)', 1), '') AS status "
        "FROM log WHERE contains(message, 'status=')) WHERE try_cast(status AS DOUBLE) >= 500 GROUP BY status ORDER BY status",
    ),
}


def _rows(host: int, now: int, count: int) -> Iterator[dict[str, object]]:
    for i in range(count):
        n = host * 7919 + i * 104_729
        unit = UNITS[n % 5]
        if unit == "ssh.service":
            message = f"{'Failed' if n % 3 else 'Accepted'} password for user{n % 50} from 10.0.{n % 8}.{n % 200} port {1024 + n % 60000} ssh2"
        elif unit == "nginx.service":
            message = f'GET /page/{n % 900} status={(200, 200, 200, 404, 500, 503)[n % 6]} took={n % 1000 / 1000:.3f}s user="u{n % 70}"'
        else:
            message = f"task {n % 4000} finished in {n % 977} ms, nothing else to say about it"
        yield {
            "ts": now - (count - i) * 24 * 60 * MINUTE // count + host,
            "boot_id": "b",
            "priority": n % 8,
            "facility": 3,
            "unit": unit,
            "identifier": (unit or "kernel").split(".")[0],
            "pid": 100 + n % 900,
            "uid": 0,
            "transport": "journal",
            "message": message,
            "fields": [],
        }


def fill(root: Path, hosts: int, entries: int, now: int) -> None:
    """A store of a day: so many entries of each of so many hosts, sealed."""
    log = load_probes(Path())["log"]
    with Writer.open(root, purpose="bench", now_us=now) as writer:
        writer.register(log)
        for host in range(hosts):
            ready = [tuple(map(row.get, log.names)) for row in _rows(host, now, entries)]
            writer.append([Batch(log, f"web-{host:03d}", now, ready)], now)
        writer.seal(now)


def ask(source: Source, sql: str, pool: Pool) -> tuple[float, pa.Table]:
    begun = time.perf_counter()
    with stream(source, sql, pool=pool) as (schema, batches):
        table = pa.Table.from_batches(list(batches), schema)
    return (time.perf_counter() - begun) * 1000, table


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    if given is not None:
        yield given
        return
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hosts", type=int, default=100)
    parser.add_argument("--entries", type=int, default=3_000, help="of each host")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    now = time.time_ns() // 1000
    found: dict[str, dict[str, float]] = {}
    with _folder(given.work) as work, Pool(Limits(120, "2GB")) as pool:
        fill(work / "store", given.hosts, given.entries, now)
        source = store_source(work / "store")
        world = search_world(source, now)
        hour = f"to_timestamp({(now - 60 * MINUTE) / 1_000_000:.6f})"
        print(f"{given.hosts} hosts, {given.hosts * given.entries:,} entries; least of {given.rounds}, ms\n")
        print(f"{'':<26}{'compiled':>9}{'search':>9}{'by hand':>9}{'ratio':>7}")
        for name, (text, sql) in QUESTIONS.items():
            by_hand = sql.format(hour=hour)
            compiling, searching, writing = [], [], []
            for turn in range(given.rounds):
                begun = time.perf_counter()
                compiled = compile_search(text, world).sql
                compiling.append((time.perf_counter() - begun) * 1000)
                pair = [(searching, compiled), (writing, by_hand)]
                answers = {}
                for times, statement in pair if turn % 2 else reversed(pair):
                    took, answers[statement] = ask(source, statement, pool)
                    times.append(took)
            if answers[compiled].to_pylist() != answers[by_hand].to_pylist():
                raise SystemExit(f"{name}: the answers are not the same")
            least, search, hand = (min(v) for v in (compiling, searching, writing))
            found[name] = {"compile_ms": least, "search_ms": search, "hand_ms": hand, "ratio": search / hand}
            print(f"{name:<26}{least:>9.1f}{search:>9.1f}{hand:>9.1f}{search / hand:>7.2f}")
    if given.json:
        about = {"machine": platform.platform(), "duckdb": duckdb.__version__, "sqlglot": sqlglot.__version__}
        given.json.write_text(json.dumps({"about": about, "questions": found}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()

"""The guide to logs holds: every example runs over the probes that come with livedata, and the last one tells who was killed and why."""

import re
import time
from pathlib import Path
from typing import Any

import pytest
import typer

from livedata.cli.main import app
from livedata.model.batch import Batch
from livedata.model.probe import Probe
from livedata.model.scrape import SCRAPE
from livedata.probe.load import find_probe, load_probe, load_probes, own_tables
from livedata.query.engine import ask
from livedata.query.kernel import EVENTS
from livedata.store.writer import Writer

GUIDE = (Path(__file__).parents[3] / "docs" / "logs.md").read_text(encoding="utf-8")
TOGETHER = GUIDE.split("## Together")[1]
PROBES = {name: load_probe(find_probe(name)) for name in ("log", "memory", "pressure", "process")}
OOM = "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/shop,task_memcg=/shop/w,task=java,pid=900,uid=0"
KILLED = "Memory cgroup out of memory: Killed process 900 (java) total-vm:4096kB, anon-rss:2048kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:8kB oom_score_adj:0"


def batch(name: str, host: str, ts: int, *rows: dict[str, Any]) -> Batch:
    """Rows of a probe, null where nothing is said; increments too."""
    probe: Probe = PROBES[name]
    nulls: tuple[None, ...] = (None,) * len(probe.counters)
    made = [(*(row.get(column.name) for column in probe.columns), *nulls) for row in rows]
    return Batch(probe, host, ts, made, None if name == "log" else "b")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two hosts that go on alike, and one kill."""
    root = tmp_path_factory.mktemp("together") / "store"
    now = time.time_ns() // 10_000_000_000 * 10_000_000

    def entry(at: int, message: str) -> dict[str, Any]:
        return {"ts": at, "transport": "kernel", "identifier": "kernel", "message": message, "fields": []}

    with Writer.open(root, purpose="test", now_us=now) as writer:
        for probe in (SCRAPE, *own_tables(load_probes()).values()):
            writer.register(probe)
        for host, java in (("db-01", 10), ("web-01", 70)):
            for ago in (40, 30, 20, 10):
                ts = now - ago * 1_000_000
                grown = java * 2**20 * (50 - ago) // 10
                tick = [
                    batch("memory", host, ts, {"total_bytes": 2**30, "available_bytes": 2**30 - grown, "free_bytes": 0}),
                    batch("pressure", host, ts, {"resource": "memory", "some_seconds_total": 0, "full_seconds_total": 0}),
                    batch(
                        "process", host, ts,
                        {"pid": 900, "start_seconds": 5, "name": "java", "rss_bytes": grown},
                        {"pid": 1, "start_seconds": 1, "name": "systemd", "rss_bytes": 2**20},
                        {"pid": 2, "start_seconds": 1, "name": "sshd", "rss_bytes": 3 * 2**20},
                        {"pid": 3, "start_seconds": 1, "name": "cron", "rss_bytes": 2**10},
                    ),
                ]  # fmt: skip
                assert writer.append(tick, ts) == []
            if ago == 20:
                writer.seal(now)
        kill = now - 4_000_000
        assert (
            writer.append([batch("log", "web-01", kill, entry(kill - 1000, OOM), entry(kill, KILLED))], kill)
            == []
        )
    return root


EXAMPLES = [sql for block in re.findall(r"```sql\n(.*?)```", GUIDE, re.DOTALL) for sql in block.split(";")]


@pytest.mark.parametrize(
    "sql", [sql for sql in EXAMPLES if re.search("^(SELECT|WITH|FROM)", sql, re.MULTILINE)]
)
def test_examples_run(store: Path, sql: str) -> None:
    assert ask(store, sql).table.num_columns


def test_a_kill_stands_beside_what_the_host_was_like(store: Path) -> None:
    (sql,) = re.findall(r"```sql\n(.*?)```", TOGETHER.split("\n## ")[0], re.DOTALL)
    (row,) = ask(store, sql).table.to_pylist()
    assert (row["host"], row["killed"], row["had"]) == ("web-01", "java", "2.0 MiB")
    assert row["largest"] == "java 280.0 MiB, sshd 3.0 MiB, systemd 1.0 MiB"
    assert (row["used_pct"], row["available"]) == (27.3, "744.0 MiB")
    assert (row["ts"] - row["sampled"]).total_seconds() == 6


def test_the_group_of_a_kill(store: Path) -> None:
    sql = next(sql for sql in re.findall(r"```sql\n(.*?)```", GUIDE, re.DOTALL) if "o.cgroup" in sql)
    (row,) = ask(store, sql).table.to_pylist()
    assert (row["process"], row["cgroup"]) == ("java", "/shop/w")


def test_every_kind_and_option_is_told() -> None:
    kinds = set(re.findall(r"`([a-z_]+)`", GUIDE.split("| kinds | what |")[1].split("\n\n")[0]))
    assert {event.kind for event in EVENTS} <= kinds
    fleet = typer.main.get_command(app).commands["fleet"]  # type: ignore[attr-defined]
    options = {o for p in fleet.commands["logs"].commands["patterns"].params for o in p.opts}
    told = set(re.findall(r"--[a-z-]+", GUIDE.split("## Patterns")[1].split("```")[1]))
    assert told <= options

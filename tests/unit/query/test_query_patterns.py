"""`livedata fleet logs patterns`: templates of rows of every age, with what is told of each."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from livedata.model.batch import Batch
from livedata.model.probe import Column, Probe
from livedata.store.keep import Keep
from livedata.store.tend import tend
from livedata.store.writer import Writer

HOUR = 3_600_000_000
DAY = 24 * HOUR
LOG = Probe(
    "log",
    "Messages.",
    (
        Column("ts", 1, "ts", "time"),
        Column("priority", 2, "i64", "text"),
        Column("unit", 3, "str", "text"),
        Column("identifier", 4, "str", "text"),
        Column("message", 5, "str", "text"),
    ),
    mined="message",
)
Patterns = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="module")
def patterns(tmp_path_factory: pytest.TempPathFactory) -> Patterns:
    root = tmp_path_factory.mktemp("patterns") / "store"
    now = time.time_ns() // 1000

    def keep(age: int, host: str, *said: tuple[int, str, str]) -> None:
        rows = [(now - age + n, priority, unit, None, m) for n, (priority, unit, m) in enumerate(said)]
        with Writer.open(root, purpose="test", now_us=now) as writer:
            assert writer.append([Batch(LOG, host, now - age, rows)], now) == []
            if age > HOUR:
                writer.seal(now)

    for n, host in enumerate(("web-01", "web-02", "db-01")):
        keep(3 * DAY, host, *((6, "ssh.service", f"session {n}{i} opened") for i in range(4)))
    tend(root, Keep(10**6), lambda: now, lambda probe, rows: None, force=True)
    keep(2 * HOUR, "web-01", (6, "ssh.service", "session 9 opened"), (4, "shop.service", "slow query 17"))
    keep(
        60_000_000,
        "db-01",
        (3, "shop.service", "payment 5 refused"),
        (3, "shop.service", "payment 6 refused"),
    )

    def run(*arguments: str) -> list[dict[str, Any]]:
        done = subprocess.run(
            [sys.executable, "-m", "livedata", "fleet", "logs", "patterns", "-f", "json", "--store", str(root), *arguments],
            env={**os.environ, "HOME": str(root.parent)}, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        answer: list[dict[str, Any]] = json.loads(done.stdout)
        return answer

    return run


def test_each_template_is_told_once(patterns: Patterns) -> None:
    opened, refused, slow = patterns()
    assert (opened["template"], opened["count"], opened["hosts"]) == ("session <*> opened", 13, 3)
    assert (refused["template"], refused["count"], refused["hosts"]) == ("payment <*> refused", 2, 1)
    assert (opened["example"], opened["last_host"]) == ("session 9 opened", "web-01")
    assert (refused["example"], slow["example"]) == ("payment 6 refused", "slow query 17")
    assert opened["first"] < slow["first"] < refused["first"] < refused["last"]
    assert len({row["template_id"] for row in (opened, refused, slow)}) == 3


@pytest.mark.parametrize(
    ("arguments", "templates"),
    [
        (["--new"], ["payment <*> refused", "slow query <*>"]),
        (["--new", "--since", "1h"], ["payment <*> refused"]),
        (["--new", "--since", "30d", "--host", "web-02"], ["session <*> opened"]),
        (
            ["--since", "4h", "--sort", "first"],
            ["payment <*> refused", "slow query <*>", "session <*> opened"],
        ),
        (["--only-one-host"], ["payment <*> refused", "slow query <*>"]),
        (["--host", "web-*", "--unit", "shop*"], ["slow query <*>"]),
        (["--priority", "3"], ["payment <*> refused"]),
        (["-n", "1"], ["session <*> opened"]),
        (["--unit", "nothing"], []),
    ],
    ids=" ".join,
)
def test_what_is_asked_for(patterns: Patterns, arguments: list[str], templates: list[str]) -> None:
    assert [row["template"] for row in patterns(*arguments)] == templates

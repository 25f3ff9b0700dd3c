"""Who did it: the process list of a host at any kept moment, held against what the host itself has, read past SSH."""

from __future__ import annotations

import json
import re
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from livedata.query.processes import AT
from tests.fleet.host import TestHost
from tests.fleet.hosts import Fleet, wait_for
from tests.fleet.product import Product

GUIDE = (Path(__file__).parents[2] / "docs" / "processes.md").read_text(encoding="utf-8")
QUESTION = re.findall(r"```sql\n(.*?)```", GUIDE, re.DOTALL)[0]
SAID = """for p in /proc/[0-9]*; do
  words=$(cat $p/stat 2>/dev/null) && uid=$(grep ^Uid: $p/status 2>/dev/null) && printf '%s\\n%s\\n' "$words" "$uid"
done; true"""
"""Two lines a process, both or none: one, also the last, may end while it is looked at."""


def ps(product: Product, *arguments: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(product.run("fleet", "ps", "-f", "json", *arguments).stdout)
    return rows


def truth(host: TestHost) -> dict[int, tuple[int, int]]:
    """Pid → start in hundredths of seconds and effective user, as the host's /proc says."""
    lines = host.exec(SAID).splitlines()
    stats = zip(lines[::2], lines[1::2], strict=True)
    return {
        int(stat.split()[0]): (int(stat[stat.rfind(")") :].split()[20]), int(uid.split()[2]))
        for stat, uid in stats
    }


@pytest.mark.parametrize("kind", ["dash", "busybox", "hidepid"])
def test_a_snapshot_has_the_whole_list(fleet: Fleet, product: Product, kind: str) -> None:
    host = fleet.make("web-01", kind)
    product.hosts(fleet.hosts)
    host.exec(
        "sh -c 'sleep 300; :' x --password=hunter2 >/dev/null 2>&1 & sh -c 'sleep 301; :' $(seq 2000) >/dev/null 2>&1 &"
    )
    before, named = truth(host), {p.pid: p.command for p in host.processes()}
    product.run("fleet", "snapshot")
    after = truth(host)
    stayed = {pid: said for pid, said in before.items() if after.get(pid) == said}
    rows = {row["pid"]: row for row in ps(product)}
    if kind == "hidepid":
        assert rows
        assert 1 not in rows
        assert {row["user"] for row in rows.values()} == {"mon"}
        return
    assert set(stayed) <= set(rows)
    assert len(stayed) >= 6
    starts = {
        r["pid"]: float(r["start_seconds"])
        for r in product.ask("SELECT pid, start_seconds FROM process_info")
    }
    for pid, (start, uid) in stayed.items():
        row = rows[pid]
        assert starts[pid] == start / 100
        assert row["user"] == {0: "root", 1000: "mon"}.get(uid, str(uid))
        if "hunter2" in named[pid]:
            assert row["command"] == named[pid].replace("hunter2", "***")
        elif len(named[pid]) > 4000:
            assert row["command"] == " ".join(named[pid].split()[: row["command"].count(" ")]) + " …"
        elif not named[pid].startswith("sshd"):  # their titles change by the moment
            assert row["command"] == named[pid]
    assert any("***" in row["command"] for row in rows.values())
    assert not any("hunter2" in row["command"] for row in rows.values())
    assert product.run("fleet", "ps", "--limit", "2").stdout.count("\n") == 4
    assert [row["pid"] for row in ps(product, "--sort", "pid")] == sorted(rows)


def moment(product: Product, host: TestHost, there: str) -> int:
    """Wait for a sample with (or, after `!`, without) a command; its time."""
    wanted, word = not there.startswith("!"), there.removeprefix("!")

    def seen() -> int | None:
        rows = ps(product, "--host", host.name)
        stamp = int(time.mktime(time.strptime(rows[0]["ts"], "%Y-%m-%dT%H:%M:%SZ")) - time.timezone)
        return stamp if any(word in row["command"] for row in rows) is wanted else None

    found: int = wait_for(seen, 25, 0.3)
    return found


def test_a_list_at_any_moment_also_after_a_kill_and_from_old_files(fleet: Fleet, product: Product) -> None:
    host = fleet.make("web-01")
    product.hosts(fleet.hosts, "[defaults.probes.process]\nevery = 1\n")
    host.exec("sh -c 'sleep 4000; :' >/dev/null 2>&1 & sh -c 'sleep 5000; :' >/dev/null 2>&1 &")
    with product.watching() as watch:
        product.soon("SELECT count(*) > 2 AS enough FROM scrape WHERE probe = 'process'")
        both = moment(product, host, "sleep 5000")
        host.exec("pkill -f 'sleep 400[0]'")
        one = moment(product, host, "!sleep 4000")
        # Busy from its first moment on; and one whose children are, but none of them for long.
        host.exec("sh -c 'while :; do :; done' busy >/dev/null 2>&1 &")
        host.exec(
            "sh -c 'while :; do sh -c \"i=0; while [ \\$i -lt 20000 ]; do i=\\$((i+1)); done\"; done' parent >/dev/null 2>&1 &"
        )
        moment(product, host, " busy")
        moment(product, host, " parent")
        product.soon("SELECT max(children_cpu_pct) > 1 AS children FROM process WHERE name = 'sh'")
        born = product.ask(
            "SELECT arg_min(cpu_pct, process.ts) AS first FROM process JOIN process_info USING (host, pid, start_seconds)"
            " WHERE command LIKE '% busy'"
        )
        assert born[0]["first"] is not None, "what it used since its start is known at once"
        product.soon("SELECT max(cpu_pct) > 5 AS busy FROM process WHERE name = 'sh'")
        watch.send_signal(signal.SIGKILL)
        watch.wait(10)
    host.exec("pkill -f 'sleep 500[0]'")
    with product.watching() as watch:
        last = moment(product, host, "!sleep 5000")
        product.soon(
            f"SELECT count(*) > 2 AS enough FROM scrape WHERE probe = 'process' AND epoch(ts) > {last}"
        )
        watch.send_signal(signal.SIGTERM)
        assert watch.wait(10) == 0

    def commands(at: int) -> list[str]:
        rows = ps(product, "--at", f"@{at}")
        assert {row["ts"] for row in rows} == {time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))}
        return sorted(row["command"] for row in rows if re.search(r"sleep \d000", row["command"]))

    def lists() -> list[list[str]]:
        return [commands(at) for at in (both, one, last)]

    wanted = [["sh -c sleep 4000; :", "sh -c sleep 5000; :"], ["sh -c sleep 5000; :"], []]
    shells = [[c for c in found if c.startswith("sh")] for found in lists()]
    assert shells == wanted
    # Nobody was asked about twice, although the collector was killed and began anew.
    twice = product.ask(
        "SELECT command, count(*) AS n FROM process_info WHERE ended IS NULL AND command LIKE '%sleep%' GROUP BY pid, command HAVING n > 1"
    )
    assert twice == []
    ends = product.ask(
        "SELECT max(epoch(ended)) AS at FROM process_info WHERE pid IN (SELECT pid FROM process_info WHERE command LIKE '%4000; :')"
    )
    assert both < ends[0]["at"] <= one

    fresh = lists()
    product.env["LIVEDATA_SEAL_SECONDS"] = "0.001"
    product.run("fleet", "snapshot")
    product.run("store", "compact")
    assert lists() == fresh
    # The question in the guide is the command's.
    stamp = time.strftime("TIMESTAMPTZ '%Y-%m-%d %H:%M:%S+00'", time.gmtime(one))
    asked = product.ask(QUESTION.replace(AT, stamp))
    assert sorted(asked, key=str) == sorted(ps(product, "--at", f"@{one}"), key=str)


def test_a_moment_nobody_watched(fleet: Fleet, product: Product) -> None:
    fleet.make("web-01")
    product.hosts(fleet.hosts)
    nothing = product.run("fleet", "ps", code=4)
    assert "livedata" in nothing.stderr
    product.run("fleet", "snapshot")
    early = product.run("fleet", "ps", "--at", "2d", code=2)
    assert "no processes are known of the day before" in early.stderr
    later = product.run("fleet", "ps", "--at", f"@{int(time.time()) + 3600}", "-f", "json")
    assert "nothing was asked in the ten minutes before" in later.stderr
    assert json.loads(later.stdout)
    assert "known are: cpu, memory" in product.run("fleet", "ps", "--sort", "size", code=2).stderr

"""From an inventory to an answer, over real SSH hosts: check, snapshot, watch, query, kill -9, query."""

from __future__ import annotations

import json
import signal

from tests.fleet.hosts import Fleet
from tests.fleet.product import Product, next_tick


def test_check_snapshot_query(fleet: Fleet, product: Product) -> None:
    for kind in ("dash", "bash", "busybox", "banner", "locale", "journal"):
        fleet.make(f"{kind}-01", kind)
    product.hosts(fleet.hosts, '[hosts.here]\ntransport = "local"\n')
    checked = {
        f["host"]: f for f in map(json.loads, product.run("fleet", "check", "--json").stdout.splitlines())
    }
    assert set(checked) == {*fleet.hosts, "here"}
    for name, found in checked.items():
        assert found["outcome"] == "ok", found
        for probe in ("cpu", "core", "load", "memory", "disk", "network", "filesystem", "process", "os"):
            assert found["probes"][probe][0] == "ok", (name, probe, found)
    assert not product.store.exists()

    quiet = product.run("fleet", "snapshot")
    assert (quiet.stdout, quiet.stderr) == ("", "")
    counts = {
        r["host"]: r
        for r in product.ask("SELECT host, count(*) n, count(busy_pct) known FROM cpu GROUP BY host")
    }
    assert set(counts) == set(checked)
    assert all(
        (r["n"], r["known"]) == (1, 0) for r in counts.values()
    )  # no increase is known after one sample

    # What the hosts themselves say, read past SSH.
    booted = {r["host"]: r["boot_id"] for r in product.ask("SELECT host, boot_id FROM cpu")}
    for name, host in fleet.hosts.items():
        assert booted[name] == host.boot_id
        pids = {r["pid"] for r in product.ask(f"SELECT pid FROM process WHERE host = '{name}'")}
        assert {1} <= pids < set(range(1, 4_200_000))
        assert len(pids) < 20, "the host's own processes, not the machine's"
    # Rates between two pulls of separate processes.
    next_tick()
    product.run("fleet", "snapshot")
    rates = product.ask("SELECT host, busy_pct, dt_ms FROM cpu WHERE dt_ms IS NOT NULL")
    assert {r["host"] for r in rates} == set(checked)
    assert all(0 <= r["busy_pct"] <= 100 and r["dt_ms"] > 500 for r in rates)


def test_watch_kill_query(fleet: Fleet, product: Product) -> None:
    fleet.make("web-01")
    fleet.make("db-01", "busybox")
    product.hosts(fleet.hosts)
    with product.watching() as watch:
        product.soon("SELECT count(DISTINCT host) = 2 AS both FROM cpu")
        # Beside it: another watch is refused with its holder's name, a snapshot does nothing and says so.
        refused = product.run("fleet", "watch", code=5)
        assert f"pid {watch.pid}" in refused.stderr
        idle = product.run("fleet", "snapshot")
        assert idle.stderr.count("\n") == 1
        assert f"pid {watch.pid}" in idle.stderr
        product.soon("SELECT count(busy_pct) >= 2 AS rates FROM cpu")
        before = product.ask("SELECT host, count(*) n FROM cpu GROUP BY host ORDER BY host")
        watch.send_signal(signal.SIGKILL)
        watch.wait(10)
    after = product.ask("SELECT host, count(*) n FROM cpu GROUP BY host ORDER BY host")
    assert [r["host"] for r in after] == ["db-01", "web-01"]
    assert all(a["n"] >= b["n"] for a, b in zip(after, before, strict=True))
    # The lock went with its holder; increments go on across the restart, since the boot is the same.
    with product.watching() as watch:
        product.soon(
            f"SELECT min(n) > {after[0]['n']} AS more FROM (SELECT count(*) n FROM cpu GROUP BY host)"
        )
        watch.send_signal(signal.SIGTERM)
        assert watch.wait(10) == 0
    assert product.ask(
        "SELECT count(*) n FROM (SELECT 1 FROM cpu WHERE dt_ms IS NULL GROUP BY host HAVING count(*) > 1)"
    ) == [{"n": 0}]
    assert product.ask(
        "SELECT count(*) n FROM (SELECT host, ts FROM cpu GROUP BY ALL HAVING count(*) > 1)"
    ) == [{"n": 0}]


def test_up_watches_this_machine_and_says_so(fleet: Fleet, product: Product) -> None:
    product.inventory.unlink()
    product.env.pop("LIVEDATA_INVENTORY")
    with product.watching("up") as up:
        product.soon("SELECT count(*) > 0 AS there FROM memory")
        up.send_signal(signal.SIGINT)
        _, said = up.communicate(timeout=15)
    assert up.returncode == 0
    assert "this machine" in said
    assert str(product.store) in said or "~/store" in said
    assert "livedata fleet query" in said
    assert said.splitlines()[-1].startswith("Stopped")


def test_a_hang_up_ends_a_watch_but_not_under_nohup(fleet: Fleet, product: Product) -> None:
    product.inventory.unlink()
    product.env.pop("LIVEDATA_INVENTORY")
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # what nohup(1) does, and a child inherits
    try:
        with product.watching("up") as up:
            product.soon("SELECT count(*) > 0 AS there FROM memory")
            up.send_signal(signal.SIGHUP)
            product.soon("SELECT count(*) > 1 AS more FROM memory")
            assert up.poll() is None
    finally:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    with product.watching("up") as up:
        product.soon("SELECT count(*) > 1 AS again FROM scrape WHERE probe = 'connect' AND outcome = 'ok'")
        up.send_signal(signal.SIGHUP)
        assert up.wait(10) == 0


def test_the_journal_by_cursor(fleet: Fleet, product: Product) -> None:
    host = fleet.make("log-01", "journal")
    product.hosts(fleet.hosts)
    for i in range(50):
        host.log(f"before {i}")
    host.journal("-n1")
    product.run("fleet", "snapshot")
    host.log("two\nlines", CODE_FILE="a.py", PRIORITY="3")
    host.log(b"bin\0ary \xff", SECRET_COLOUR="blue")
    host.log("same key", FIELD="one")
    host.log("x" * 100_000)
    for i in range(3000):
        host.log(f"after {i}")
    wanted = [json.loads(line) for line in host.journal("-o", "json", "--all").splitlines()]
    next_tick()
    product.run("fleet", "snapshot")
    # An entry that came twice or not at all would show here.
    stored = product.ask("SELECT epoch_us(ts) us, message, priority, identifier, fields FROM log ORDER BY ts")
    told = {(int(e["__REALTIME_TIMESTAMP"])) for e in wanted}
    got = [r["us"] for r in stored]
    assert len(got) == len(set(got))
    assert told <= set(got)
    by_message = {r["message"]: r for r in stored}
    assert by_message["two\nlines"]["priority"] == 3
    assert by_message["two\nlines"]["fields"]["CODE_FILE"] == "a.py"
    assert by_message["bin\0ary \\xff"]["fields"]["SECRET_COLOUR"] == "blue"
    assert by_message["x" * 100_000]["identifier"] == "test"
    assert {f"after {i}" for i in range(3000)} <= set(by_message)


def test_a_journal_that_may_not_be_read_is_denied(fleet: Fleet, product: Product) -> None:
    fleet.make("log-02", "journal_denied").log("secret")
    product.hosts(fleet.hosts)
    product.run("fleet", "snapshot")
    outcome, detail = product.outcomes()["log-02", "log"]
    assert outcome == "denied"
    assert "usermod -aG systemd-journal" in (detail or "")


def test_a_reboot_gives_no_increase(fleet: Fleet, product: Product) -> None:
    host = fleet.make("web-01")
    product.hosts(fleet.hosts)
    product.run("fleet", "snapshot")
    host.reboot()
    next_tick()
    product.run("fleet", "snapshot")
    rows = product.ask("SELECT boot_id, dt_ms, user_seconds_increase FROM cpu ORDER BY ts")
    assert len({r["boot_id"] for r in rows}) == 2
    assert all(r["dt_ms"] is None and r["user_seconds_increase"] is None for r in rows)

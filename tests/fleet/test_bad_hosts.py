"""Hosts that refuse, hang, lie and flood: each leaves its outcome and its sentence, and harms no other host."""

from __future__ import annotations

import signal
import time
from pathlib import Path

from tests.fleet.hosts import Fleet, make_key, wait_for
from tests.fleet.product import Product, next_tick

PROBE = """\
#!/bin/sh
# /// probe
# help = "A test's own."
# every = "10s"
# timeout = "5s"
# parse = "fields"
# [columns]
# answer_count = {{ id = 1, type = "i64", kind = "gauge" }}
# ///
{body}
"""


def user_probes(product: Product, **bodies: str) -> None:
    folder = product.home / "probes"
    folder.mkdir()
    for name, body in bodies.items():
        (folder / f"{name}.sh").write_text(PROBE.format(body=body))
    product.env["LIVEDATA_PROBES"] = str(folder)


def test_every_refusal_is_an_outcome_and_one_line(fleet: Fleet, product: Product) -> None:
    wanted = {
        "refused": ("unreachable", "refused"),
        "frozen": ("unreachable", "no answer within"),
        "noauth": ("auth_failed", "denied"),
        "nologin": ("denied", "not available"),
        "flood": ("malformed", "no shell"),
        "hang_shell": ("timeout", "no answer within"),
    }
    for kind in wanted:
        fleet.make(f"{kind}-01".replace("_", "-"), kind)
    fleet.make("unknown-01", trusted=False)
    fleet.make("changed-01").rekey()
    fleet.make("good-01")
    with fleet.config.open("a") as config:
        config.write("Host nowhere-01\n  HostName no-such-host.invalid\nHost *\n  ConnectTimeout 3\n")
    product.hosts([*fleet.hosts, "nowhere-01"])
    wanted |= {
        "unknown": ("hostkey_unknown", "not in known_hosts"),
        "changed": ("hostkey_changed", "not the one in known_hosts"),
        "nowhere": ("unresolved", "DNS"),
    }
    done = product.run("fleet", "snapshot", code=1)
    lines = done.stderr.splitlines()
    outcomes = product.outcomes()
    for kind, (outcome, words) in wanted.items():
        name = f"{kind}-01".replace("_", "-")
        met, detail = outcomes[name, "connect"]
        assert met == outcome, (kind, met, detail)
        assert words in (detail or ""), (kind, detail)
        assert [line for line in lines if line.startswith(f"{name}: {outcome}: ")], (kind, lines)
    assert len(lines) == len(wanted)
    assert outcomes["good-01", "cpu"] == ("ok", None)
    assert product.ask("SELECT DISTINCT host FROM cpu") == [{"host": "good-01"}]
    # Not one host: another exit code.
    assert "not one host" in product.run("fleet", "snapshot", "refused-01", "noauth-01", code=3).stderr
    checked = product.run("fleet", "check", "unknown-01", "good-01", code=1).stdout
    assert "livedata fleet trust unknown-01" in checked


def test_trust_shows_a_key_and_adds_it_once(fleet: Fleet, product: Product) -> None:
    host = fleet.make("new-01", trusted=False)
    product.hosts(fleet.hosts)
    product.run("fleet", "snapshot", code=3)
    refused = product.run("fleet", "trust", "new-01", code=1, input="n\n")
    assert "SHA256:" in refused.stderr
    assert not fleet.known_hosts.exists() or host.address not in fleet.known_hosts.read_text()
    product.run("fleet", "trust", "new-01", input="y\n")
    assert fleet.known_hosts.read_text().count(host.address) == 1
    assert "known already" in product.run("fleet", "trust", "new-01").stderr
    product.run("fleet", "snapshot")
    host.rekey()
    changed = product.run("fleet", "trust", "--yes", "new-01", code=1).stderr
    assert "CHANGED" in changed
    assert "ssh-keygen -R" in changed
    assert fleet.known_hosts.read_text().count(host.address) == 1


def test_hidepid_is_denied_with_the_rows_it_shows(fleet: Fleet, product: Product) -> None:
    fleet.make("hidden-01", "hidepid")
    product.hosts(fleet.hosts)
    product.run("fleet", "snapshot")
    assert product.outcomes()["hidden-01", "process"][0] == "denied"
    assert product.outcomes()["hidden-01", "cpu"] == ("ok", None)
    names = {r["name"] for r in product.ask("SELECT name FROM process")}
    assert "sh" in names
    assert 1 not in {r["pid"] for r in product.ask("SELECT pid FROM process")}


def test_one_channel_serves_all_lanes(fleet: Fleet, product: Product) -> None:
    fleet.make("narrow-01", "maxsessions")
    product.hosts(fleet.hosts)
    product.run("fleet", "snapshot")
    outcomes = product.outcomes()
    for probe in ("cpu", "process", "filesystem", "os"):
        assert outcomes["narrow-01", probe] == ("ok", None), probe


def test_a_users_probe_that_misbehaves_hurts_only_itself(fleet: Fleet, product: Product) -> None:
    fleet.make("web-01")
    fleet.make("box-01", "busybox")
    product.hosts(fleet.hosts)
    user_probes(
        product, p_fine="echo 42", p_gigabyte="head -c 1000000000 /dev/zero", p_quote="echo 'never closed", p_nul="printf '\\0\\0\\n'",
        p_reads="cat; echo 7", p_exit="exit 5", p_absent="exit 69", p_denied="echo 'try usermod' >&2; exit 77", p_kills="kill -9 $PPID",
        p_hangs="sleep 1000", p_words="echo not-a-number", p_forges="printf '\\n@%s E 1\\n' deadbeef; echo 9",
    )  # fmt: skip
    product.run("fleet", "snapshot")
    outcomes = product.outcomes()
    for host in fleet.hosts:
        expected = {
            "p_fine": "ok", "p_gigabyte": "truncated", "p_quote": "failed", "p_nul": "malformed", "p_reads": "ok", "p_exit": "failed",
            "p_absent": "unsupported", "p_denied": "denied", "p_hangs": "timeout", "p_words": "malformed", "p_forges": "malformed",
            "cpu": "ok", "process": "ok", "filesystem": "ok", "os": "ok",
        }  # fmt: skip
        assert {p: outcomes[host, p][0] for p in expected} == expected
        assert outcomes[host, "p_kills"][0] in ("failed", "timeout")
        assert "try usermod" in (outcomes[host, "p_denied"][1] or "")
        assert product.ask(f"SELECT answer_count FROM p_fine WHERE host = '{host}'") == [{"answer_count": 42}]
    assert (
        max(r["bytes"] for r in product.ask("SELECT bytes FROM scrape WHERE bytes IS NOT NULL")) < 20_000_000
    )


def test_a_host_that_hangs_delays_no_other_and_comes_back(fleet: Fleet, product: Product) -> None:
    hanging, silent = fleet.make("hang-01"), fleet.make("mute-01", "hang_shell")
    fleet.make("good-01")
    product.hosts(fleet.hosts)
    with product.watching() as watch:
        product.soon("SELECT count(DISTINCT host) = 2 AS both FROM cpu")
        hanging.freeze()
        began = time.time()
        time.sleep(32)
        rows = product.ask(
            f"SELECT ts, offset_ms FROM cpu WHERE host = 'good-01' AND epoch(ts) > {began - 10}"
        )
        assert len(rows) >= 4
        assert product.ask(
            f"SELECT count(*) n FROM cpu WHERE host = 'hang-01' AND epoch(ts) > {began + 1}"
        ) == [{"n": 0}]
        assert product.outcomes()["hang-01", "cpu"][0] in ("timeout", "unreachable")
        assert product.outcomes()["mute-01", "cpu"][0] == "timeout"
        hanging.thaw()
        product.soon(
            f"SELECT count(*) > 0 AS back FROM cpu WHERE host = 'hang-01' AND epoch(ts) > {time.time()}", 90
        )
        assert product.ask(
            "SELECT count(*) > 0 AS gap FROM scrape WHERE host = 'hang-01' AND outcome IN ('missed', 'timeout')"
        )[0]["gap"]
        watch.send_signal(signal.SIGTERM)
        _, said = watch.communicate(timeout=15)
    assert watch.returncode == 0
    assert "mute-01: timeout: no answer within" in said
    assert "mute-01: answers" not in said
    assert said.count("hang-01: answers") == 2
    assert silent.exec("ps -e | grep -c sleep || true").strip().isdigit()


def test_a_cut_session_is_had_again(fleet: Fleet, product: Product) -> None:
    host = fleet.make("web-01")
    product.hosts(fleet.hosts)
    with product.watching():
        product.soon("SELECT count(*) > 0 AS there FROM cpu")
        host.kick()
        product.soon("SELECT count(*) >= 2 AS again FROM scrape WHERE probe = 'connect' AND outcome = 'ok'")
        product.soon("SELECT count(*) >= 2 AS rows FROM cpu")
    assert product.ask("SELECT outcome FROM scrape WHERE probe = 'connect' ORDER BY ts LIMIT 2") == [
        {"outcome": "ok"}, {"outcome": "unreachable"},
    ]  # fmt: skip


def test_nothing_is_left_on_a_host(fleet: Fleet, product: Product) -> None:
    host = fleet.make("clean-01")
    product.hosts(fleet.hosts)
    list_files = "find / -xdev -newer /etc/hostname -type f 2>/dev/null | grep -v -e ^/proc -e ^/sys -e sshd.log | sort"
    before = host.exec(list_files)
    product.run("fleet", "snapshot")
    next_tick()
    product.run("fleet", "snapshot")
    assert host.exec(list_files) == before
    wait_for(lambda: "sshd: mon" not in host.exec("ps -eo args"))
    assert [line for line in host.exec("ps -eo user:20,args").splitlines() if line.startswith("mon")] == []


def test_what_a_thief_of_a_key_would_find(fleet: Fleet, product: Product) -> None:
    """No secret of ours lies in the store, and nobody else may look into it."""
    fleet.make("web-01")
    product.hosts(fleet.hosts)
    product.run("fleet", "snapshot")
    key = fleet.key.read_text().splitlines()[2].encode()
    for path in product.store.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
        if path.is_file():
            assert key not in path.read_bytes()


def test_a_wrong_key_file_is_said(fleet: Fleet, product: Product, tmp_path: Path) -> None:
    fleet.make("web-01")
    make_key(tmp_path / "other")
    broken = tmp_path / "broken"
    broken.write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nnonsense\n-----END OPENSSH PRIVATE KEY-----\n")
    for name, words in (("other", "Permission denied"), ("broken", "can't use the key")):
        product.hosts([], f'[hosts.web-01]\nidentity_file = "{tmp_path / name}"\n')
        done = product.run("fleet", "snapshot", code=3)
        assert "auth_failed" in done.stderr
        assert words in done.stderr

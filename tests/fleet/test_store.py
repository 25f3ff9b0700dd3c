"""The store as a person meets it: what it holds, compacted, damaged, mended, over real rows of a real host."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.fleet.hosts import Fleet
from tests.fleet.product import Product, next_tick


def rows(product: Product, *arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(product.run("store", *arguments, "-f", "json").stdout)
    return found


def test_info_compact_verify_repair(fleet: Fleet, product: Product) -> None:
    fleet.make("web-01")
    product.hosts(fleet.hosts, '[hosts.here]\ntransport = "local"\n')
    product.env["LIVEDATA_SEAL_SECONDS"] = "0.001"
    product.run("fleet", "snapshot")
    next_tick()
    quiet = product.run("fleet", "snapshot")
    assert (quiet.stdout, quiet.stderr) == ("", ""), "a snapshot seals and compacts without a word"

    held = {r["table"]: r for r in rows(product, "info")}
    assert held["cpu"]["hosts"] == 2
    assert held["cpu"]["rows"] == 4
    assert held["cpu"]["kept"] == "30d"
    assert held["process"]["bytes"] > 0
    before = product.ask("SELECT host, ts, user_seconds_total, busy_pct FROM cpu ORDER BY ALL")
    assert len(before) == 4

    sealed = rows(product, "files", "cpu")
    assert len(sealed) == 4, "a file a host and sealing"
    done = product.run("store", "compact")
    assert "rows in" in done.stderr
    files = rows(product, "files", "cpu")
    assert [(f["hosts"], f["rows"], f["level"]) for f in files] == [(1, 2, 1), (1, 2, 1)]
    assert all(Path(f["path"]).stat().st_size == f["bytes"] for f in files)
    assert product.ask("SELECT host, ts, user_seconds_total, busy_pct FROM cpu ORDER BY ALL") == before
    assert "files are sound" in product.run("store", "verify").stderr

    victim = Path(files[0]["path"])
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 4
    victim.write_bytes(data)
    found = product.run("store", "verify", code=5)
    assert f"{victim}: its checksum is wrong; 2 rows of cpu" in found.stderr
    assert "--repair" in found.stderr
    assert "left out of every question" in product.run("store", "verify", "--repair").stderr
    asked = product.run("fleet", "query", "SELECT host, ts FROM cpu", "-f", "csv")
    assert len(asked.stdout.splitlines()) == 1 + 2
    assert str(victim) in asked.stderr, "what is left out is said"

    for path in product.store.glob("manifest.sqlite*"):
        path.unlink()
    lost = product.run("fleet", "query", "SELECT 1 FROM cpu", code=5)
    assert "livedata store verify --repair" in lost.stderr
    assert "made anew" in product.run("store", "verify", "--repair").stderr
    after = product.ask("SELECT host, ts, user_seconds_total, busy_pct FROM cpu ORDER BY ALL")
    assert after == before, "the files that the damaged one had replaced were still there"


def test_prune_says_what_would_go_and_goes_when_told(fleet: Fleet, product: Product) -> None:
    product.hosts([], '[hosts.here]\ntransport = "local"\n')
    product.env["LIVEDATA_SEAL_SECONDS"] = "0.001"
    product.run("fleet", "snapshot")
    assert "Nothing is too old" in product.run("store", "prune").stderr
    would = product.run("store", "prune", "--keep-bytes", "1kB")
    assert "would go: --yes does it" in would.stderr
    assert "cpu: 1 rows of" in would.stderr
    assert len(product.ask("SELECT * FROM cpu")) == 1
    assert "given up" in product.run("store", "prune", "--keep-bytes", "1kB", "--yes").stderr
    assert product.ask("SELECT * FROM cpu") == []
    wrong = product.run("store", "prune", "--keep", "forever", code=2)
    assert "'forever' is no age" in wrong.stderr


def test_a_watch_compacts_by_itself(fleet: Fleet, product: Product) -> None:
    product.hosts([], '[hosts.here]\ntransport = "local"\nprobes.cpu.every = 1\n')
    product.env |= {"LIVEDATA_SEAL_SECONDS": "0.5", "LIVEDATA_FLUSH_SECONDS": "0.2"}
    with product.watching() as watch:
        product.soon("SELECT count(*) > 12 AS some FROM cpu", 60)
        watch.terminate()
        assert watch.wait() == 0
        assert watch.stderr is not None
        assert "compact" not in watch.stderr.read()
    levels = {f["level"] for f in rows(product, "files", "cpu")}
    assert 1 in levels
    product.run("store", "verify")

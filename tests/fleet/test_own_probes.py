"""A probe of one's own on real hosts: written, checked, tried, recorded, collected; and changed, while its rows stay."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fleet.hosts import Fleet, wait_for
from tests.fleet.product import Product, next_tick

FIRST = """\
#!/bin/sh
# /// probe
# help  = "Spool."
# every = "1s"
# parse = "keyvalue"
# [columns]
# queue = { id = 1, type = "str", kind = "label", help = "Name" }
# mails = { id = 2, type = "i64", kind = "gauge", help = "Waiting" }
# size_bytes = { id = 3, type = "u64", kind = "gauge", help = "Size" }
# note = { id = 4, type = "str", kind = "text", help = "Words" }
# sent_total = { id = 5, type = "u64", kind = "counter", help = "Sent" }
# ///
echo "queue=a"; echo "mails=5"; echo "size_bytes=700"; echo "note=old"; echo "sent_total=10"
"""
SECOND = """\
#!/bin/sh
# /// probe
# help  = "Spool."
# every = "1s"
# parse = "keyvalue"
# [columns]
# queue = { id = 1, type = "str", kind = "label", help = "Name" }
# waiting = { id = 2, type = "f64", kind = "gauge", help = "Waiting", was = ["mails"] }
# size_bytes = { id = 3, type = "u64", kind = "gauge", help = "Size" }
# delivered_total = { id = 5, type = "u64", kind = "counter", help = "Sent", was = ["sent_total"] }
# oldest_seconds = { id = 6, type = "f64", kind = "gauge", help = "Age" }
# [derived]
# mean_bytes = { sql = "size_bytes / nullif(waiting, 0)", help = "Size of one" }
# ///
echo "queue=a"; echo "waiting=2.5"; echo "size_bytes=800"; echo "delivered_total=16"; echo "oldest_seconds=N/A"
"""


@pytest.fixture
def folder(product: Product) -> Path:
    made = product.home / "own"
    made.mkdir()
    product.env["LIVEDATA_PROBES"] = str(made)
    return made


def only(product: Product, *names: str) -> None:
    """Hosts that run nothing but the probes named."""
    others = [line["name"] for line in json.loads(product.run("probe", "list", "-f", "json").stdout)]
    off = "".join(f"[defaults.probes.{name}]\nenabled = false\n" for name in others if name not in names)
    product.inventory.write_text(product.inventory.read_text() + off)


def test_from_a_new_file_to_an_answer(fleet: Fleet, product: Product, folder: Path) -> None:
    for kind in ("dash", "busybox"):
        fleet.make(f"{kind}-01", kind)
    product.hosts(fleet.hosts)
    assert product.run("probe", "new", "mine").stdout == f"{folder / 'mine.sh'}\n"
    assert "good" in product.run("probe", "check").stdout

    ran = product.run("probe", "run", "mine", "dash-01", "busybox-01", "-f", "json", "--raw")
    rows = json.loads(ran.stdout)
    assert {r["host"] for r in rows} == set(fleet.hosts)
    assert all(r["procs"] >= 1 and r["is_root"] == (r["user"] == "root") for r in rows)
    for host in fleet.hosts:
        assert f"== {host}: standard output" in ran.stderr
        assert f"{host}: ok (" in ran.stderr
    assert not product.store.exists()

    recorded = Path(
        product.run("probe", "record", "mine", "--host", "busybox-01", "--to", "kept").stdout.strip()
    )
    assert recorded == Path("kept/mine/busybox-01")
    kept = json.loads((product.home / recorded / "rows.json").read_text())
    assert [(r["user"], r["procs"] >= 1) for r in kept]
    assert (product.home / recorded / "answer.txt").read_text().split()[0] in {r["user"] for r in kept}
    again = product.run("probe", "record", "mine", "--host", "busybox-01", "--to", "kept", code=2)
    assert "never overwritten" in again.stderr

    only(product, "mine")
    product.run("fleet", "snapshot")
    assert {r["host"] for r in product.ask("SELECT host FROM mine WHERE procs > 0")} == set(fleet.hosts)


def test_what_comes_of_a_run_that_fails(fleet: Fleet, product: Product, folder: Path) -> None:
    host = fleet.make("web-01")
    product.hosts(fleet.hosts)
    head = FIRST[: FIRST.index("echo")]
    (folder / "spool.sh").write_text(head + "echo hm >&2\nexit 69\n")
    assert "web-01: unsupported: hm (0 rows" in product.run("probe", "run", "spool", "web-01", code=1).stderr
    (folder / "spool.sh").write_text(head + "echo mails=5x\n")
    wrong = product.run("probe", "run", "spool", "web-01", "-f", "csv", code=1)
    assert "web-01: malformed: mails is no i64: '5x'" in wrong.stderr
    assert wrong.stdout.count("\n") == 1
    assert "malformed" in product.run("probe", "record", "spool", "--host", "web-01", code=1).stderr
    assert not (product.home / "spool").exists()
    (folder / "spool.sh").write_text(head.replace("every", 'timeout = "1s"\n# every') + "sleep 30\n")
    assert "web-01: timeout" in product.run("probe", "run", "spool", "web-01", code=1).stderr
    wait_for(lambda: not [p for p in host.processes() if "sleep 30" in p.command])
    # This machine needs no SSH and no inventory.
    (folder / "spool.sh").write_text(FIRST)
    assert json.loads(product.run("probe", "run", "spool", "-f", "json").stdout)[0]["note"] == "old"


def test_a_header_that_changes_keeps_its_rows(fleet: Fleet, product: Product, folder: Path) -> None:
    fleet.make("web-01")
    product.hosts(fleet.hosts)
    file = folder / "spool.sh"
    file.write_text(FIRST)
    only(product, "spool")
    product.run("fleet", "snapshot")
    next_tick()
    product.run("fleet", "snapshot")
    before = product.ask(
        "SELECT ts, host, queue, mails, size_bytes, note, sent_total, sent_increase FROM spool ORDER BY ts"
    )
    assert [(r["mails"], r["note"], r["sent_increase"]) for r in before] == [(5, "old", None), (5, "old", 0)]

    file.write_text(SECOND)
    checked = product.run("probe", "check", "spool")
    assert "note: the store has a column 'note' (id 4) that is no more here" in checked.stdout
    next_tick()
    product.run("fleet", "snapshot")
    columns = "ts, host, queue, waiting, size_bytes, delivered_total, delivered_increase, oldest_seconds, mean_bytes"
    question = f"SELECT {columns} FROM spool ORDER BY ts"
    after = product.ask(question)
    assert len(after) == 3
    for old, new in zip(before, after, strict=False):
        assert [new[k] for k in ("ts", "host", "queue", "size_bytes")] == [
            old[k] for k in ("ts", "host", "queue", "size_bytes")
        ]
        assert (new["waiting"], new["delivered_total"], new["oldest_seconds"]) == (5.0, 10, None)
        assert new["delivered_increase"] == old["sent_increase"]
        assert new["mean_bytes"] == 140.0
    assert [after[2][k] for k in ("waiting", "delivered_total", "delivered_increase", "mean_bytes")] == [
        2.5,
        16,
        6,  # the same counter, by its id
        320.0,
    ]
    assert "there is no column" in product.run("fleet", "query", "SELECT note FROM spool", code=4).stderr

    # The same when rows of both headers have become files, and one file.
    product.run("store", "compact")
    assert product.ask(question) == after

    # A counter more, before the one there was: what is counted is not mixed up.
    bounced = '# bounced_total = { id = 7, type = "u64", kind = "counter", help = "Bounced" }\n'
    file.write_text(
        SECOND.replace("# delivered_total", f"{bounced}# delivered_total") + "echo bounced_total=3\n"
    )
    for increases in ((None, None), (0, 0)):
        next_tick()
        product.run("fleet", "snapshot")
        newest = product.ask(
            "SELECT bounced_increase b, delivered_increase d FROM spool ORDER BY ts DESC LIMIT 1"
        )
        assert newest == [{"b": increases[0], "d": increases[1]}]
    assert product.ask(question)[:3] == after


def test_a_header_that_would_make_old_rows_lie_is_refused(
    fleet: Fleet, product: Product, folder: Path
) -> None:
    fleet.make("web-01")
    product.hosts(fleet.hosts)
    file = folder / "spool.sh"
    file.write_text(FIRST)
    only(product, "spool")
    product.run("fleet", "snapshot")
    for old, new, says in (
        ('id = 4, type = "str"', 'id = 4, type = "i64"', "the store has it as str"),
        ("# note =", "# words =", "id 4, which is 'note' in the store"),
        ("id = 4", "id = 9", "keep id 4"),
    ):
        file.write_text(FIRST.replace(old, new))
        found = product.run("probe", "check", code=2).stdout
        line = 1 + FIRST[: FIRST.index("# note")].count("\n")
        assert found.startswith(f"{file}:{line}: ")
        assert says in found
        assert says in product.run("fleet", "snapshot", code=2).stderr
    file.write_text(FIRST)
    assert len(product.ask("SELECT note FROM spool")) == 1

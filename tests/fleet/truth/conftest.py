"""While stress-ng loads this machine, each value that livedata kept stands beside what the field's own tools said at that moment.

The product watches by its own process, each table every second or two; meanwhile the tools are read over and over. A row is held
against the last reading of a tool that ended before the row's read began and the first that began after it ended. A counter
must lie between these two, each time. A gauge may move and come back between them, so it must lie between them, give or take
what is said, most times. What a tool gives as an average of its own (iostat, mpstat, vmstat, pidstat) is held against the
average of the same seconds. Needs root, like the tests' hosts.
"""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

import psutil
import pytest

from livedata.query import engine
from tests.fleet import references
from tests.fleet.conftest import worker
from tests.fleet.hosts import fleet_of
from tests.fleet.product import Product
from tests.fleet.truth.beside import SECONDS, Row, Seen

LOAD = ["nice", "-n", "5", "stress-ng", "--timeout", "60", "--temp-path", "{folder}", "--cpu", "1", "--hdd", "1", "--hdd-bytes", "8m",
        "--hdd-opts", "direct", "--vm", "1", "--vm-bytes", "48m", "--sock", "1", "--udp", "1", "--fork", "1"]  # fmt: skip
FAST = ("cpu", "core", "load", "memory", "vmstat", "disk", "network", "protocol", "pressure")
SLOW = ("process", "filesystem", "cgroup")
ONCE = ("process_info", "os", "package")
INVENTORY = (
    '[hosts.here]\ntransport = "local"\n'
    + "".join(
        f"[defaults.probes.{name}]\nevery = {every}\n"
        for every, names in ((1, FAST), (2, SLOW))
        for name in names
    )
    + "".join(
        f"[defaults.probes.{name}]\nenabled = false\n"
        for name in ("update", "unit", "login", "log", "reboot")
    )
)
"""What takes seconds on this machine would hold up what is compared here."""
ROUNDING = 0.03
"""Seconds that the time of a read is rounded by (`offset_ms`), and what times of two programs differ by."""


def workers(stress: int) -> dict[str, int]:
    return {process.name(): process.pid for process in psutil.Process(stress).children()}


def plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


@pytest.fixture(scope="package")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    folder = tmp_path_factory.mktemp("truth")
    averaged = {
        "iostat": ["iostat", "-x", "-o", "JSON", str(SECONDS), "2"],
        "iostat -s": ["iostat", "-xs", "-o", "JSON", str(SECONDS), "2"],
        "mpstat": ["mpstat", "-P", "ALL", "-o", "JSON", str(SECONDS), "1"],
        "vmstat": ["vmstat", str(SECONDS), "2"],
    }
    with fleet_of(worker()) as fleet, references.node_exporter() as exporter:
        product = Product(folder, fleet)
        product.inventory.write_text(INVENTORY)
        readers = {
            "node": exporter, "free": references.free, "vmstat": references.vmstat, "ss": references.ss, "nstat": references.nstat,
            "df": references.df, "ps": references.ps, "psutil": references.of_psutil, "cgroups": references.cgroups,
        }  # fmt: skip
        stress = references.running([word.format(folder=folder) for word in LOAD])
        with references.recording(readers, 0.1) as records, stress as pid, product.watching():
            product.soon("SELECT count(*) > 0 AS begun FROM process WHERE name LIKE 'stress-ng%'", 40)
            stressed = workers(pid)
            busy = str(stressed["stress-ng-cpu"])
            averaged["pidstat"] = ["pidstat", "-h", "-u", "-r", "-p", busy, str(SECONDS), "1"]
            with references.averaging(averaged) as averages:
                pass
            time.sleep(2.5)

        def ask(sql: str) -> list[Row]:
            rows = engine.ask(product.store, sql).table.to_pylist()
            return [{name: plain(value) for name, value in row.items()} for row in rows]

        # `offset_ms` is the middle between the answer's first byte and its end.
        times = {
            (row["probe"], row["ts"]): (row["rtt_ms"] / 1000, row["wall_ms"] / 1000)
            for row in ask("SELECT * FROM scrape WHERE wall_ms IS NOT NULL")
        }
        rows = {}
        for table in (*FAST, *SLOW, *ONCE):
            rows[table] = ask(
                f"SELECT *, epoch_us(ts) / 1e6 + offset_ms / 1000.0 AS middle FROM {table} ORDER BY ts"
            )
            for row in rows[table]:
                if row["middle"] is not None:  # the end of a process is no read
                    first, whole = times[table, row["ts"]]
                    sent = row["middle"] - (first + whole) / 2
                    row |= {"began": sent - ROUNDING, "ended": sent + whole + ROUNDING}
        return Seen(rows, records, averages, stressed)

"""livedata as a person runs it, against the test hosts: processes of its own, a home, a store, an inventory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.fleet.hosts import Fleet, wait_for

LIVEDATA = [sys.executable, "-c", "from livedata.cli.main import main; main()"]


def next_tick() -> None:
    """Wait until every 10-second probe that has just run is due again."""
    time.sleep(10.1)


class Product:
    """livedata as a person runs it: a process of its own, with a home, a store and this fleet's ssh_config."""

    def __init__(self, home: Path, fleet: Fleet) -> None:
        self.home = home
        self.store = home / "store"
        self.inventory = home / "inventory.toml"
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("LIVEDATA_", "XDG_", "SSH_"))},
            "HOME": str(home), "LIVEDATA_STORE": str(self.store), "LIVEDATA_SSH_CONFIG": str(fleet.config),
            "LIVEDATA_INVENTORY": str(self.inventory), "LIVEDATA_FLUSH_SECONDS": "0.5",
        }  # fmt: skip
        self.within: list[str] = []
        """A command that runs what follows it, such as nsenter(1)."""
        self.hosts(fleet.hosts)

    def hosts(self, names: Any, extra: str = "") -> None:
        self.inventory.write_text("".join(f"[hosts.{name}]\n" for name in names) + extra)

    def run(self, *arguments: str, code: int = 0, **options: Any) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*self.within, *LIVEDATA, *arguments], env=self.env, capture_output=True, text=True, timeout=60, check=False, cwd=self.home,
            **options,
        )  # fmt: skip
        assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        return done

    def ask(self, sql: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = json.loads(self.run("fleet", "query", sql, "--format", "json").stdout)
        return rows

    def soon(self, sql: str, seconds: float = 25.0) -> None:
        """Wait until a question about a collector that has just been started gives a true value."""

        def answer() -> bool:
            done = subprocess.run(
                [*self.within, *LIVEDATA, "fleet", "query", sql, "--format", "json"],
                env=self.env,
                capture_output=True,
                check=False,
            )
            return done.returncode == 0 and all(json.loads(done.stdout)[0].values())

        wait_for(answer, seconds, 0.2)

    def outcomes(self) -> dict[tuple[str, str], tuple[str, str | None]]:
        """(host, probe) → the last outcome and its detail."""
        rows = self.ask(
            "SELECT host, probe, arg_max_null(outcome, ts) o, arg_max_null(detail, ts) d FROM scrape GROUP BY ALL"
        )
        return {(r["host"], r["probe"]): (r["o"], r["d"]) for r in rows}

    @contextmanager
    def watching(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """`fleet watch` in the background."""
        command = [*self.within, *LIVEDATA, *(arguments or ("fleet", "watch"))]
        process = subprocess.Popen(command, env=self.env, stderr=subprocess.PIPE, text=True, cwd=self.home)
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

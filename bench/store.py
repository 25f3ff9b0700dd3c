#!/usr/bin/env python3
"""What keeping and asking cost: bytes, CPU, memory and milliseconds, beside what a user would pick instead, in one run.

    python bench/store.py [--hosts 1000] [--only fresh,ingest] [--work DIR] [--json FILE]

bench/README.md says what is measured and how. The numbers go to --json (or standard output), a table for a person to standard error.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from storing import fresh, ingest
from storing.report import environment, summed_up, table, targets

from livedata.model.probe import Probe
from livedata.model.scrape import SCRAPE
from livedata.probe.load import load_probes


def options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    add = parser.add_argument
    add("--hosts", type=int, default=1000, help="hosts whose `cpu` is kept (default 1000)")
    add("--rounds", type=int, default=7, help="interleaved rounds (default 7)")
    add("--only", metavar="PARTS", default=",".join(PARTS), help=f"some of {','.join(PARTS)}")
    add("--alone", action="store_true", help="only livedata, nothing beside it")
    add("--work", type=Path, metavar="DIR", help="where the made-up rows stay for the next run")
    add("--json", type=Path, metavar="FILE", help="where the numbers go")
    asked = parser.parse_args(argv)
    if strangers := set(asked.only.split(",")) - set(PARTS):
        parser.error(f"--only: there is no part {', '.join(sorted(strangers))}")
    return asked


def measure_fresh(asked: argparse.Namespace, work: Path, probes: dict[str, Probe]) -> dict[str, Any]:
    return fresh.measure(work, probes["core"], max(1, asked.hosts // 10), asked.rounds, asked.alone)


def measure_ingest(asked: argparse.Namespace, work: Path, probes: dict[str, Probe]) -> dict[str, Any]:
    return ingest.measure(work, probes, max(1, asked.hosts // 10), asked.rounds)


PARTS: dict[str, Callable[[argparse.Namespace, Path, dict[str, Probe]], dict[str, Any]]] = {
    "fresh": measure_fresh, "ingest": measure_ingest,
}  # fmt: skip


def main(argv: Sequence[str]) -> int:
    asked = options(argv)
    probes = {**load_probes(), "scrape": SCRAPE}
    result: dict[str, Any] = {"bench": "store", "hosts": asked.hosts, "environment": environment()}
    with tempfile.TemporaryDirectory(prefix="livedata-bench-", dir=asked.work) as folder:
        for name in asked.only.split(","):
            (place := Path(folder) / name).mkdir()
            result[name] = summed_up(PARTS[name](asked, place, probes))
    result["targets"] = targets(result)
    print(table(result), file=sys.stderr)
    text = json.dumps(result, indent=2) + "\n"
    if asked.json:
        asked.json.write_text(text, encoding="utf-8")
    else:
        print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

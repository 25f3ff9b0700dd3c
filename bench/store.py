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
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import Any

from storing import asking, fresh, ingest, keeping, sealing, year
from storing.data import Data
from storing.keeping import Kept
from storing.peers import Peer, installed
from storing.questions import questions
from storing.report import environment, summed_up, table, targets

from livedata.model.scrape import SCRAPE
from livedata.probe.load import load_probes

OTHERS = ("core", "load", "memory", "disk", "network", "process", "log", "scrape")
"""Tables besides `cpu`, kept of a twentieth of the hosts: what they take by row does not depend on how many there are."""


def options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    add = parser.add_argument
    add("--hosts", type=int, default=1000, help="hosts whose `cpu` is kept (default 1000)")
    add("--hours", type=int, default=24, help="of how many hours (default 24)")
    add(
        "--others",
        metavar="TABLES",
        default=",".join(OTHERS),
        help="which other tables are kept (default all)",
    )
    add("--rounds", type=int, default=7, help="interleaved rounds (default 7)")
    add("--only", metavar="PARTS", default=",".join(PARTS), help=f"some of {','.join(PARTS)}")
    add("--alone", action="store_true", help="only livedata, nothing beside it")
    add(
        "--work", type=Path, metavar="DIR", help="where the rows and the peers' folders stay for the next run"
    )
    add("--json", type=Path, metavar="FILE", help="where the numbers go")
    asked = parser.parse_args(argv)
    for option, given, known in (("only", asked.only, PARTS), ("others", asked.others, OTHERS)):
        if strangers := set(given.split(",")) - set(known):
            parser.error(f"--{option}: there is no {', '.join(sorted(strangers))}")
    return asked


class Run:
    """One run: what its parts share is made when the first of them needs it. `place` goes with the run, `work` stays."""

    def __init__(self, asked: argparse.Namespace, place: Path, opened: ExitStack) -> None:
        self.asked = asked
        self.place = place
        self.work: Path = asked.work or place
        self.probes = {**load_probes(), "scrape": SCRAPE}
        self._opened = opened

    @property
    def few(self) -> int:
        """The hosts of a tick."""
        return max(1, int(self.asked.hosts) // 10)

    @cached_property
    def data(self) -> Data:
        others = dict.fromkeys(self.asked.others.split(","), max(2, self.asked.hosts // 50))
        return Data(self.work / "rows", self.probes, {"cpu": self.asked.hosts, **others}, self.asked.hours)

    @cached_property
    def today(self) -> Kept:
        """The store shortly before the end of its day."""
        kept = Kept(self.place / "today", self.data)
        kept.live()
        return kept

    @cached_property
    def day(self) -> Kept:
        """The same store when its day is over."""
        kept = self.today.copy(self.place / "day")
        kept.end_of_day()
        return kept

    @cached_property
    def peers(self) -> list[Peer]:
        """Running, with the samples of `cpu`."""
        found = (
            []
            if self.asked.alone
            else [
                make(self.work / self.data.key("cpu").replace("cpu", make.__name__)) for make in installed()
            ]
        )
        for peer in found:
            self._opened.callback(peer.stop)
            peer.prepare(self.data)
        return found

    def measure_fresh(self) -> dict[str, Any]:
        (place := self.place / "fresh").mkdir()
        return fresh.measure(place, self.probes["core"], self.few, self.asked.rounds, self.asked.alone)

    def measure_ingest(self) -> dict[str, Any]:
        (place := self.place / "ingest").mkdir()
        return ingest.measure(place, self.probes, self.few, self.asked.rounds)

    def measure_seal(self) -> dict[str, Any]:
        (place := self.place / "seal").mkdir()
        return sealing.measure(place, self.probes, self.few)

    def measure_bytes(self) -> dict[str, Any]:
        today = self.today.sizes()
        found = keeping.measure(self.day, today)
        samples = found["tables"]["cpu"]["rows"] * len(self.probes["cpu"].counters)
        found["peers"] = {
            peer.name: {**peer.facts, "bytes_per_sample": peer.facts["bytes"]["all"] / samples}
            for peer in self.peers
        }
        return {**found, "year": year.simulate(found, self.probes)}

    def measure_queries(self) -> dict[str, Any]:
        stores = {asking.HOURS: self.today.root, asking.DAY: self.day.root}
        return asking.measure(questions(self.data), stores, self.peers, self.asked.rounds)


PARTS: dict[str, Callable[[Run], dict[str, Any]]] = {
    "fresh": Run.measure_fresh, "ingest": Run.measure_ingest, "seal": Run.measure_seal, "bytes": Run.measure_bytes,
    "queries": Run.measure_queries,
}  # fmt: skip


def main(argv: Sequence[str]) -> int:
    asked = options(argv)
    result: dict[str, Any] = {
        "bench": "store",
        "hosts": asked.hosts,
        "hours": asked.hours,
        "environment": environment(),
    }
    with ExitStack() as opened:
        if asked.work:
            asked.work.mkdir(parents=True, exist_ok=True)
        place = opened.enter_context(tempfile.TemporaryDirectory(prefix="livedata-bench-", dir=asked.work))
        run = Run(asked, Path(place), opened)
        for name in asked.only.split(","):
            begun = time.monotonic()
            result[name] = summed_up(PARTS[name](run))
            print(f"{name}: {time.monotonic() - begun:.0f} s", file=sys.stderr)
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

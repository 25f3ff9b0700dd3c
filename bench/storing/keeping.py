"""Keeping: a day's rows sealed and compacted as a collector does it, and what that costs in CPU, memory and bytes.

Sealed files come every ten minutes of the day, compaction runs every hour of it and once when it is over; the clock alone is made up. What
compacts runs in a process of its own, as it does beside a collector, so that its memory is told exactly.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from livedata.query.roll import roller
from livedata.store import manifest, tend
from livedata.store.compact import Task
from livedata.store.files import make_folder
from livedata.store.keep import parse_keep
from livedata.store.layout import Layout
from livedata.store.load import load
from livedata.store.memory import give_back
from livedata.store.registry import Registry

from .data import HOUR_US, Data
from .meter import Meter, peak_mb

SLOT_MINUTES = 10
"""How often a collector seals."""
AFTER_US = 3 * HOUR_US
"""How long after its end a day is compacted, at the latest."""
FOREVER = parse_keep("100y", "1000TB")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one piece of work took. `peak_mb`: the most memory that its process had by then."""

    table: str
    rows: int
    cpu_ms: float
    wall_ms: float
    peak_mb: float


def _tend(root: Path, now_us: int) -> list[Cost]:
    """In a process of its own: all that is due by then, task by task."""
    costs: list[Cost] = []
    begun: list[tuple[Task, Meter]] = []

    def close() -> None:
        if begun:
            task, meter = begun.pop()
            meter.__exit__()
            costs.append(Cost(task.table, task.rows, meter.cpu_ms, meter.wall_ms, peak_mb()))

    def tell(task: Task, _: int) -> None:
        close()
        begun.append((task, Meter().__enter__()))

    give_back()
    with roller() as roll:
        done = tend.tend(root, FOREVER, lambda: now_us, roll, tell=tell)
    close()
    if done.damage:
        raise RuntimeError(done.damage[0])
    return costs


@contextmanager
def worker() -> Iterator[ProcessPoolExecutor]:
    """One fresh process."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


class Kept:
    """A store of the data. `loading`, `hourly` and `daily` are the costs of its life so far."""

    def __init__(self, root: Path, data: Data) -> None:
        self.root = root
        self.data = data
        self.loading: list[Cost] = []
        self.hourly: list[Cost] = []
        self.daily: list[Cost] = []
        self.sealed_files = 0
        layout = Layout(root)
        make_folder(root)
        for folder in layout.folders:
            make_folder(folder)
        registry = Registry(layout)
        self._versions = {t: registry.admit(data.probes[t]) for t in data.hosts}

    def live(self) -> None:
        """The day, hour by hour: what a store looks like shortly before midnight."""
        with worker() as pool:
            for number in range(self.data.hours):
                self._load(number)
                now = self.data.end - (self.data.hours - 1 - number) * HOUR_US + 1
                self.hourly += pool.submit(_tend, self.root, now).result()

    def _load(self, number: int) -> None:
        data, layout = self.data, Layout(self.root)
        with manifest.writing(layout) as listed:
            for table in data.hosts:
                for end, rows in data.slots(table, number, SLOT_MINUTES):
                    with Meter() as meter:
                        count = load(listed, data.probes[table], self._versions[table], [rows], end)
                    self.loading.append(Cost(table, count, meter.cpu_ms, meter.wall_ms, 0.0))
            self.sealed_files += sum(s.level == 0 for s in listed.segments())

    def end_of_day(self) -> None:
        """Compaction of the whole day."""
        with worker() as pool:
            self.daily = pool.submit(_tend, self.root, self.data.midnight + AFTER_US).result()

    def copy(self, root: Path) -> Kept:
        """The same store at another place; files are shared until one of the two deletes them."""
        shutil.copytree(self.root, root, copy_function=os.link)
        for name in root.glob("manifest.sqlite*"):
            name.unlink()
            shutil.copyfile(self.root / name.name, name)
        other = object.__new__(Kept)
        other.__dict__ |= {**self.__dict__, "root": root}
        return other

    def sizes(self) -> dict[str, dict[str, float]]:
        """table → rows, bytes, files, now."""
        found: dict[str, Counter[str]] = {}
        with manifest.writing(Layout(self.root)) as listed:
            for s in listed.segments():
                found.setdefault(s.table, Counter()).update(rows=s.rows, bytes=s.bytes, files=1)
        return {table: dict(counts) for table, counts in sorted(found.items())}


def per_million(costs: Iterable[Cost]) -> float:
    """CPU seconds for a million rows."""
    some = list(costs)
    rows = sum(c.rows for c in some)
    return sum(c.cpu_ms for c in some) / 1e3 / (rows / 1e6) if rows else 0.0


def measure(kept: Kept, today: dict[str, dict[str, float]]) -> dict[str, Any]:
    """What the store's life cost, and what it holds: `today` before its day was over, and now."""
    probes = kept.data.probes
    costs = {"sealed": kept.loading, "hourly": kept.hourly, "daily": kept.daily}
    largest = max((*kept.hourly, *kept.daily), key=lambda c: c.peak_mb)
    tables: dict[str, dict[str, Any]] = {}
    for table, found in kept.sizes().items():
        tables[table] = {
            **found,
            "bytes_per_row": found["bytes"] / found["rows"],
            "today_bytes_per_row": today[table]["bytes"] / today[table]["rows"],
            "today_files": today[table]["files"],
            "cpu_s_per_million": {
                w: per_million(c for c in cs if c.table == table) for w, cs in costs.items()
            },
        }
        if table in probes and probes[table].counters:
            tables[table]["bytes_per_counter_sample"] = tables[table]["bytes_per_row"] / len(
                probes[table].counters
            )
    return {
        "hosts": dict(kept.data.hosts),
        "hours": kept.data.hours,
        "cpu_s": {what: sum(c.cpu_ms for c in some) / 1e3 for what, some in costs.items()},
        "compaction_peak_mb": largest.peak_mb,
        "sealed_files": kept.sealed_files,
        "tables": tables,
    }

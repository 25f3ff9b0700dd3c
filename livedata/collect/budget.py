"""What asking may cost a host, kept by the program: above it the host is asked more rarely, and it is said. Pure: it is told `now`."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from math import ceil, log2

from ..model.batch import Row
from ..model.scrape import SCRAPE, Outcome, Scrape

NAME = "budget"
"""The `probe` of the `scrape` rows that say so."""
WINDOW_SECONDS = 60.0
MOST = 16
"""How many times more rarely a host is asked at the most."""
SSHD_MS, SSHD_MS_PER_KB = 0.5, 0.03
"""What the server takes for an answer besides the shell and its children, which `times` doesn't count: bench/collect, docs/cost.md."""

_NAMES = [c.name for c in SCRAPE.columns]
_PROBE, _CPU, _BYTES = map(_NAMES.index, ("probe", "remote_cpu_ms", "bytes"))


def next_factor(factor: int, need: float) -> int:
    """How many times more rarely than its probes say a host is to be asked.

    Args:
        factor: as it was asked over the last window, a power of two.
        need: what that cost, over what it may cost.
    """
    if need > 1:
        return min(MOST, factor << ceil(log2(need)))
    # Twice as often would still leave a fifth of the budget.
    return factor // 2 if factor > 1 and need < 0.4 else factor


class Budget:
    """One host's.

    Args:
        cpu_pct: of one core there.
        bytes_a_minute: of answers.
        probes: whose cost counts; logs are as long as they are.
    """

    def __init__(self, cpu_pct: float, bytes_a_minute: float, probes: Iterable[str]) -> None:
        self._cpu_ms = cpu_pct / 100 * WINDOW_SECONDS * 1000
        self._bytes = bytes_a_minute * WINDOW_SECONDS / 60
        self._probes = frozenset(probes)
        self._runs: deque[tuple[int, float, int]] = deque()
        self._since: int | None = None
        self.factor = 1

    def add(self, now: int, rows: Iterable[Row]) -> None:
        """Count rows of `scrape`, whose milliseconds are hundredths as those of every `d2` are."""
        mine = [row for row in rows if row[_PROBE] in self._probes]
        size = sum(row[_BYTES] or 0 for row in mine)
        cpu = sum(row[_CPU] or 0 for row in mine) / 100
        if mine:
            self._runs.append((now, cpu + SSHD_MS + SSHD_MS_PER_KB * size / 1000, size))

    def look(self, now: int) -> Scrape | None:
        """Decide anew, once a window; what there is to say if that changes something."""
        window = int(WINDOW_SECONDS * 1e6)
        if self._since is None or now < self._since:
            self._since = now
        if now - self._since < window:
            return None
        self._since = now
        while self._runs and self._runs[0][0] <= now - window:
            self._runs.popleft()
        cpu, size = sum(run[1] for run in self._runs), sum(run[2] for run in self._runs)
        self._runs.clear()
        before, self.factor = (
            self.factor,
            next_factor(self.factor, max(cpu / self._cpu_ms, size / self._bytes)),
        )
        if self.factor == before:
            return None
        if self.factor == 1:
            return Scrape(NAME, Outcome.OK)
        pct = cpu / WINDOW_SECONDS / 10
        return Scrape(
            NAME, Outcome.MISSED,
            f"asked {self.factor} times more rarely: in a minute it took {pct:.2g} % of a core there and {size / 1000:,.0f} kB",
        )  # fmt: skip

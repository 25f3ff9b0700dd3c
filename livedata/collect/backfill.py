"""How far back the journals of hosts are read, and when that is far enough."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf

from ..errors import ConfigError
from ..parse.marks import BEGIN, place

AT_ONCE = 8
"""Hosts whose journals are read back at one time: each keeps an answer in memory."""
_AGE = re.compile(r"(\d{1,5})\s*([hdwy])")
_SECONDS = {"h": 3_600, "d": 86_400, "w": 604_800, "y": 31_557_600}
FORMS = "24h, 30d, 1y, all, none"


@dataclass(frozen=True, slots=True)
class Filled:
    """How far one host's is: `entries` read back since this began, `reached`: microseconds UTC, `done`: as far as was wanted."""

    host: str
    entries: int
    reached: int
    done: bool


@dataclass(frozen=True, slots=True)
class Backfill:
    """`seconds` before now, `inf` for all there is; `turns`: whose turn it is; `told`: of each step."""

    seconds: float
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    told: Callable[[Filled], None] = lambda filled: None

    def wanted(self, cursor: str | None, now: int) -> bool:
        """Whether there may be older entries that are wanted, by the cursor kept so far; `now`: microseconds UTC."""
        known = place(cursor)
        return bool(known.back) and known.back != BEGIN and known.reached > now - self.seconds * 1e6


def parse_backfill(text: str) -> float:
    """The setting `backfill` in seconds. Raises ConfigError."""
    if text in ("all", "none"):
        return inf if text == "all" else 0.0
    found = _AGE.fullmatch(text)
    if found is None:
        raise ConfigError(f"backfill is {text!r}, which is no age", hint=f"for example: {FORMS}")
    return float(int(found[1]) * _SECONDS[found[2]])

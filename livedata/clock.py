"""Time comes in by this door: everything that decides is told `now`; only `SystemClock` asks the machine."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    def now_us(self) -> int:
        """Microseconds since the epoch, UTC (CLOCK_REALTIME)."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go backwards (CLOCK_MONOTONIC: stands still while the machine sleeps)."""
        ...

    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    def now_us(self) -> int:
        return time.time_ns() // 1000

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

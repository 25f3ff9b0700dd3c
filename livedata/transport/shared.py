"""One connection that many hosts pass, such as to a jump host: opened once, had again when it is lost, and left in peace after a failure."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import Generic, TypeVar

from ..model.scrape import Failure
from .backoff import wait_seconds

T = TypeVar("T")


class Shared(Generic[T]):
    """Whoever asks while it rests after a failure gets that failure, so that a thousand hosts do not try a refused key a thousand times.

    Args:
        connect: opens it.
        closed: whether one that was opened is lost.
    """

    def __init__(
        self, connect: Callable[[], Coroutine[None, None, T | Failure]], closed: Callable[[T], bool]
    ) -> None:
        self._connect = connect
        self._closed = closed
        self._task: asyncio.Task[T | Failure] | None = None
        self._failures = 0
        self._rest_until = 0.0

    async def open(self) -> T | Failure:
        if self._task is None or (self._task.done() and self._stale(self._task)):
            self._task = asyncio.create_task(self._try())
        return await asyncio.shield(self._task)

    def stop(self) -> T | None:
        """Give up; what was open, for its owner to close."""
        if self._task is None:
            return None
        self._task.cancel()
        if not self._task.done() or self._task.cancelled():
            return None
        reached = self._task.result()
        return None if isinstance(reached, Failure) else reached

    async def _try(self) -> T | Failure:
        reached = await self._connect()
        self._failures = self._failures + 1 if isinstance(reached, Failure) else 0
        if isinstance(reached, Failure):
            rest = wait_seconds(reached.outcome, self._failures, random.random())
            self._rest_until = asyncio.get_running_loop().time() + rest
        return reached

    def _stale(self, task: asyncio.Task[T | Failure]) -> bool:
        if task.cancelled():
            return True
        reached = task.result()
        if isinstance(reached, Failure):
            return asyncio.get_running_loop().time() >= self._rest_until
        return self._closed(reached)

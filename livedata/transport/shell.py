"""One long-lived shell of a host: writes requests, frames answers, and gives up in time. Knows bytes, no connection."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Callable

from ..model.scrape import Failure, Outcome
from .compose import Request, call_line
from .framing import NOISE, Begin, End, Framer, Overflow, Section
from .protocol import Answer

_TIMES = re.compile(rb"(\d+)m([\d.]+)s (\d+)m([\d.]+)s")
KEPT_ERRORS = 2000


def cpu_seconds(times: bytes) -> float | None:
    """The sum of what `times` prints (POSIX XCU: two lines, the shell's and its children's user and system time)."""
    found = _TIMES.findall(times)
    if len(found) != 2:
        return None
    try:
        return sum(int(line[i]) * 60 + float(line[i + 1]) for line in found for i in (0, 2))
    except ValueError:
        return None


def words(raw: bytes) -> str:
    """A host's own words in one line, for a person: no control characters, bounded."""
    text = raw.decode("utf-8", "backslashreplace")
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[-300:]


class Shell:
    """The two ends of a shell. Its owner calls `received`, `complained` and `ended`; users call `ask`.

    Args:
        opening: sent before the first request (the prologue).
        write: puts bytes on the shell's standard input.
        abort: ends the shell at once.
        limit: bytes a section may have.
    """

    def __init__(
        self, opening: str, write: Callable[[bytes], None], abort: Callable[[], None], limit: int
    ) -> None:
        self._opening = opening
        self._write = write
        self._abort = abort
        self._limit = limit
        self._defined: set[str] = set()
        self._lock = asyncio.Lock()
        self._framer: Framer | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._times: float | None = 0.0
        self._errors = b""
        self._unasked = b""
        self._loop = asyncio.get_running_loop()
        self.dead: Failure | None = None
        self._reset()

    def _reset(self) -> None:
        self._sections: dict[str, Section] = {}
        self._begin: Begin | None = None
        self._began_at: float | None = None
        self._partial = b""
        self._errors = b""

    def received(self, data: bytes) -> None:
        """Standard output of the shell."""
        if self._framer is None:
            self._unasked = (self._unasked + data)[-KEPT_ERRORS:]
            return
        for event in self._framer.feed(data):
            if isinstance(event, Section):
                self._sections[event.name] = event
            elif isinstance(event, Begin):
                self._begin, self._began_at = event, self._loop.time()
            elif isinstance(event, Overflow):
                self._partial = event.data
                if self._begin:
                    self.die(Failure(Outcome.TRUNCATED, f"more than {self._limit:,} bytes came"))
                else:
                    self.die(Failure(Outcome.MALFORMED, f"no shell: {NOISE:,} bytes came and no answer"))
            elif isinstance(event, End):
                self._wake()

    def complained(self, data: bytes) -> None:
        """Standard error of the shell."""
        self._errors = (self._errors + data)[-KEPT_ERRORS:]

    def ended(self, status: int | None) -> None:
        """The shell is gone by itself."""
        if self._begin is None:
            said = words(self._unasked + (self._framer.rest() if self._framer else b"") + self._errors)
            self.die(Failure(Outcome.DENIED, f"no shell (exit status {status}): {said or 'it said nothing'}"))
        else:
            self.die(Failure(Outcome.FAILED, f"the shell ended in the middle (exit status {status})"))

    def die(self, why: Failure) -> None:
        """Nothing more can come: wake whoever waits, and end what may still run."""
        if self.dead is None:
            self.dead = why
            self._abort()
        self._wake()

    def _wake(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)

    async def ask(self, request: Request, timeout: float) -> Answer:
        """Send a request and wait for its end; after `timeout` seconds the shell is given up."""
        async with self._lock:
            if self.dead:
                return Answer(failure=self.dead)
            self._reset()
            nonce = secrets.token_hex(16)
            self._framer = framer = Framer(nonce, self._limit)
            self._waiter = self._loop.create_future()
            script = "" if request.call in self._defined else request.script
            self._defined.add(request.call)
            started = self._loop.time()
            self._write((self._opening + script + call_line(request, nonce)).encode())
            self._opening = ""
            try:
                async with asyncio.timeout(timeout):
                    await self._waiter
            except TimeoutError:
                self._partial = framer.rest() if self._begin else b""
                self.die(Failure(Outcome.TIMEOUT, f"no answer within {timeout:g} s"))
            finally:
                self._framer = None
            return self._answer(framer, started)

    def _answer(self, framer: Framer, started: float) -> Answer:
        times = self._sections.pop("times", None)
        total = cpu_seconds(times.data) if times else None
        cpu = total - self._times if total is not None and self._times is not None else None
        self._times = total
        return Answer(
            sections=self._sections,
            boot_id=self._begin.boot_id if self._begin else None,
            uptime_ms=self._begin.uptime_ms if self._begin else None,
            rtt=self._began_at - started if self._began_at else None,
            wall=self._loop.time() - started,
            cpu=cpu,
            received=framer.seen,
            errors=words(self._errors),
            partial=self._partial,
            failure=self.dead if not framer.ended or framer.overflowed else None,
        )

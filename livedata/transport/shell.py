"""One long-lived shell of a host: writes requests, frames answers, and gives up in time. Knows bytes, no connection."""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
from collections.abc import Callable
from dataclasses import replace

from ..model.scrape import Failure, Outcome
from .compose import Request, call_line
from .framing import NOISE, Begin, End, Framer, Overflow, Section
from .protocol import Answer, Heard
from .reader import READER, Start

_TIMES = re.compile(rb"(\d+)m([\d.]+)s (\d+)m([\d.]+)s")
KEPT_ERRORS = 2000
READ_AHEAD = 256 * 1024
"""Bytes of what is followed that may wait here to be heard; with more the shell is not read from."""
BEGIN_SECONDS = 20.0
"""What it may take until that begins, and until it ends once it is told to."""


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


Speak = Callable[[str, str, Request, str], str]


def plainly(opening: str, script: str, request: Request, nonce: str) -> str:
    """To a shell that takes whatever comes."""
    return opening + script + call_line(request, nonce)


class Shell:
    """The two ends of a shell. Its owner calls `received`, `complained` and `ended`; users call `ask`.

    Args:
        opening: sent before the first request (the prologue).
        write: puts bytes on the shell's standard input.
        abort: ends the shell at once.
        hold: stops reading from the shell, or goes on.
        limit: bytes a section may have.
        start: gives it a reader, where the host's awk will do.
        speak: puts an opening, a script and a call into the words that are sent.
    """

    def __init__(
        self, opening: str, write: Callable[[bytes], None], abort: Callable[[], None], limit: int,
        hold: Callable[[bool], None] = lambda held: None, start: Start | None = None, speak: Speak = plainly,
    ) -> None:  # fmt: skip
        self._opening = opening
        self._write = write
        self._abort = abort
        self._limit = limit
        self._hold = hold
        self._held = False
        self._flows: asyncio.Event | None = None
        """Set when something came of what is followed."""
        self._defined: set[str] = set()
        self._lock = asyncio.Lock()
        self._framer: Framer | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._times: float | None = 0.0
        self._start = start
        self._speak = speak
        self._reader: Section | None = None
        self._reader_seconds = 0.0
        self._nonce = ""
        self._spoke = False
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
                self._begin, self._began_at, self._spoke = event, self._loop.time(), True
            elif isinstance(event, Overflow):
                self._partial = event.data
                if self._begin:
                    self.die(Failure(Outcome.TRUNCATED, f"more than {self._limit:,} bytes came"))
                else:
                    self.die(Failure(Outcome.MALFORMED, f"no shell: {NOISE:,} bytes came and no answer"))
            elif isinstance(event, End):
                self._wake()
        if self._flows:
            self._flows.set()
            if not self._held and self._framer.waiting > READ_AHEAD:
                self._held = True
                self._hold(True)

    def complained(self, data: bytes) -> None:
        """Standard error of the shell."""
        self._errors = (self._errors + data)[-KEPT_ERRORS:]

    def ended(self, status: int | None) -> None:
        """The shell is gone by itself."""
        if not self._spoke:
            said = words(self._unasked + (self._framer.rest() if self._framer else b"") + self._errors)
            self.die(Failure(Outcome.DENIED, f"no shell (exit status {status}): {said or 'it said nothing'}"))
        else:
            said = f": {words(self._errors)}" if self._errors else ""
            self.die(Failure(Outcome.FAILED, f"the shell ended in the middle (exit status {status}){said}"))

    def die(self, why: Failure) -> None:
        """Nothing more can come: wake whoever waits, and end what may still run."""
        if self.dead is None:
            self.dead = why
            self._abort()
        self._wake()

    def _wake(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)
        if self._flows:
            self._flows.set()

    async def ask(self, request: Request, timeout: float) -> Answer:
        """Send a request and wait for its end; after `timeout` seconds the shell is given up."""
        async with self._lock:
            if self._start and not self.dead:
                start, self._start = self._start, None
                answer = await self._exchange(start.request, timeout)
                if not answer.failure and self._reader and self._reader.status == 0:
                    # What was said to the shell before is not known to the one that takes its place.
                    self._opening, self._times = start.opening, 0.0
                    self._defined.clear()
            if self.dead:
                return Answer(failure=self.dead)
            return await self._exchange(request, timeout)

    async def _exchange(self, request: Request, timeout: float) -> Answer:
        self._waiter = self._loop.create_future()
        started, framer = self._loop.time(), self._send(request)
        try:
            async with asyncio.timeout(timeout):
                await self._waiter
        except TimeoutError:
            self._partial = framer.rest() if self._begin else b""
            self.die(Failure(Outcome.TIMEOUT, f"no answer within {timeout:g} s"))
        finally:
            self._framer = None
        return self._answer(framer, started)

    async def follow(self, request: Request, seconds: float, heard: Heard) -> Answer:
        """Send a request that goes on until it is told to end, and hand on its lines as they come; after `seconds` it is told so."""
        async with self._lock:
            if self.dead:
                return Answer(failure=self.dead)
            self._flows = flows = asyncio.Event()
            started, framer = self._loop.time(), self._send(request)
            told, until = False, started + BEGIN_SECONDS
            try:
                while not self.dead and not framer.ended:
                    over = self._loop.time() >= until
                    if over and (told or self._begin is None):
                        self.die(Failure(Outcome.TIMEOUT, f"it did not {'end' if told else 'begin'}"))
                    elif not told and (over or self._sections):
                        self._write(b"\n")
                        told, until = True, self._loop.time() + BEGIN_SECONDS
                    elif not told and self._begin:
                        until = started + seconds
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout_at(until):
                            await flows.wait()
                    flows.clear()
                    lines = self._last_lines(request) if self._sections else framer.lines()
                    if lines and not await heard(lines):
                        seconds = 0.0
                    if self._held:
                        self._held = False
                        self._hold(False)
            finally:
                self._flows = self._framer = None
                if not framer.ended:
                    self.die(Failure(Outcome.MISSED, "it is no more followed"))
            return self._answer(framer, started)

    def _last_lines(self, request: Request) -> bytes:
        """The whole lines that came together with the mark of what was followed, once."""
        (probe,) = request.probes
        section = self._sections.get(probe.name)
        if section is None or not section.data:
            return b""
        self._sections[probe.name] = replace(section, data=b"")
        return section.data[: section.data.rfind(b"\n") + 1]

    def _send(self, request: Request) -> Framer:
        """Write a request, and make ready for its answer."""
        self._reset()
        nonce = self._nonce = secrets.token_hex(16)
        self._framer = Framer(nonce, self._limit)
        script = "" if request.call in self._defined else request.script
        self._defined.add(request.call)
        self._write(self._speak(self._opening, script, request, nonce).encode())
        self._opening = ""
        return self._framer

    def _answer(self, framer: Framer, started: float) -> Answer:
        times = self._sections.pop("times", None)
        total = cpu_seconds(times.data) if times else None
        cpu = total - self._times if total is not None and self._times is not None else None
        self._times = total
        self._reader = self._sections.pop(READER, None)
        if self._reader and self._reader.note.isdecimal() and len(self._reader.note) < 10:
            before, self._reader_seconds = self._reader_seconds, int(self._reader.note) / 100
            cpu = None if cpu is None else cpu + self._reader_seconds - before
        # An answer is not kept until the next: there are as many shells as hosts.
        sections, self._sections = self._sections, {}
        return Answer(
            nonce=self._nonce,
            sections=sections,
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

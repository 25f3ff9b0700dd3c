"""What every way to reach a host offers: connect to it, and ask its shell."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from ..model.host import Host
from ..model.probe import Lane
from ..model.scrape import Failure
from .compose import Request
from .framing import Section


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one request. With a `failure` the sections are those that came whole before it.

    `partial`: bytes of the section that was cut off. Times in seconds: `rtt` to the first mark, `wall` to the end.
    `cpu`: CPU seconds that the shell and its children took since the request before, as the shell's `times` says.
    `received`: bytes of the whole answer. `errors`: the last of what the host wrote to standard error.
    """

    sections: dict[str, Section] = field(default_factory=dict)
    boot_id: str | None = None
    uptime_ms: int | None = None
    rtt: float | None = None
    wall: float | None = None
    cpu: float | None = None
    received: int = 0
    errors: str = ""
    partial: bytes = b""
    failure: Failure | None = None
    nonce: str = ""
    """The request's, by which a reader knows what it sent."""


Heard = Callable[[bytes], Awaitable[bool]]
"""Told whole lines as they come; whether to go on. While it takes its time, the host waits: nothing is read from it beyond a window."""


class Session(Protocol):
    """An open way to a host: at most three shells, each started when it is first asked."""

    connect_s: float
    """Seconds it took to be authenticated."""

    async def ask(self, lane: Lane, request: Request, timeout: float) -> Answer:
        """Ask one shell; a failure is in the answer, never raised. Requests on one lane wait for one another."""
        ...

    async def follow(self, lane: Lane, request: Request, seconds: float, heard: Heard) -> Answer:
        """Hear what a request made by `compose_follow` says, for so many seconds or until it ends; nothing else can be asked on that
        lane meanwhile. `unsupported`: there is no channel for that alone."""
        ...

    @property
    def lost(self) -> Failure | None:
        """Why nothing more can come of this session; None while it lives."""
        ...

    async def wait_lost(self) -> Failure:
        """Return once the session is lost, however long that takes."""
        ...

    async def close(self) -> None: ...


class Transport(Protocol):
    async def connect(self, host: Host) -> Session | Failure: ...

    async def close(self) -> None: ...

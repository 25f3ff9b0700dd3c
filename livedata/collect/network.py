"""Whether it is this machine's own network that is gone, rather than its hosts: then that is one word, and no storm of alarms."""

from __future__ import annotations

import socket
from collections.abc import Callable

from ..clock import Clock
from ..model.scrape import Failure, Outcome

QUIET_SECONDS = 15.0
"""Longer than a tick: where no host was heard for so long, it is not one host that is silent."""
ELSEWHERE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
"""Addresses that belong to nobody (RFC 5737, RFC 3849): the way to them is the default route."""


def routed() -> bool:
    """Whether this machine has a default route: a datagram socket that is connected asks the kernel and sends nothing."""
    for family, address in ELSEWHERE:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as asking:
                asking.connect((address, 9))
        except OSError:
            continue
        return True
    return False


class Network:
    """What all watched hosts together tell of the network between them and this machine.

    Args:
        clock: for how long it has been quiet.
        routed: whether there is a way out of this machine at all.
    """

    def __init__(self, clock: Clock, routed: Callable[[], bool] = routed) -> None:
        self._clock = clock
        self._routed = routed
        self._watched: set[str] = set()
        self._open: set[str] = set()
        self._heard_at = clock.monotonic()
        self.away = False
        """Whether it is gone."""
        self.returns = 0
        """How often it came back: who waits for it need wait no longer."""

    @property
    def hosts(self) -> int:
        """How many hosts are reached through it."""
        return len(self._watched)

    @property
    def sessions(self) -> int:
        return len(self._open)

    def join(self, host: str) -> None:
        self._watched.add(host)

    def leave(self, host: str) -> None:
        self._watched.discard(host)
        self._open.discard(host)

    def opened(self, host: str) -> None:
        self._open.add(host)
        self.heard()

    def closed(self, host: str) -> None:
        self._open.discard(host)

    def heard(self) -> None:
        """A host said something: an answer, or a refusal."""
        self._heard_at = self._clock.monotonic()
        if self.away:
            self.away = False
            self.returns += 1

    def judge(self, failure: Failure) -> Failure:
        """What a failed attempt is to be called: as it is, or `offline` where it says nothing of the host.

        It is this machine where a host was silent, no other has a session, and there is either no way out, or of at least two hosts
        not one was heard for a while.
        """
        if not failure.silent:
            if failure.outcome is not Outcome.UNRESOLVED:
                self.heard()
            return failure
        if self._open:
            return failure
        if not self._routed():
            self.away = True
            return Failure(Outcome.OFFLINE, f"this machine has no network: {failure.detail}", silent=True)
        quiet = self._clock.monotonic() - self._heard_at
        if self.away or (quiet >= QUIET_SECONDS and len(self._watched) > 1):
            self.away = True
            return Failure(
                Outcome.OFFLINE,
                f"not one of {len(self._watched)} hosts answers, so this machine's network: {failure.detail}",
                silent=True,
            )
        return failure

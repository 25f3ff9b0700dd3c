"""Host down, or this machine's network gone: told apart by what all hosts together say, and one word where it is the latter."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable

import pytest

from livedata.collect import network
from livedata.collect.network import QUIET_SECONDS, Network, routed
from livedata.model.scrape import Failure, Outcome

SILENCE = Failure(Outcome.UNREACHABLE, "no answer within 10 s", silent=True)
REFUSAL = Failure(Outcome.UNREACHABLE, "Connection refused")


class Hands:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.at = 0.0

    def now_us(self) -> int:
        return int(self.at * 1e6)

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += seconds


def watched(hosts: int, way_out: Callable[[], bool] = lambda: True) -> tuple[Network, Hands]:
    clock = Hands()
    made = Network(clock, way_out)
    for n in range(hosts):
        made.join(f"h{n}")
    return made, clock


def test_one_silent_host_among_others_is_down() -> None:
    net, clock = watched(3)
    net.opened("h0")
    clock.at += 1000
    assert net.judge(SILENCE) == SILENCE


def test_silence_of_all_is_this_machines_network_once_it_has_been_quiet() -> None:
    net, clock = watched(3)
    net.opened("h0")
    net.closed("h0")
    clock.at += QUIET_SECONDS - 1
    assert net.judge(SILENCE) == SILENCE
    clock.at += 1
    assert net.judge(SILENCE).outcome is Outcome.OFFLINE
    assert net.away


def test_a_single_host_that_is_silent_is_down_while_there_is_a_way_out() -> None:
    net, clock = watched(1)
    clock.at += 1000
    assert net.judge(SILENCE) == SILENCE
    alone, _ = watched(1, lambda: False)
    assert alone.judge(SILENCE).outcome is Outcome.OFFLINE


def test_without_a_way_out_a_host_that_answers_still_shows_that_the_network_is_there() -> None:
    net, _ = watched(2, lambda: False)
    net.opened("h0")
    assert net.judge(SILENCE) == SILENCE


@pytest.mark.parametrize(
    "failure", [REFUSAL, Failure(Outcome.AUTH_FAILED, "no"), Failure(Outcome.HOSTKEY_CHANGED, "no")]
)
def test_a_refusal_shows_that_the_network_is_there(failure: Failure) -> None:
    net, clock = watched(2)
    clock.at += 1000
    assert net.judge(SILENCE).outcome is Outcome.OFFLINE
    assert net.judge(failure) == failure
    assert (net.away, net.returns) == (False, 1)
    assert net.judge(SILENCE) == SILENCE


def test_the_first_answer_calls_everybody_once() -> None:
    net, clock = watched(2)
    clock.at += 1000
    net.judge(SILENCE)
    net.judge(SILENCE)
    net.heard()
    net.heard()
    assert net.returns == 1


def test_a_name_that_is_not_known_says_nothing_of_the_network() -> None:
    net, clock = watched(2)
    clock.at += 1000
    net.judge(SILENCE)
    unknown = Failure(Outcome.UNRESOLVED, "no such name")
    assert net.judge(unknown) == unknown
    assert net.away


def test_a_host_that_is_watched_no_more_holds_nothing_open() -> None:
    net, clock = watched(2)
    net.opened("h0")
    net.leave("h0")
    assert net.hosts == 1
    clock.at += 1000
    net.join("h2")
    assert net.judge(SILENCE).outcome is Outcome.OFFLINE


def test_the_way_out_is_the_kernels_word(monkeypatch: pytest.MonkeyPatch) -> None:
    class Unreachable(socket.socket):
        def connect(self, address: object) -> None:
            raise OSError(errno.ENETUNREACH, "Network is unreachable")

    assert isinstance(routed(), bool)
    monkeypatch.setattr(network.socket, "socket", Unreachable)
    assert routed() is False

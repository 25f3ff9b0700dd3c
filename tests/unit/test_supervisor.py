"""A service manager hears that all is well, and one that is not there is no trouble."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from livedata.supervisor import notify, reloading, watchdog_seconds


@contextmanager
def manager(address: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(address)
        sock.settimeout(5)
        yield sock


def test_a_manager_hears(tmp_path: Path) -> None:
    with manager(str(tmp_path / "s")) as sock:
        notify("READY=1\nSTATUS=ä", {"NOTIFY_SOCKET": str(tmp_path / "s")})
        assert sock.recv(100).decode() == "READY=1\nSTATUS=ä"


def test_an_abstract_socket(tmp_path: Path) -> None:
    name = f"livedata-test-{os.getpid()}"
    with manager(f"\0{name}") as sock:
        notify("WATCHDOG=1", {"NOTIFY_SOCKET": f"@{name}"})
        assert sock.recv(100) == b"WATCHDOG=1"


@pytest.mark.parametrize("path", ["", "relative", "/no/such/socket", "@no-such-socket", "vsock:2:1234"])
def test_no_manager_is_no_trouble(path: str) -> None:
    notify("READY=1", {"NOTIFY_SOCKET": path})


def test_a_manager_that_hangs_stops_nobody(tmp_path: Path) -> None:
    with manager(str(tmp_path / "s")):
        for _ in range(1000):
            notify("WATCHDOG=1", {"NOTIFY_SOCKET": str(tmp_path / "s")})


def test_reloading_says_since_when() -> None:
    lines = dict(line.split("=") for line in reloading().splitlines())
    assert lines["RELOADING"] == "1"
    assert int(lines["MONOTONIC_USEC"]) > 0


def test_how_often() -> None:
    mine = str(os.getpid())
    assert watchdog_seconds({"WATCHDOG_USEC": "60000000"}) == 30
    assert watchdog_seconds({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": mine}) == 30
    assert watchdog_seconds({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}) is None
    for text in ("", "0", "-1", "soon", "²"):
        assert watchdog_seconds({"WATCHDOG_USEC": text}) is None

"""Tells the service manager that started this process how it is: sd_notify(3), a datagram to the socket it named. Silent without one."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Mapping


def notify(state: str, environ: Mapping[str, str] = os.environ) -> None:
    """Send lines of NAME=VALUE, such as READY=1 or STATUS=words; a manager that does not listen is no failure of ours."""
    path = environ.get("NOTIFY_SOCKET", "")
    if path[:1] not in ("/", "@"):
        return
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)  # a manager that hangs does not stop us
        sock.sendto(state.encode(), "\0" + path[1:] if path.startswith("@") else path)


def reloading() -> str:
    """The state of a service that reads its configuration again, until it is READY=1."""
    return f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}"


def watchdog_seconds(environ: Mapping[str, str] = os.environ) -> float | None:
    """How often to say WATCHDOG=1: twice in the time after which the manager would end us (sd_watchdog_enabled(3)); None: never."""
    text = environ.get("WATCHDOG_USEC", "")
    pid = environ.get("WATCHDOG_PID", "")
    if not (text.isascii() and text.isdigit() and int(text)) or (pid and pid != str(os.getpid())):
        return None
    return int(text) / 2e6

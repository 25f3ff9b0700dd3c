"""Why a connection could not be had, or was lost: each error as an outcome and a sentence."""

from __future__ import annotations

import errno
import os
import re
import socket
from collections.abc import Callable

import asyncssh

from ...model.host import Route
from ...model.scrape import Failure, Outcome
from ..shell import words

SILENT = frozenset({
    errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.ETIMEDOUT, errno.EADDRNOTAVAIL,
})  # fmt: skip
"""What the kernel says where nothing comes back."""


def spoke(error: BaseException) -> bool:
    """Whether an error came from the other side: a refusal, a reset, its own good-bye."""
    if isinstance(error, TimeoutError | asyncssh.ConnectionLost):
        return False
    if isinstance(error, OSError):
        # Of a name with several addresses asyncio tells all errors in one text.
        met = [error.errno] if error.errno else [int(n) for n in re.findall(r"\[Errno (\d+)\]", str(error))]
        return not met or not SILENT.issuperset(met)
    return True


def reason(error: BaseException) -> str:
    """An error in words, one line."""
    text = (
        os.strerror(error.errno) if isinstance(error, OSError) and error.errno else words(str(error).encode())
    )
    return text or type(error).__name__


def connect_failure(error: BaseException, route: Route, key_known: Callable[[], bool]) -> Failure:
    """Every way a connection fails. `key_known`: whether known_hosts has a key for that route."""
    where = f"{route.address}:{route.port}"
    if isinstance(error, TimeoutError):
        return Failure(
            Outcome.UNREACHABLE, f"{where}: no answer within {route.connect_timeout:g} s", silent=True
        )
    if isinstance(error, asyncssh.PermissionDenied):
        return Failure(Outcome.AUTH_FAILED, f"{where}: {reason(error)}")
    if isinstance(error, asyncssh.HostKeyNotVerifiable):
        if key_known():
            return Failure(Outcome.HOSTKEY_CHANGED, f"{where}: its host key is not the one in known_hosts")
        return Failure(Outcome.HOSTKEY_UNKNOWN, f"{where}: its host key is not in known_hosts")
    if isinstance(error, socket.gaierror):
        again = error.errno == socket.EAI_AGAIN
        what = "the name service does not answer (DNS)" if again else f"no such name (DNS): {error.strerror}"
        return Failure(Outcome.UNRESOLVED, f"{route.address}: {what}", silent=again)
    if isinstance(error, ValueError):
        return Failure(Outcome.AUTH_FAILED, words(str(error).encode()))
    return Failure(Outcome.UNREACHABLE, f"{where}: {reason(error)}", silent=not spoke(error))

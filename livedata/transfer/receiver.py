"""A connection to a remote-write receiver: posts bodies one after the other, tries again what may succeed later."""

from __future__ import annotations

import http.client
import ssl
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from urllib.parse import SplitResult, urlsplit

from .. import __version__
from ..errors import ReceiverError, UsageError

TRIES = 8
LONGEST_WAIT = 60.0
TIMEOUT = 30.0
TOKEN, USER, PASSWORD = (f"LIVEDATA_REMOTE_WRITE_{name}" for name in ("TOKEN", "USER", "PASSWORD"))
"""The variables of the environment that hold a bearer token, or a user and a password."""


@dataclass
class Receiver:
    """`sleep` and `warn` are told of each wait before the next try."""

    url: str
    headers: Mapping[str, str]
    warn: Callable[[str], None]
    sleep: Callable[[float], None] = time.sleep
    _connection: http.client.HTTPConnection | None = field(default=None, init=False)

    def post(self, body: bytes) -> None:
        """Hand over one body.

        Raises:
            ReceiverError: the receiver refuses it, or can't be reached in `TRIES` tries.
        """
        for attempt in range(TRIES):
            try:
                status, said, wait = self._try(body)
            except (OSError, http.client.HTTPException) as error:
                self.close()
                if isinstance(error, ssl.SSLCertVerificationError):
                    raise ReceiverError(f"its certificate: {error.verify_message}", where=self.url) from None
                said, wait = str(error) or type(error).__name__, None
            else:
                if status < 300:
                    return
                said = f"HTTP {status}: {said}"
                if status != 429 and status < 500:
                    raise ReceiverError(f"it refuses: {said}", where=self.url, hint=_hint(status, said))
            if attempt + 1 < TRIES:
                seconds = min(LONGEST_WAIT, 2.0**attempt / 2 if wait is None else wait)
                self.warn(f"{self.url}: {said}; again in {seconds:g} s")
                self.sleep(seconds)
        raise ReceiverError(f"it can't be reached, or is busy, in {TRIES} tries: {said}", where=self.url)

    def _try(self, body: bytes) -> tuple[int, str, float | None]:
        """Status, the first line of what is said, and the wait that is asked for."""
        if self._connection is None:
            self._connection = _connect(urlsplit(self.url))
        self._connection.request("POST", _path(self.url), body, dict(self.headers))
        answer = self._connection.getresponse()
        text = answer.read(10_000).decode(errors="replace").strip().partition("\n")[0]
        if answer.will_close or not answer.isclosed():
            self.close()
        return answer.status, text[:300], retry_after(answer.headers.get("Retry-After"), time.time())

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def receiver(url: str, environ: Mapping[str, str], warn: Callable[[str], None]) -> Receiver:
    """The receiver at a URL, with what the environment says of who asks.

    Raises:
        UsageError: it is no URL of http or https, or holds a password, which every process of this machine could read.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise UsageError(f"{url!r} is no URL: {error}", where="--remote-write") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(
            f"{url!r} is no URL",
            where="--remote-write",
            hint="for example: http://127.0.0.1:9090/api/v1/write",
        )
    if parts.username is not None:
        raise UsageError(
            "a URL is no place for a password",
            where="--remote-write",
            hint=f"put it into ${USER} and ${PASSWORD}, or ${TOKEN}",
        )
    headers = {
        "Content-Type": "application/x-protobuf",
        "Content-Encoding": "snappy",
        "X-Prometheus-Remote-Write-Version": "0.1.0",
        "User-Agent": f"livedata/{__version__}",
    }
    if environ.get(TOKEN):
        headers["Authorization"] = f"Bearer {environ[TOKEN]}"
    elif environ.get(USER):
        pair = f"{environ[USER]}:{environ.get(PASSWORD, '')}"
        headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    return Receiver(url, headers, warn)


def _connect(parts: SplitResult) -> http.client.HTTPConnection:
    host = parts.hostname or ""
    if parts.scheme == "https":
        return http.client.HTTPSConnection(
            host, parts.port, timeout=TIMEOUT, context=ssl.create_default_context()
        )
    return http.client.HTTPConnection(host, parts.port, timeout=TIMEOUT)


def _path(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def retry_after(header: str | None, now: float) -> float | None:
    """Seconds that a `Retry-After` asks for (RFC 9110, 10.2.3): a number, or a date; None where it says neither."""
    if header is None:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    return max(0.0, (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now)


def _hint(status: int, said: str) -> str:
    if status == 404:
        return "Prometheus takes it at /api/v1/write, if started with --web.enable-remote-write-receiver"
    if status in (401, 403):
        return f"a token goes into ${TOKEN}, a user and a password into ${USER} and ${PASSWORD}"
    if "out of" in said or "too old" in said:
        return "Prometheus takes old samples only within tsdb.out_of_order_time_window, or into an empty database"
    return ""

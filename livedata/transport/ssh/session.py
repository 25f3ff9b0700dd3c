"""A connection to one host that is open, and its shells: one a lane, or one for all where the server grants no more."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import asyncssh
from asyncssh.constants import MSG_IGNORE

from ...model.host import Host
from ...model.probe import Lane
from ...model.scrape import Failure, Outcome
from .. import gate
from ..compose import Request, prologue
from ..protocol import Answer, Heard
from ..reader import start_reader
from ..shell import BEGIN_SECONDS, Shell
from ..watchdog import BEAT_SECONDS, DEFINE, MAIN, SHARED
from .failures import reason, spoke

WINDOW_BYTES = 256 * 1024
"""What a shell may send ahead (RFC 4254, 5.2): one that is given up over a slow link delays the others by no more."""
COMMAND = "exec /bin/sh -s"


class Client(asyncssh.SSHClient):
    """Keeps the connection, and why it ended; leaves out empty packets.

    asyncssh sends one before each of ours, against an attack on ciphers in CBC mode (RFC 4251, 9.3.1). None of `options.CIPHERS` is of that mode,
    and to both sides it costs as much as the packet that asks.
    """

    connection: asyncssh.SSHClientConnection
    ended: Exception | None = None

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        self.connection = conn
        send = conn.send_packet

        def send_wanted(pkttype: int, *args: bytes, **more: Any) -> None:
            if pkttype != MSG_IGNORE:
                send(pkttype, *args, **more)

        conn.send_packet = send_wanted  # type: ignore[method-assign]

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended = exc


class _Channel(asyncssh.SSHClientSession[bytes]):
    """One shell's channel: hands on bytes; standard error is told apart by its data type (RFC 4254, 5.2)."""

    shell: Shell
    _chan: asyncssh.SSHClientChannel[bytes]

    def connection_made(self, chan: asyncssh.SSHClientChannel[bytes]) -> None:
        self._chan = chan

    def write(self, data: bytes) -> None:
        # A shell that has just ended closes its channel before it is said to be lost: `ended` follows.
        with contextlib.suppress(BrokenPipeError):
            self._chan.write(data)

    def abort(self) -> None:
        self._chan.abort()

    def hold(self, held: bool) -> None:
        (self._chan.pause_reading if held else self._chan.resume_reading)()

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        if datatype is None:
            self.shell.received(data)
        else:
            self.shell.complained(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.shell.ended(self._chan.get_exit_status())


class SSHSession:
    """A connection to one host and its shells; a lane whose shell died gets a new one when it is next asked."""

    def __init__(self, client: Client, host: Host, limit: int, connect_s: float) -> None:
        self._connection, self._client = client.connection, client
        self._host = host
        self._limit = limit
        self._shells: dict[Lane, Shell] = {}
        self._opening = asyncio.Lock()
        self._word = f"livedata-{secrets.token_hex(8)}"
        self._channels: dict[Shell, _Channel] = {}
        self._shared = False
        self._loop = asyncio.get_running_loop()
        self._asked = self._loop.time()
        self._beating = self._loop.call_later(BEAT_SECONDS, self._beat)
        self.connect_s = connect_s

    @property
    def lost(self) -> Failure | None:
        if not self._connection.is_closed():
            return None
        ended = self._client.ended
        why = f"the connection was lost: {reason(ended)}" if ended else "the connection was closed"
        return Failure(Outcome.UNREACHABLE, why, silent=ended is not None and not spoke(ended))

    async def wait_lost(self) -> Failure:
        await self._connection.wait_closed()
        return self.lost or Failure(Outcome.UNREACHABLE, "the connection was closed")

    def _beat(self) -> None:
        """Let the main shell's watcher know that somebody is there, if no request does."""
        main = self._shells.get("main")
        if (
            main
            and not main.dead
            and not self._host.restricted
            and self._loop.time() - self._asked >= BEAT_SECONDS
        ):
            self._channels[main].write(b"\n")
        self._beating = self._loop.call_later(BEAT_SECONDS / 2, self._beat)

    async def ask(self, lane: Lane, request: Request, timeout: float) -> Answer:
        if self._host.restricted and not gate.acceptable(request):
            return Answer(failure=Failure(Outcome.UNSUPPORTED, "not over a key that only answers probes"))
        if lane == "main":
            self._asked = self._loop.time()
        shell = await self._shell(lane, timeout)
        if isinstance(shell, Failure):
            return Answer(failure=shell)
        parts = gate.apart(request, self._host) if self._host.restricted else [request]
        answer = gate.together([await shell.ask(part, timeout) for part in parts])
        if answer.failure and self.lost and answer.failure.outcome is not Outcome.TIMEOUT:
            return Answer(wall=answer.wall, received=answer.received, failure=self.lost)
        return answer

    async def follow(self, lane: Lane, request: Request, seconds: float, heard: Heard) -> Answer:
        if self._host.restricted:
            return Answer(
                failure=Failure(Outcome.UNSUPPORTED, "a key that only answers probes follows nothing")
            )
        shell = await self._shell(lane, BEGIN_SECONDS)
        if isinstance(shell, Failure):
            return Answer(failure=shell)
        if shell is not self._shells.get(lane):
            return Answer(failure=Failure(Outcome.UNSUPPORTED, "it grants no channel for that alone"))
        answer = await shell.follow(request, seconds, heard)
        return replace(answer, failure=self.lost) if answer.failure and self.lost else answer

    async def _shell(self, lane: Lane, seconds: float) -> Shell | Failure:
        """The lane's shell, opened if need be within so many seconds."""
        try:
            async with asyncio.timeout(seconds), self._opening:
                return await self._had_or_opened(lane)
        except TimeoutError:
            return Failure(Outcome.TIMEOUT, f"no channel within {seconds:g} s")

    async def _had_or_opened(self, lane: Lane) -> Shell | Failure:
        shell = self._shells.get(lane)
        if shell is not None and not shell.dead:
            return shell
        # A main shell that was lost may have been lost by its reader: the next one goes without.
        opened = await self._open(lane, lane == "main" and shell is None)
        if not isinstance(opened, Failure):
            self._shells[lane] = opened
            return opened
        # MaxSessions 1, or a server that grants one channel: all lanes share the shell there is.
        alive = [s for s in self._shells.values() if not s.dead]
        if self.lost or not alive:
            return opened
        if not self._shared and not self._host.restricted:
            self._shared = True
            self._channels[alive[0]].write(SHARED.encode())
        return alive[0]

    async def _open(self, lane: Lane, with_reader: bool) -> Shell | Failure:
        try:
            _, made = await self._connection.create_session(
                self._channel(lane, with_reader), gate.COMMAND if self._host.restricted else f"{COMMAND} {self._word}",
                encoding=None, request_pty=False, env={}, send_env=[], x11_forwarding=False, window=WINDOW_BYTES,
            )  # fmt: skip
        except asyncssh.ChannelOpenError as error:
            if error.code == asyncssh.OPEN_CONNECT_FAILED:  # asyncssh's own: the connection is closed
                return self.lost or Failure(Outcome.UNREACHABLE, "the connection was lost")
            return Failure(Outcome.FAILED, f"no channel: {error.reason}")
        except (asyncssh.ConnectionLost, asyncssh.DisconnectError, OSError) as error:
            return self.lost or Failure(Outcome.UNREACHABLE, f"the connection was lost: {reason(error)}")
        except asyncssh.Error as error:
            return self.lost or Failure(Outcome.FAILED, f"no channel: {reason(error)}")
        channel = cast(_Channel, made)
        self._channels = {s: c for s, c in self._channels.items() if not s.dead} | {channel.shell: channel}
        return channel.shell

    def _channel(self, lane: Lane, with_reader: bool) -> Callable[[], _Channel]:
        """What makes a shell of the sort that this host's key allows."""
        host, limit = self._host, self._limit

        def make() -> _Channel:
            channel = _Channel()
            ends = (channel.write, channel.abort, limit, channel.hold)
            if host.restricted:
                channel.shell = Shell(gate.opening(host), *ends, speak=gate.spoken)
            else:
                guarded = MAIN if lane == "main" and not self._shared else ""
                start = start_reader(host) if with_reader else None
                channel.shell = Shell(prologue(host) + DEFINE + guarded, *ends, start)
            return channel

        return make

    async def close(self) -> None:
        self._beating.cancel()
        for shell in self._shells.values():
            shell.die(Failure(Outcome.MISSED, "closed"))
        self._connection.abort()

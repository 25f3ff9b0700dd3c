"""SSH, the one home of asyncssh: persistent connections, host keys always checked, every refusal a value.

Keys, known_hosts and jump connections are read or opened once and shared: asyncssh alone would read its configuration and
known_hosts again for each connection (0.15 to 0.2 s of CPU each with 1,000 hosts in them).
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import re
import secrets
import socket
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import asyncssh

from ..model.host import Host, Route
from ..model.probe import Lane
from ..model.scrape import Failure, Outcome
from . import gate
from .compose import Request, prologue
from .hostkey import ShownKey, known_hosts_name
from .protocol import Answer, Heard
from .reader import start_reader
from .shared import Shared
from .shell import BEGIN_SECONDS, Shell, words
from .watchdog import BEAT_SECONDS, DEFINE, MAIN, SHARED

CIPHERS = (
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "aes128-ctr",
    "aes256-ctr",
    "chacha20-poly1305@openssh.com",
)
"""In this order: AES-GCM costs the client two thirds of what chacha20 does; dropbear has no GCM."""
KEEPALIVE_SECONDS, KEEPALIVE_COUNT = 11, 1
"""Longer than a tick, so that a link in use carries none: one takes a tenth of a tick's CPU on both sides. A dead link is known after 22 s,
one that comes back within 11 s is kept."""
WINDOW_BYTES = 256 * 1024
"""What a shell may send ahead (RFC 4254, 5.2): one that is given up over a slow link delays the others by no more."""
MSG_IGNORE = 2
"""RFC 4253, 11.2."""
DEFAULT_KEYS = ("id_ed25519", "id_ecdsa", "id_rsa", "id_ed25519_sk", "id_ecdsa_sk")
DEFAULT_KNOWN_HOSTS = ("~/.ssh/known_hosts", "~/.ssh/known_hosts2", "/etc/ssh/ssh_known_hosts")
COMMAND = "exec /bin/sh -s"
SILENT = frozenset({
    errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.ETIMEDOUT, errno.EADDRNOTAVAIL,
})  # fmt: skip
"""What the kernel says where nothing comes back."""


class _Client(asyncssh.SSHClient):
    """Keeps why a connection ended, and leaves out empty packets.

    asyncssh sends one before each of ours, against an attack on ciphers in CBC mode (RFC 4251, 9.3.1). None of `CIPHERS` is of that mode, and to
    both sides it costs as much as the packet that asks.
    """

    ended: Exception | None = None

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
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


_Reached = tuple[asyncssh.SSHClientConnection, _Client]


class SSHSession:
    """A connection to one host and its shells; a lane whose shell died gets a new one when it is next asked."""

    def __init__(self, reached: _Reached, host: Host, limit: int, connect_s: float) -> None:
        self._connection, self._client = reached
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
        why = f"the connection was lost: {_reason(ended)}" if ended else "the connection was closed"
        return Failure(Outcome.UNREACHABLE, why, silent=ended is not None and not _spoke(ended))

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
        try:
            async with asyncio.timeout(timeout):
                shell = await self._shell(lane)
        except TimeoutError:
            return Answer(failure=Failure(Outcome.TIMEOUT, f"no channel within {timeout:g} s"))
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
        try:
            async with asyncio.timeout(BEGIN_SECONDS):
                shell = await self._shell(lane)
        except TimeoutError:
            return Answer(failure=Failure(Outcome.TIMEOUT, f"no channel within {BEGIN_SECONDS:g} s"))
        if isinstance(shell, Failure):
            return Answer(failure=shell)
        if shell is not self._shells.get(lane):
            return Answer(failure=Failure(Outcome.UNSUPPORTED, "it grants no channel for that alone"))
        answer = await shell.follow(request, seconds, heard)
        return replace(answer, failure=self.lost) if answer.failure and self.lost else answer

    async def _shell(self, lane: Lane) -> Shell | Failure:
        async with self._opening:
            shell = self._shells.get(lane)
            if shell is None or shell.dead:
                # A main shell that was lost may have been lost by its reader: the next one goes without.
                opened = await self._open(lane, lane == "main" and shell is None)
                if isinstance(opened, Failure):
                    # MaxSessions 1, or a server that grants one channel: all lanes share the shell there is.
                    alive = [s for s in self._shells.values() if not s.dead]
                    if self.lost or not alive:
                        return opened
                    if not self._shared and not self._host.restricted:
                        self._shared = True
                        self._channels[alive[0]].write(SHARED.encode())
                    return alive[0]
                shell = self._shells[lane] = opened
            return shell

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
            return self.lost or Failure(Outcome.UNREACHABLE, f"the connection was lost: {_reason(error)}")
        except asyncssh.Error as error:
            return self.lost or Failure(Outcome.FAILED, f"no channel: {_reason(error)}")
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


def _spoke(error: BaseException) -> bool:
    """Whether an error came from the other side: a refusal, a reset, its own good-bye."""
    if isinstance(error, TimeoutError | asyncssh.ConnectionLost):
        return False
    if isinstance(error, OSError):
        # Of a name with several addresses asyncio tells all errors in one text.
        met = [error.errno] if error.errno else [int(n) for n in re.findall(r"\[Errno (\d+)\]", str(error))]
        return not met or not SILENT.issuperset(met)
    return True


def _reason(error: BaseException) -> str:
    text = (
        os.strerror(error.errno) if isinstance(error, OSError) and error.errno else words(str(error).encode())
    )
    return text or type(error).__name__


class SSHTransport:
    """Opens connections along routes.

    Args:
        limit: bytes a section may have.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._keys: dict[tuple[object, ...], list[asyncssh.SSHKeyPair]] = {}
        self._known: dict[tuple[tuple[str, float], ...], asyncssh.SSHKnownHosts] = {}
        self._jumps: dict[Route, Shared[_Reached]] = {}

    async def connect(self, host: Host) -> SSHSession | Failure:
        started = asyncio.get_running_loop().time()
        reached = await self._connect(host.route)
        if isinstance(reached, Failure):
            return reached
        return SSHSession(reached, host, self._limit, asyncio.get_running_loop().time() - started)

    async def close(self) -> None:
        for jump in self._jumps.values():
            if reached := jump.stop():
                reached[0].abort()
        self._jumps.clear()

    async def shown_key(self, route: Route) -> ShownKey:
        """The key a host presents, unchecked, beside what known_hosts has: for a person to compare."""
        tunnel = await self._tunnel(route)
        if isinstance(tunnel, Failure):
            return ShownKey(problem=f"{tunnel.outcome}: {tunnel.detail}")
        known = self._known_keys(route)
        try:
            async with asyncio.timeout(route.connect_timeout):
                key = await asyncssh.get_server_host_key(
                    route.address, route.port, tunnel=tunnel, proxy_command=list(route.proxy_command) or None, config=None,
                    # A server shows one key a connection: ask for the type that is known, so that a change is seen.
                    server_host_key_algs=[k.get_algorithm() for k in known] or (),
                )  # fmt: skip
        except (TimeoutError, asyncssh.Error, OSError) as error:
            failure = self._failure(error, route)
            return ShownKey(problem=f"{failure.outcome}: {failure.detail}")
        if key is None:
            return ShownKey(problem="it shows no host key")
        name = known_hosts_name(
            route.host_key_alias or route.address, 22 if route.host_key_alias else route.port
        )
        return ShownKey(
            name=name,
            file=_known_hosts_files(route)[0],
            line=f"{name} {key.export_public_key().decode().strip()}",
            fingerprint=f"{key.get_algorithm()} {key.get_fingerprint()}",
            known=key.public_data in {k.public_data for k in known},
            others=tuple(f"{k.get_algorithm()} {k.get_fingerprint()}" for k in known),
        )

    def _known_keys(self, route: Route) -> Sequence[asyncssh.SSHKey]:
        """The keys known_hosts has for a route."""
        name = route.host_key_alias or route.address
        keys, *_ = self._known_hosts(route).match(name, "", None if route.host_key_alias else route.port)
        return list(keys)

    async def _connect(self, route: Route) -> _Reached | Failure:
        tunnel = await self._tunnel(route)
        if isinstance(tunnel, Failure):
            return tunnel
        try:
            options = self._options(route)
            async with asyncio.timeout(route.connect_timeout):
                connection, client = await asyncssh.create_connection(
                    _Client, route.address, route.port, tunnel=tunnel, config=None, options=options
                )
                return connection, cast(_Client, client)
        except (TimeoutError, asyncssh.Error, OSError, ValueError) as error:
            return self._failure(error, route)

    async def _tunnel(self, route: Route) -> asyncssh.SSHClientConnection | Failure | None:
        """The connection to the last host of a ProxyJump chain, shared by all that pass it."""
        if not route.jumps:
            return None
        *before, last = route.jumps
        via = Route(**{**_fields(last), "jumps": tuple(before)}) if before else last
        if via not in self._jumps:
            self._jumps[via] = Shared(lambda: self._connect(via), lambda reached: reached[0].is_closed())
        reached = await self._jumps[via].open()
        if isinstance(reached, Failure):
            detail = f"at the jump host {via.address}: {reached.detail}"
            return Failure(reached.outcome, detail, reached.silent)
        return reached[0]

    def _options(self, route: Route) -> asyncssh.SSHClientConnectionOptions:
        agent: Any = () if route.agent is None else route.agent
        keys = self._client_keys(route)
        return asyncssh.SSHClientConnectionOptions(
            config=None,
            username=route.user or (),
            known_hosts=self._known_hosts(route),
            host_key_alias=route.host_key_alias,
            client_keys=keys or (None if route.identity_files and not _has_agent(route) else ()),
            agent_path=agent,
            agent_identities=[k.public_data for k in keys] if route.identities_only and keys else None,
            proxy_command=list(route.proxy_command) or None,
            encryption_algs=list(CIPHERS),
            compression_algs=["none"],
            keepalive_interval=KEEPALIVE_SECONDS,
            keepalive_count_max=KEEPALIVE_COUNT,
            login_timeout=route.connect_timeout,
            public_key_auth=True,
            password_auth=False,
            kbdint_auth=False,
            host_based_auth=False,
            gss_auth=False,
            gss_kex=False,
            agent_forwarding=False,
            x11_forwarding=False,
            send_env=[],
            env={},
            request_pty=False,
            command=None,
        )

    def _client_keys(self, route: Route) -> list[asyncssh.SSHKeyPair]:
        files = route.identity_files or tuple(
            str(Path("~/.ssh").expanduser() / name) for name in DEFAULT_KEYS
        )
        wanted = (files, route.certificate_files)
        if wanted not in self._keys:
            pairs: list[asyncssh.SSHKeyPair] = []
            for file in files:
                if not Path(file).is_file():
                    continue
                try:
                    pairs += asyncssh.load_keypairs(
                        [file], certlist=list(route.certificate_files), ignore_encrypted=True
                    )
                except (OSError, asyncssh.KeyImportError, ValueError) as error:
                    raise ValueError(f"can't use the key {file}: {_reason(error)}") from error
            self._keys[wanted] = pairs
        return self._keys[wanted]

    def _known_hosts(self, route: Route) -> asyncssh.SSHKnownHosts:
        """known_hosts, parsed again only when a file changed."""
        stamps = tuple((f, Path(f).stat().st_mtime) for f in _known_hosts_files(route) if Path(f).is_file())
        if stamps not in self._known:
            text = "\n".join(Path(f).read_text(encoding="utf-8", errors="replace") for f, _ in stamps)
            self._known[stamps] = asyncssh.import_known_hosts(text)
        return self._known[stamps]

    def _failure(self, error: BaseException, route: Route) -> Failure:
        """Every way a connection fails, as an outcome and a sentence."""
        where = f"{route.address}:{route.port}"
        if isinstance(error, TimeoutError):
            return Failure(
                Outcome.UNREACHABLE, f"{where}: no answer within {route.connect_timeout:g} s", silent=True
            )
        if isinstance(error, asyncssh.PermissionDenied):
            return Failure(Outcome.AUTH_FAILED, f"{where}: {_reason(error)}")
        if isinstance(error, asyncssh.HostKeyNotVerifiable):
            if self._known_keys(route):
                return Failure(
                    Outcome.HOSTKEY_CHANGED, f"{where}: its host key is not the one in known_hosts"
                )
            return Failure(Outcome.HOSTKEY_UNKNOWN, f"{where}: its host key is not in known_hosts")
        if isinstance(error, socket.gaierror):
            again = error.errno == socket.EAI_AGAIN
            what = (
                "the name service does not answer (DNS)" if again else f"no such name (DNS): {error.strerror}"
            )
            return Failure(Outcome.UNRESOLVED, f"{route.address}: {what}", silent=again)
        if isinstance(error, ValueError):
            return Failure(Outcome.AUTH_FAILED, words(str(error).encode()))
        return Failure(Outcome.UNREACHABLE, f"{where}: {_reason(error)}", silent=not _spoke(error))


def _has_agent(route: Route) -> bool:
    return bool(os.environ.get("SSH_AUTH_SOCK") if route.agent is None else route.agent)


def _known_hosts_files(route: Route) -> tuple[str, ...]:
    return route.known_hosts or tuple(str(Path(p).expanduser()) for p in DEFAULT_KNOWN_HOSTS)


def _fields(route: Route) -> dict[str, Any]:
    return {name: getattr(route, name) for name in Route.__slots__}

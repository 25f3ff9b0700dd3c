"""This machine, without SSH: the same requests to its own `sh`."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from typing import cast

from ..model.host import Host
from ..model.probe import Lane
from ..model.scrape import Failure, Outcome
from .compose import Request, prologue
from .protocol import Answer, Heard
from .reader import start_reader
from .shell import Shell


class _Pipes(asyncio.SubprocessProtocol):
    """A child `sh` and its three pipes."""

    shell: Shell

    def __init__(self) -> None:
        self.exited = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.SubprocessTransport, transport)

    def write(self, data: bytes) -> None:
        pipe = self._transport.get_pipe_transport(0)
        if pipe is not None and not pipe.is_closing():
            cast(asyncio.WriteTransport, pipe).write(data)

    def abort(self) -> None:
        # The child leads a group of its own. A body under `timeout` leads another, and ends by that time-out.
        if not self.exited.is_set():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._transport.get_pid(), signal.SIGKILL)

    def hold(self, held: bool) -> None:
        pipe = cast(asyncio.ReadTransport | None, self._transport.get_pipe_transport(1))
        if pipe is not None and not pipe.is_closing():
            (pipe.pause_reading if held else pipe.resume_reading)()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 1:
            self.shell.received(data)
        else:
            self.shell.complained(data)

    def process_exited(self) -> None:
        self.exited.set()
        self.shell.ended(self._transport.get_returncode())
        self._transport.close()


class LocalSession:
    def __init__(self, host: Host, limit: int) -> None:
        self._host = host
        self._limit = limit
        self._pipes: dict[Lane, _Pipes] = {}
        self._starting = asyncio.Lock()
        self.connect_s = 0.0
        self.lost: Failure | None = None

    async def ask(self, lane: Lane, request: Request, timeout: float) -> Answer:
        shell = await self._shell(lane)
        return Answer(failure=shell) if isinstance(shell, Failure) else await shell.ask(request, timeout)

    async def follow(self, lane: Lane, request: Request, seconds: float, heard: Heard) -> Answer:
        shell = await self._shell(lane)
        return (
            Answer(failure=shell)
            if isinstance(shell, Failure)
            else await shell.follow(request, seconds, heard)
        )

    async def _shell(self, lane: Lane) -> Shell | Failure:
        async with self._starting:
            pipes = self._pipes.get(lane)
            if pipes is None or pipes.shell.dead:
                try:
                    pipes = self._pipes[lane] = await self._start(lane == "main" and pipes is None)
                except OSError as error:
                    return Failure(Outcome.FAILED, f"can't start sh: {error}")
        return pipes.shell

    async def _start(self, with_reader: bool) -> _Pipes:
        _, pipes = await asyncio.get_running_loop().subprocess_exec(_Pipes, "sh", start_new_session=True)
        start = start_reader(self._host) if with_reader else None
        pipes.shell = Shell(prologue(self._host), pipes.write, pipes.abort, self._limit, pipes.hold, start)
        return pipes

    async def wait_lost(self) -> Failure:
        await asyncio.Event().wait()
        return Failure(Outcome.MISSED, "this machine is never lost")

    async def close(self) -> None:
        for pipes in self._pipes.values():
            pipes.shell.die(Failure(Outcome.MISSED, "closed"))
            await pipes.exited.wait()
        self._pipes.clear()


class LocalTransport:
    """Args: limit: bytes a section may have."""

    def __init__(self, limit: int) -> None:
        self._limit = limit

    async def connect(self, host: Host) -> LocalSession | Failure:
        return LocalSession(host, self._limit)

    async def close(self) -> None:
        pass

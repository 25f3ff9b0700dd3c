"""No packet that nobody needs: to a real SSH server in this process, on loopback."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import asyncssh
import asyncssh.constants

from livedata.model.host import Host, Route
from livedata.model.probe import Probe
from livedata.model.scrape import Failure
from livedata.transport.compose import compose_reads
from livedata.transport.ssh import SSHTransport

CPU = Probe("cpu", "", (), read=("/proc/stat",))


class Server(asyncssh.SSHServer):
    """Takes anyone, and keeps the types of the packets that come."""

    kinds: list[int]

    def __init__(self) -> None:
        self.kinds = []

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        real = conn.log_received_packet

        def log(kind: int, *args: object, **more: object) -> None:
            self.kinds.append(kind)
            real(kind, *args, **more)  # type: ignore[arg-type]

        conn.log_received_packet = log  # type: ignore[method-assign]

    def begin_auth(self, username: str) -> bool:
        return False


async def silent(process: asyncssh.SSHServerProcess[bytes]) -> None:
    """Takes whatever is said and says nothing."""
    with contextlib.suppress(asyncssh.Error, OSError):
        while await process.stdin.read(65_536):
            pass
    process.close()


async def asked(folder: Path) -> list[int]:
    servers: list[Server] = []

    def made() -> Server:
        servers.append(Server())
        return servers[-1]

    key = asyncssh.generate_private_key("ssh-ed25519")
    listener = await asyncssh.listen(
        "127.0.0.1", 0, server_factory=made, server_host_keys=[key], process_factory=silent, encoding=None
    )
    port = listener.get_port()
    known = folder / "known_hosts"
    known.write_text(f"[127.0.0.1]:{port} {key.export_public_key().decode()}")
    host = Host("one", route=Route("127.0.0.1", port, "someone", known_hosts=(str(known),), agent=""))
    session = await SSHTransport(100_000).connect(host)
    assert not isinstance(session, Failure), session
    try:
        answer = await session.ask("main", compose_reads([CPU], host), 1)
        assert answer.failure, "nobody answers"
    finally:
        await session.close()
        listener.close()
        await listener.wait_closed()
    return servers[0].kinds


def test_no_empty_packets(tmp_path: Path) -> None:
    kinds = asyncio.run(asked(tmp_path))
    assert asyncssh.constants.MSG_CHANNEL_OPEN in kinds
    assert asyncssh.constants.MSG_IGNORE not in kinds

"""The link between livedata and one host, which can be cut: nothing passes any more, and neither end is told."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

from tests.fleet.host import TestHost
from tests.fleet.hosts import Fleet, free_port


class Link:
    """A relay of connections to a host. While it is cut what was sent waits, as it does in the senders' kernels, and so do ends of connections."""

    def __init__(self, host: TestHost) -> None:
        self._host = (host.address, host.port)
        self._whole = threading.Event()
        self._whole.set()
        self._sockets: list[socket.socket] = []
        self.port = free_port(host.address)
        self._listener = socket.create_server((host.address, self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self._whole.clear()

    def mend(self) -> None:
        """All goes on, and ends that waited are told."""
        self._whole.set()

    def close(self) -> None:
        self.mend()
        for each in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # it was closed
            while True:
                near, _ = self._listener.accept()
                self._sockets.append(near)
                threading.Thread(target=self._join, args=(near,), daemon=True).start()

    def _join(self, near: socket.socket) -> None:
        self._whole.wait()
        with contextlib.suppress(OSError):
            far = socket.create_connection(self._host)
            self._sockets.append(far)
            threading.Thread(target=self._pass_on, args=(far, near), daemon=True).start()
            self._pass_on(near, far)

    def _pass_on(self, source: socket.socket, to: socket.socket) -> None:
        data = b"-"
        while data:
            try:
                data = source.recv(65536)
            except OSError:
                data = b""
            self._whole.wait()
            with contextlib.suppress(OSError):
                if data:
                    to.sendall(data)
                else:
                    to.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def link_to(fleet: Fleet, host: TestHost) -> Iterator[Link]:
    """The link by which the fleet's ssh_config leads to a host from now on."""
    link = Link(host)
    fleet.config.write_text(fleet.config.read_text().replace(f"Port {host.port}\n", f"Port {link.port}\n"))
    with fleet.known_hosts.open("a") as file:
        file.write(f"[{host.address}]:{link.port} {host.public_key}")
    try:
        yield link
    finally:
        link.close()

"""What a Prometheus does with what it is sent, as little of it as the tests need: snappy, protobuf, an HTTP server."""

from __future__ import annotations

import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

Series = tuple[tuple[str, str], ...]


def number(data: bytes, at: int) -> tuple[int, int]:
    """A varint and where it ends."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def unsnappy(data: bytes) -> bytes:
    """A snappy block (https://github.com/google/snappy/blob/main/format_description.txt)."""
    size, at = number(data, 0)
    out = bytearray()
    while at < len(data):
        tag = data[at]
        at += 1
        kind, length = tag & 3, tag >> 2
        if kind == 0:
            if length >= 60:
                extra = length - 59
                length = int.from_bytes(data[at : at + extra], "little")
                at += extra
            out += data[at : at + length + 1]
            at += length + 1
            continue
        if kind == 1:
            length, offset = (length & 7) + 4, (tag >> 5) << 8 | data[at]
            at += 1
        else:
            width = 2 if kind == 2 else 4
            length, offset = length + 1, int.from_bytes(data[at : at + width], "little")
            at += width
        for _ in range(length):
            out.append(out[-offset])
    assert len(out) == size
    return bytes(out)


def fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """The fields of a protobuf message: numbers, 8 bytes, or bytes."""
    at = 0
    while at < len(data):
        tag, at = number(data, at)
        if tag & 7 == 0:
            value: Any
            value, at = number(data, at)
        elif tag & 7 == 1:
            value, at = data[at : at + 8], at + 8
        else:
            assert tag & 7 == 2
            size, at = number(data, at)
            value, at = data[at : at + size], at + size
        yield tag >> 3, value


def samples(body: bytes) -> list[tuple[Series, int, float]]:
    """What a request's body says: series, milliseconds, value."""
    found = []
    for tag, series in fields(unsnappy(body)):
        assert tag == 1
        parts = list(fields(series))
        labels = tuple((d[1].decode(), d[2].decode()) for n, v in parts if n == 1 for d in [dict(fields(v))])
        assert labels == tuple(sorted(labels))
        for sample in (dict(fields(v)) for n, v in parts if n == 2):
            found.append((labels, sample[2], struct.unpack("<d", sample[1])[0]))
    return found


@dataclass
class Received:
    """`answers`: (status, headers) of the next requests, 204 then; `bodies` and `headers` are what came."""

    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""

    @property
    def samples(self) -> list[tuple[Series, int, float]]:
        return [s for body in self.bodies for s in samples(body)]


@contextmanager
def receiving() -> Iterator[Received]:
    received = Received()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.headers.append(dict(self.headers))
            status, headers = received.answers.pop(0) if received.answers else (204, {})
            said = b"" if status == 204 else b"out of bounds\nand more"
            if status < 300:
                received.bodies.append(body)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    received.url = f"http://127.0.0.1:{server.server_port}/api/v1/write"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield received
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

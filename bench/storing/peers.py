"""Prometheus and VictoriaMetrics on loopback with the same samples, asked through their HTTP API."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pyarrow as pa
import pyarrow.compute as pc

from .data import Data
from .meter import file_bytes, forget

READY_SECONDS = 120.0
SETTLED_SECONDS = 130.0
"""Prometheus looks once a minute for blocks to merge: when nothing has changed for so long it has merged all it will."""
LONGEST_SETTLING = 900.0
PART = 16 << 20
"""Bytes of samples in one request."""
MEASURE = "cpu_seconds_total"


def lines(rows: pa.Table, counters: list[str], stamp: int) -> Iterator[memoryview]:
    """Samples in Prometheus's text form, counter after counter; a stamp has `stamp` microseconds."""
    times = pc.divide(rows["ts"].cast(pa.int64()), stamp).cast(pa.string())
    for counter in counters:
        mode = counter.removesuffix("_seconds_total")
        texts = pc.binary_join_element_wise(
            f'{MEASURE}{{host="', rows["host"], f'",mode="{mode}"}} ', rows[counter].cast(pa.string()), " ", times, "\n", "",
        )  # fmt: skip
        for chunk in texts.chunks:
            if len(chunk):
                ends = pa.Array.from_buffers(
                    pa.int32(), len(chunk) + 1, [None, chunk.buffers()[1]], offset=chunk.offset
                )
                yield memoryview(chunk.buffers()[2])[ends[0].as_py() : ends[len(chunk)].as_py()]


def _counters(data: Data) -> list[str]:
    probe = data.probes["cpu"]
    return [probe.columns[i].name for i in probe.counters]


@dataclass
class Peer:
    """A server with its data folder. `load` fills an empty one; `options` start it; `ready` is asked until it answers."""

    name: str
    command: tuple[str, ...]
    folder: Path
    ready: str
    load_into: Callable[[Peer, Data], None]
    sizes_of: Callable[[Path], dict[str, int]]
    facts: dict[str, Any] = field(default_factory=dict)
    port: int = 0
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        command = [word.format(folder=self.folder, port=self.port) for word in self.command]
        with (self.folder.parent / f"{self.folder.name}.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        until = time.monotonic() + READY_SECONDS
        while True:
            try:
                self.get(self.ready)
                return
            except URLError:
                if time.monotonic() > until or self._process.poll() is not None:
                    raise
                time.sleep(0.05)

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(60)
            self._process = None

    def cold(self) -> None:
        """Started anew, with nothing of its files in the page cache."""
        self.stop()
        forget(path for path in self.folder.rglob("*") if path.is_file())
        self.start()

    def get(self, path: str, body: bytes | None = None) -> bytes:
        request = Request(f"http://127.0.0.1:{self.port}{path}", data=body)
        with urlopen(request, timeout=600) as answer:
            return bytes(answer.read())

    def cpu_seconds(self) -> float:
        """User and system, of the server (proc_pid_stat(5))."""
        assert self._process is not None
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def prepare(self, data: Data) -> None:
        """Load the samples where the folder does not hold them yet, and merge; leaves it running."""
        done = self.folder / "loaded.json"
        if not done.exists():
            shutil.rmtree(self.folder, ignore_errors=True)
            begun = time.monotonic()
            self.load_into(self, data)
            self.facts["load_seconds"] = round(time.monotonic() - begun, 1)
            done.write_text(json.dumps(self.facts))
        self.facts |= json.loads(done.read_text())
        if not self._process:
            self.start()
        self.facts["bytes"] = self.sizes_of(self.folder)


def _load_prometheus(peer: Peer, data: Data) -> None:
    """Blocks of two hours, as the server cuts them, by promtool; then the server merges them."""
    peer.folder.mkdir(parents=True)
    text = peer.folder.parent / "samples.om"
    for first in range(0, data.hours, 2):
        rows = pa.concat_tables([data.hour("cpu", n) for n in range(first, min(first + 2, data.hours))])
        with text.open("wb") as out:
            for some in lines(rows, _counters(data), 1_000_000):
                out.write(some)
            out.write(b"# EOF\n")
        command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "-q", str(text), str(peer.folder)]
        subprocess.run(command, check=True, capture_output=True)
    text.unlink()
    peer.facts["before_merging"] = _prometheus_bytes(peer.folder)
    peer.start()
    begun = changed = time.monotonic()
    before = sorted(peer.folder.glob("*/meta.json"))
    while time.monotonic() - changed < SETTLED_SECONDS and time.monotonic() - begun < LONGEST_SETTLING:
        time.sleep(5)
        now = sorted(peer.folder.glob("*/meta.json"))
        if now != before:
            before, changed = now, time.monotonic()


def _prometheus_bytes(folder: Path) -> dict[str, int]:
    blocks = [path.parent for path in folder.glob("*/meta.json")]
    chunks = sum(file_bytes(block / "chunks") for block in blocks)
    return {"samples": chunks, "all": sum(map(file_bytes, blocks)), "blocks": len(blocks)}


def _load_victoria(peer: Peer, data: Data) -> None:
    """In order of time through /api/v1/import/prometheus, flushed and merged at the end by /internal/force_merge."""
    peer.start()
    for number in range(data.hours):
        body = bytearray()
        for some in lines(data.hour("cpu", number), _counters(data), 1_000):
            for start in range(0, len(some), PART):
                body += some[start : start + PART]
                if len(body) >= PART:
                    end = body.rindex(b"\n") + 1
                    peer.get("/api/v1/import/prometheus", bytes(body[:end]))
                    del body[:end]
        peer.get("/api/v1/import/prometheus", bytes(body))
    peer.get("/internal/force_flush")
    peer.facts["before_merging"] = _victoria_bytes(peer.folder)
    peer.get("/internal/force_merge")
    steady = 0
    while steady < 5:
        before = _victoria_bytes(peer.folder)
        time.sleep(2)
        steady = steady + 1 if _victoria_bytes(peer.folder) == before else 0


def _victoria_bytes(folder: Path) -> dict[str, int]:
    samples, index = file_bytes(folder / "data"), file_bytes(folder / "indexdb")
    return {"samples": samples, "all": samples + index}


def prometheus(folder: Path) -> Peer:
    config = folder.parent / "prometheus.yml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text("global: {}\n", encoding="utf-8")
    command = (
        "prometheus", f"--config.file={config}", "--storage.tsdb.path={folder}", "--web.listen-address=127.0.0.1:{port}",
        "--storage.tsdb.retention.time=100y", "--log.level=warn",
    )  # fmt: skip
    return Peer("Prometheus", command, folder, "/-/ready", _load_prometheus, _prometheus_bytes)


def victoria(folder: Path) -> Peer:
    command = (
        "victoria-metrics", "-storageDataPath={folder}", "-httpListenAddr=127.0.0.1:{port}", "-retentionPeriod=100y",
        "-loggerLevel=WARN",
    )  # fmt: skip
    return Peer("VictoriaMetrics", command, folder, "/health", _load_victoria, _victoria_bytes)


def installed() -> Sequence[Callable[[Path], Peer]]:
    """The peers that this machine has."""
    found: list[Callable[[Path], Peer]] = []
    if shutil.which("prometheus") and shutil.which("promtool"):
        found.append(prometheus)
    if shutil.which("victoria-metrics"):
        found.append(victoria)
    return found


def instant(promql: str, at_us: int) -> str:
    return "/api/v1/query?" + urlencode({"query": promql, "time": at_us // 1_000_000, "nocache": 1})


def over(promql: str, first_us: int, last_us: int, step_s: int) -> str:
    times = {"start": first_us // 1_000_000, "end": last_us // 1_000_000, "step": step_s}
    return "/api/v1/query_range?" + urlencode({"query": promql, **times, "nocache": 1})


def values(answer: bytes) -> list[float]:
    """Every value of an answer; NaN left out."""
    found = json.loads(answer)
    if found["status"] != "success":
        raise RuntimeError(str(found)[:300])
    numbers: list[float] = []
    for series in found["data"]["result"]:
        pairs = series.get("values") or [series["value"]]
        numbers += [number for _, text in pairs if (number := float(text)) == number]
    return numbers

"""What this machine's own tools say of it, read again and again beside livedata: one flat table of numbers a reading."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.request
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

Numbers = dict[str, float]
Reader = Callable[[], Numbers]

COLLECTORS = (
    "cpu", "stat", "loadavg", "meminfo", "vmstat", "diskstats", "netdev", "netclass", "netstat", "sockstat", "softnet", "conntrack",
    "pressure", "filefd", "filesystem",
)  # fmt: skip


def said(*command: str) -> str:
    environment = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


@contextlib.contextmanager
def node_exporter() -> Iterator[Reader]:
    """Debian's prometheus-node-exporter on a loopback port, and a reader of its metrics: name and labels as it writes them."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = ["prometheus-node-exporter", f"--web.listen-address={address}", "--collector.disable-defaults"]
    wanted = [f"--collector.{name}" for name in COLLECTORS]
    # It honours http_proxy nowhere, but urllib does.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def read() -> Numbers:
        with opener.open(f"http://{address}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        lines = (line.rpartition(" ") for line in text.splitlines() if line.startswith("node_"))
        return {name: float(value) for name, _, value in lines}

    with subprocess.Popen(
        [*command, *wanted], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            end = time.monotonic() + 20
            while True:
                try:
                    read()
                    break
                except OSError:
                    assert process.poll() is None, "prometheus-node-exporter does not start"
                    assert time.monotonic() < end, "prometheus-node-exporter does not answer"
                    time.sleep(0.1)
            yield read
        finally:
            process.kill()


def free() -> Numbers:
    memory, swap = (line.split()[1:] for line in said("free", "-b").splitlines()[1:])
    names = ("total", "used", "free", "shared", "buff/cache", "available")
    return {
        **dict(zip(names, map(float, memory), strict=True)),
        **dict(zip(("swap total", "swap used", "swap free"), map(float, swap), strict=True)),
    }


def vmstat() -> Numbers:
    """`vmstat -s`: counters since boot."""
    lines = re.findall(r"^ *(\d+) (.*)$", said("vmstat", "-s"), re.MULTILINE)
    return {name: float(number) for number, name in lines}


def ss() -> Numbers:
    answer = said("ss", "-s")
    found = re.search(r"TCP:\s+(\d+) \(estab (\d+), closed (\d+), orphaned (\d+), timewait (\d+)", answer)
    assert found, answer
    numbers = dict(
        zip(("tcp", "estab", "closed", "orphaned", "timewait"), map(float, found.groups()), strict=True)
    )
    for name, four, six in re.findall(r"^(RAW|UDP|TCP|FRAG)\s+\d+\s+(\d+)\s+(\d+)", answer, re.MULTILINE):
        numbers |= {name: float(four), f"{name}6": float(six)}
    return numbers


def nstat() -> Numbers:
    return {name: float(value) for name, value, *_ in map(str.split, said("nstat", "-asz").splitlines()[1:])}


def df() -> Numbers:
    numbers = {}
    for line in said("df", "-B1", "--output=size,used,avail,itotal,iused,iavail,target").splitlines()[1:]:
        *counts, mount = line.split(maxsplit=6)
        names = ("size", "used", "avail", "inodes", "inodes used", "inodes free")
        numbers.update(
            {f"{mount} {name}": float(n) for name, n in zip(names, counts, strict=True) if n != "-"}
        )
    return numbers


def ps() -> Numbers:
    """Of every process, by pid: what `ps` prints in numbers."""
    names = ("ppid", "nlwp", "ni", "vsz", "rss", "cputimes")
    numbers = {}
    for line in said("ps", "-e", "-o", f"pid,{','.join(names)}").splitlines()[1:]:
        pid, *values = line.split()
        numbers.update({f"{pid} {name}": float(v) for name, v in zip(names, values, strict=True) if v != "-"})
    return numbers


def of_psutil() -> Numbers:
    """CPU time, disks, interfaces, and of each process of stress-ng its CPU time and memory."""
    numbers = {}
    for number, core in enumerate(psutil.cpu_times(percpu=True)):
        numbers.update({f"core {number} {name}": value for name, value in core._asdict().items()})
    for device, disk in psutil.disk_io_counters(perdisk=True, nowrap=False).items():
        numbers.update({f"disk {device} {name}": value for name, value in disk._asdict().items()})
    for interface, net in psutil.net_io_counters(pernic=True, nowrap=False).items():
        numbers.update({f"net {interface} {name}": value for name, value in net._asdict().items()})
    for process in psutil.process_iter(["name", "cpu_times", "memory_info", "num_threads"]):
        about = process.info
        if about["name"].startswith("stress-ng") and about["cpu_times"] and about["memory_info"]:
            numbers |= {
                f"{process.pid} user": about["cpu_times"].user, f"{process.pid} system": about["cpu_times"].system,
                f"{process.pid} rss": about["memory_info"].rss, f"{process.pid} threads": about["num_threads"],
            }  # fmt: skip
    return numbers


CGROUPS = Path("/sys/fs/cgroup")
CGROUP_FILES: Mapping[str, tuple[str, str, float]] = (
    {
        "cpu_seconds_total": (".", "cpu.stat", 1e-6),
        "memory_bytes": (".", "memory.current", 1),
        "tasks": (".", "pids.current", 1),
    }
    if (CGROUPS / "cgroup.controllers").exists()
    else {
        "cpu_seconds_total": ("cpuacct", "cpuacct.usage", 1e-9),
        "memory_bytes": ("memory", "memory.usage_in_bytes", 1),
        "tasks": ("pids", "pids.current", 1),
    }
)
"""Column → where a hierarchy lies, its file, the file's unit: of cgroup v2, or of v1 where that is what there is."""


def cgroups() -> Numbers:
    """The kernel's own files of each control group."""
    numbers = {}
    for column, (folder, name, unit) in CGROUP_FILES.items():
        root = CGROUPS / folder
        for file in root.rglob(name):
            path = file.parent.relative_to(root).as_posix()
            with contextlib.suppress(OSError, StopIteration):  # it is gone
                first = next(re.finditer(r"\d+", file.read_text()))
                numbers[f"/{path.removeprefix('.')} {column}"] = int(first[0]) * unit
    return numbers


@dataclass
class Record:
    """What one reader said over time; each reading with the times, epoch seconds, at which it began and ended."""

    began: list[float] = field(default_factory=list)
    ended: list[float] = field(default_factory=list)
    numbers: list[Numbers] = field(default_factory=list)

    def bracket(self, name: str, start: float, end: float) -> tuple[float, float] | None:
        """The least and the most that was said in the last reading before `start` and the first after `end`; None without both."""
        before, after = bisect_left(self.ended, start) - 1, bisect_right(self.began, end)
        if before < 0 or after == len(self.began):
            return None
        both = (self.numbers[before].get(name), self.numbers[after].get(name))
        return (min(both), max(both)) if None not in both else None  # type: ignore[type-var,return-value]


@contextlib.contextmanager
def recording(readers: Mapping[str, Reader], pause: float) -> Iterator[dict[str, Record]]:
    """Read all of these over and over, until the block ends. Raises what a reader raised."""
    records = {name: Record() for name in readers}
    over = threading.Event()

    def run() -> None:
        while not over.wait(pause):
            for name, read in readers.items():
                record, began = records[name], time.time()
                record.numbers.append(read())
                record.began.append(began)
                record.ended.append(time.time())

    with ThreadPoolExecutor(1) as thread:
        reading = thread.submit(run)
        try:
            yield records
        finally:
            over.set()
        reading.result()


@contextlib.contextmanager
def running(command: list[str]) -> Iterator[int]:
    """A program and what it starts, for as long as the block lasts; its pid."""
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=quiet, stderr=quiet, start_new_session=True) as process:
        try:
            yield process.pid
        finally:
            os.killpg(process.pid, signal.SIGKILL)


@dataclass
class Average:
    """A tool that averages over a time of its own: its answer, and when it began and ended."""

    began: float
    ended: float
    answer: str


@contextlib.contextmanager
def averaging(commands: Mapping[str, list[str]]) -> Iterator[dict[str, Average]]:
    """Start these side by side; with the end of the block their answers are there."""
    began = time.time()
    environment = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
    running = {
        name: subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        for name, command in commands.items()
    }
    found: dict[str, Average] = {}
    try:
        yield found
    finally:
        for name, process in running.items():
            answer, _ = process.communicate()
            found[name] = Average(began, time.time(), answer)


def last_statistics(answer: str) -> Any:
    """The last report of one of sysstat's tools, in JSON."""
    return json.loads(answer)["sysstat"]["hosts"][0]["statistics"][-1]

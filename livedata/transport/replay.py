"""Recorded answers instead of a host: a folder with a `proc` and a `sys` tree, and PROBE.txt for each probe with a body."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ..model.host import Host
from ..model.probe import Lane, Probe
from ..model.scrape import Failure, Outcome
from .compose import READS, Request, alone, is_glob
from .framing import Section, milliseconds
from .protocol import Answer, Heard


class ReplaySession:
    """Args: host: its `recording` is the folder."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._root = Path(host.recording)
        self.connect_s = 0.0
        self.lost: Failure | None = None

    async def ask(self, lane: Lane, request: Request, timeout: float) -> Answer:
        sections = {}
        fixed = [p for p in request.probes if not p.body and not alone(p)]
        if fixed:
            sections[READS] = self._files(READS, sorted({path for p in fixed for path in p.read}))
        for probe in request.probes:
            if probe.body:
                sections[probe.name] = self._body(probe)
            elif probe not in fixed:
                watched = [probe.denied_without] if probe.denied_without else []
                sections[probe.name] = self._files(probe.name, [*probe.read, *watched])
        uptime, _, _ = (self._read("/proc/uptime") or b"").partition(b" ")
        boot_id = (self._read("/proc/sys/kernel/random/boot_id") or b"").decode("ascii", "replace").strip()
        return Answer(
            sections, boot_id or None, milliseconds(uptime.decode("ascii", "replace")), rtt=0.0, wall=0.0,
            received=sum(len(s.data) for s in sections.values()),
        )  # fmt: skip

    async def follow(self, lane: Lane, request: Request, seconds: float, heard: Heard) -> Answer:
        return Answer(failure=Failure(Outcome.UNSUPPORTED, "a recording goes on no more"))

    def _read(self, path: str) -> bytes | None:
        try:
            return (self._root / path.lstrip("/")).read_bytes()
        except OSError:
            return None

    def _files(self, name: str, patterns: list[str]) -> Section:
        """What `head` would print of these files, and what it would miss."""
        data, missing = b"", ""
        roots = {"/proc": self._host.proc_root, "/sys": self._host.sys_root}
        for pattern in dict.fromkeys(patterns):
            found = (
                sorted(self._root.glob(pattern.lstrip("/")))
                if is_glob(pattern)
                else [self._root / pattern[1:]]
            )
            for file in found:
                path = "/" + file.relative_to(self._root).as_posix()
                top = path[: path.index("/", 1)]
                path = roots.get(top, top) + path[len(top) :]
                content = self._read("/" + file.relative_to(self._root).as_posix())
                if content is None:
                    missing += f" u{path}"
                else:
                    data += b"\n==> " + path.encode() + b" <==\n" + content
        return Section(name, 0, missing.strip(), data)

    def _body(self, probe: Probe) -> Section:
        text = self._read(f"{probe.name}.txt")
        return Section(probe.name, 69 if text is None else 0, "", text or b"")

    async def wait_lost(self) -> Failure:
        await asyncio.Event().wait()
        return Failure(Outcome.MISSED, "a recording is never lost")

    async def close(self) -> None:
        pass


class ReplayTransport:
    async def connect(self, host: Host) -> ReplaySession | Failure:
        if not Path(host.recording).is_dir():
            return Failure(Outcome.UNREACHABLE, f"there is no recording {host.recording!r}")
        return ReplaySession(host)

    async def close(self) -> None:
        pass

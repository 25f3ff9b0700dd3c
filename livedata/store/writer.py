"""The one process that writes a store: takes its lock, mends what a crash left, appends, and seals."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType

import pyarrow as pa

from ..errors import StoreError
from ..model.batch import Batch
from ..model.probe import Probe
from . import frame, load, lock, manifest, payload, seal, state
from .files import FOLDER_MODE, disk, make_folder
from .layout import Layout
from .log import Log
from .payload import Payload, Refused
from .registry import Registry
from .state import State

LONGEST_LOG = 64_000_000
"""Bytes at which a log is due for sealing, however young."""


def _prepare(layout: Layout) -> None:
    """Make the store's folders, nobody else's to look into.

    Raises:
        StoreError: it can't be made, or there is something else at its place.
    """
    root = layout.root
    with disk("make the store", root):
        root.parent.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
        make_folder(root)
        if not layout.wal(0).parent.is_dir():
            others = [
                path.name for path in root.iterdir() if path.name not in {layout.lock.name, "lost+found"}
            ]
            if others:
                raise StoreError(
                    "it holds other things, and no store",
                    where=str(root),
                    hint="name an empty or a new folder",
                )
        if root.stat().st_mode & 0o077:
            root.chmod(FOLDER_MODE)


class Writer:
    """One per store, and it holds the lock.

    `state`: what the store knows of each host's last runs, as the writer before left it; `append` moves times, boots and cursors on,
    and drops the counters that are then old (see `State.apply`).
    `warnings`: sentences on what was found damaged or cut off. `append` may run in one thread while `seal` runs in another.
    """

    def __init__(self, layout: Layout, lock_fd: int) -> None:
        self.layout = layout
        self.warnings: list[str] = []
        self._lock_fd: int | None = lock_fd
        self._mutex = threading.Lock()
        self._sealing = threading.Lock()
        for folder in layout.folders:
            make_folder(folder)
        self._registry = Registry(layout)
        with manifest.writing(layout) as listed:
            seal.undo(listed, layout.aside, "seal", "load")
            self._sealed = listed.logs()
        seal.tidy(layout, self._sealed)
        self._log, payloads = self._recover()
        self.state = self._snapshot()
        state.replay(self.state, payloads, self._registry.probe)
        self._since = payloads[0].written if payloads else None

    @classmethod
    def open(cls, root: Path, *, purpose: str, now_us: int) -> Writer:
        """Open a store for writing, or make one.

        Raises:
            StoreLocked: another process writes into it.
            StoreError: it can't be made or read, or a newer livedata wrote it.
        """
        layout = Layout(root)
        _prepare(layout)
        fd = lock.acquire(layout.lock, purpose, now_us)
        try:
            with disk("open the store", root):
                return cls(layout, fd)
        except BaseException:
            lock.release(fd)
            raise

    def _snapshot(self) -> State:
        """The state at the last sealing; an empty one where it was lost."""
        if not self._sealed.sealed_through:
            return State()
        path = self.layout.state(self._sealed.sealed_through)
        try:
            return state.restore(path.read_bytes())
        except (StoreError, FileNotFoundError) as error:
            self.warnings.append(f"{path}: {error}; increments begin anew, logs are read again")
            return State()

    def _recover(self) -> tuple[Log, list[Payload]]:
        """Open the last log, cut off what a crash left half written; every frame that is not sealed."""
        first = last = self._sealed.sealed_through + 1
        while self.layout.wal(last + 1).exists():
            last += 1
        closed = seal.read_logs(self.layout, range(first, last))
        self.warnings += closed.damage
        if not self.layout.wal(last).exists():
            return Log.create(self.layout, last), closed.payloads
        log, found, cut = Log.open(self.layout, last)
        self.warnings += found.damage
        if cut:
            self.warnings.append(f"{log.path}: cut off {cut} bytes at the end, a write that was interrupted")
        return log, [*closed.payloads, *map(payload.unpack, found.bodies)]

    def register(self, probe: Probe) -> int:
        """Write down a probe's columns before its rows come; gives their version. `append` does it by itself too.

        Raises:
            ProbeError: its header contradicts what the store has rows of.
            StoreError: it can't be written down.
        """
        with self._mutex:
            return self._registry.admit(probe)

    def append(self, batches: Sequence[Batch], now_us: int) -> list[Refused]:
        """Keep batches of any hosts and probes in one frame; they are durable on return (fdatasync).

        Gives the batches that can't be kept (rows that are not as their header promises, a header that contradicts the store):
        trying those again is useless. Nothing is kept where it raises, and the same call may be tried again.

        Raises:
            StoreError: the disk is full or failed.
        """
        with self._mutex:
            bodies, refused = payload.pack(batches, self._registry.admit, now_us, frame.LONGEST)
            if bodies:
                self._log.append(bodies)
                self._since = now_us if self._since is None else self._since
                bad = {id(r.batch) for r in refused}
                for batch in batches:
                    if id(batch) not in bad:
                        self.state.apply(batch)
            return refused

    def seal_due(self, now_us: int, every_s: float) -> bool:
        """Whether the oldest row that is not in Parquet has waited for so long, or the log has grown too large to read."""
        if self._since is None:
            return False
        return not 0 <= now_us - self._since < every_s * 1e6 or self._log.end > LONGEST_LOG

    def seal(self, now_us: int) -> None:
        """Turn the write-ahead log into Parquet. Safe at a crash after any step.

        Raises:
            StoreError: the disk is full or failed; no row is lost, and the next call includes them.
        """
        with self._sealing, disk("seal the write-ahead log", self.layout.root):
            with self._mutex:
                if self._log.end > frame.HEADER_SIZE:
                    old, self._log = self._log, Log.create(self.layout, self._log.number + 1)
                    old.close()
                self._since = None
                through = self._log.number - 1
            with manifest.writing(self.layout) as listed:
                self._sealed = listed.logs()
                if through > self._sealed.sealed_through:
                    seal.undo(listed, self.layout.aside, "seal")
                    self._sealed, damage = seal.seal(
                        listed, self._snapshot(), through, self._registry.content, now_us
                    )
                    self.warnings += damage
            seal.tidy(self.layout, self._sealed)

    def load(self, probe: Probe, rows: Iterable[pa.Table], now_us: int) -> int:
        """Keep Arrow tables (`arrow_schema(probe)`; any hosts, any order) in the lake; how many rows they were.

        All are durable and seen on return, none where it raises.

        Raises:
            ProbeError: the header contradicts what the store has rows of.
            StoreError: the disk is full or failed.
        """
        version = self.register(probe)
        with (
            self._sealing,
            disk("load rows", self.layout.root),
            manifest.writing(self.layout) as listed,
        ):
            seal.undo(listed, self.layout.aside, "load")
            return load.load(listed, probe, version, rows, now_us)

    def close(self) -> None:
        """Let the next writer in. Nothing needs to be flushed."""
        with self._sealing, self._mutex:
            if self._lock_fd is not None:
                self._log.close()
                lock.release(self._lock_fd)
                self._lock_fd = None

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

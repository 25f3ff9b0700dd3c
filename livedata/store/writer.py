"""The one process that writes a store: takes its lock, mends what a crash left, appends, and seals."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from ..errors import StoreError
from ..model.batch import Batch
from ..model.probe import Probe
from . import checkpoint, frame, lock, payload, state
from .files import FOLDER_MODE, disk, make_folder
from .layout import Layout
from .log import Log
from .payload import Payload, Refused
from .registry import Registry
from .state import State


def _prepare(layout: Layout) -> None:
    """Make the store's folders, nobody else's to look into.

    Raises:
        StoreError: it can't be made, or there is something else at its place.
    """
    root = layout.root
    with disk("make the store", root):
        root.parent.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
        make_folder(root)
        if root.stat().st_mode & 0o077 or not layout.lock.exists():
            if not layout.lock.exists() and any(root.iterdir()):
                raise StoreError(
                    "it holds other things, and no store",
                    where=str(root),
                    hint="name an empty or a new folder",
                )
            root.chmod(FOLDER_MODE)


class Writer:
    """One per store, and it holds the lock. `state` starts as the last writer's ended, and is the caller's from then on.

    The caller applies a batch to `state` as soon as it has it (`State.apply`), so that the next increment is right also while
    rows wait for a full disk; `append` doesn't touch it. What survives a crash is always derived from the rows that were appended.
    `warnings`: sentences on what was found damaged or cut off. `append` may run in one thread while `seal` runs in another.
    """

    def __init__(self, layout: Layout, lock_fd: int) -> None:
        self.layout = layout
        self.warnings: list[str] = []
        self._lock_fd = lock_fd
        self._mutex = threading.Lock()
        for folder in layout.folders:
            make_folder(folder)
        self._registry = Registry(layout)
        self._checkpoint = checkpoint.load(layout)
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
        """The state at the checkpoint; an empty one where it was lost."""
        path = self.layout.state(self._checkpoint.sealed_through)
        if not self._checkpoint.sealed_through:
            return State()
        try:
            return state.restore(path.read_bytes())
        except (StoreError, FileNotFoundError) as error:
            self.warnings.append(f"{path}: {error}; increments begin anew, logs are read again")
            return State()

    def _recover(self) -> tuple[Log, list[Payload]]:
        """Open the last log, cut off what a crash left half written; every frame that is not sealed."""
        number = self._checkpoint.sealed_through + 1
        payloads: list[Payload] = []
        while self.layout.wal(number + 1).exists():
            data = self.layout.wal(number).read_bytes()
            found = frame.scan(data, number)
            payloads += map(payload.unpack, found.bodies)
            self.warnings += [*found.damage, *frame.closed_damage(found, data, number)]
            number += 1
        log, found, cut = Log.open(self.layout.wal(number), number)
        payloads += map(payload.unpack, found.bodies)
        self.warnings += found.damage
        if cut:
            self.warnings.append(f"{log.path}: cut off {cut} bytes at the end, a write that was interrupted")
        return log, payloads

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
                if self._since is None:
                    self._since = now_us
            return refused

    def close(self) -> None:
        """Let the next writer in. Nothing needs to be flushed."""
        with self._mutex, suppress(OSError):
            self._log.close()
            lock.release(self._lock_fd)

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

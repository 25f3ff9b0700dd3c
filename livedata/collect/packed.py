"""The counters of a host's processes, small: there are 200 of them on a host, and a collector keeps those of every host between two samples.

A dict of tuples takes 270 bytes a process, this 135; and what is near together in memory is soon found, as each host's turn comes when others
have long taken the processor's caches.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, MutableMapping
from struct import Struct, error
from typing import Any

Key = tuple[Any, ...]
"""Pid and start."""
Counts = tuple[Any, ...]


class Packed(MutableMapping[Key, Counts]):
    """Raw counters by pid and start; of a pid only one start is kept, the last that was put in.

    Args:
        width: counters of a process.
        known: those that there are.
    """

    __slots__ = ("_narrow", "_of", "_unpack", "_wide")

    def __init__(self, width: int, known: Mapping[Key, Counts]) -> None:
        self._narrow, self._wide = Struct(f"={width + 1}I"), Struct(f"={width + 1}Q")
        self._unpack = {form.size: form.unpack for form in (self._narrow, self._wide)}
        self._of: dict[int, bytes | Counts] = {}
        """Pid → its start and counters, as bytes where they are natural numbers."""
        self.update(known)

    def _record(self, pid: int) -> Counts | None:
        record = self._of.get(pid)
        return self._unpack[len(record)](record) if isinstance(record, bytes) else record

    def get(self, key: Key, default: Any = None) -> Any:
        record = self._of.get(key[0])
        if record is None:
            return default
        if isinstance(record, bytes):
            record = self._unpack[len(record)](record)
        return record[1:] if record[0] == key[1] else default

    def __getitem__(self, key: Key) -> Counts:
        found: Counts | None = self.get(key)
        if found is None:
            raise KeyError(key)
        return found

    def __contains__(self, key: object) -> bool:
        return isinstance(key, tuple) and self.get(key) is not None

    def __setitem__(self, key: Key, counts: Counts) -> None:
        for pack in (self._narrow.pack, self._wide.pack):
            try:
                self._of[key[0]] = pack(key[1], *counts)
            except error:
                continue
            return
        self._of[key[0]] = (key[1], *counts)

    def __delitem__(self, key: Key) -> None:
        if key not in self:
            raise KeyError(key)
        del self._of[key[0]]

    def __iter__(self) -> Iterator[Key]:
        return iter([(pid, record[0]) for pid in self._of if (record := self._record(pid))])

    def __len__(self) -> int:
        return len(self._of)

    def followed(self, counters: Mapping[Key, Counts], gone: Iterable[Key], whole: bool) -> Packed:
        """These after the next sample: with its counters, which may be those of what changed only, and without what is gone."""
        if whole:
            self._of.clear()
        for key in gone:
            self.pop(key, None)
        pack, of = self._narrow.pack, self._of
        for key, counts in counters.items():
            try:
                of[key[0]] = pack(key[1], *counts)
            except error:
                self[key] = counts
        return self

    def of_pids(self, pids: Collection[int]) -> list[Key]:
        """The processes that have one of these pids."""
        return [(pid, record[0]) for pid in pids if (record := self._record(pid))]

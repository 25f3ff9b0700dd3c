"""The one small file that decides which rows lie in Parquet and which in the write-ahead log."""

from __future__ import annotations

import msgspec

from ..errors import StoreError
from .files import disk, replace_durably
from .layout import Layout


class Checkpoint(msgspec.Struct, frozen=True):
    """Rows of logs up to `sealed_through` lie in the lake, the others in their logs.

    Logs up to `kept_above` may be gone; those between are kept for readers that began before. `damaged` names logs with damage:
    they are kept.
    """

    sealed_through: int = 0
    kept_above: int = 0
    damaged: tuple[int, ...] = ()
    format: int = 1


def load(layout: Layout) -> Checkpoint:
    """Raises StoreError: it is damaged, or a newer livedata's."""
    path = layout.checkpoint
    with disk("read the checkpoint", path):
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return Checkpoint()
    try:
        found = msgspec.json.decode(data, type=Checkpoint)
    except msgspec.DecodeError as error:
        raise StoreError(
            f"it is damaged: {error}", where=str(path), hint="put it back from a backup"
        ) from error
    if found.format > 1:
        raise StoreError("a newer livedata wrote it", where=str(path), hint="use that one")
    return found


def save(layout: Layout, checkpoint: Checkpoint) -> None:
    """Raises OSError."""
    replace_durably(layout.checkpoint, msgspec.json.encode(checkpoint), layout.aside)

"""Which of a question's files are damaged, once DuckDB has failed over one of them.

DuckDB names the file in half of its complaints, and looks at no checksum: the manifest knows the size and the checksum of every file, so
all that are damaged are found at once (docs/decisions/0006).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from .problems import detail_of
from .text import plain

if TYPE_CHECKING:
    from ..store.reader import Segment

KINDS = frozenset(
    {"DATA CORRUPTION", "INVALID", "INVALID INPUT", "IO", "PERMISSION", "INTERNAL", "FATAL", "SERIALIZATION"}
)
"""The kinds of DuckDB's errors that damage shows as; SQL can bring forth some of them, too."""


def find_damage(error: BaseException, parts: Collection[Segment]) -> dict[str, str]:
    """path → what is wrong with it, of the files that a question can't be answered from; none: the error has another cause.

    Where sizes tell nothing every file is read whole, about 1 s for a gigabyte.
    """
    detail = detail_of(error) or {"exception_type": "INVALID", "exception_message": str(error)}
    from ..store.sound import SHORTAGES, fault_of

    if str(detail["exception_type"]).upper() not in KINDS or str(detail.get("errno")) in map(str, SHORTAGES):
        return {}
    message = str(detail["exception_message"])
    named = {str(p.path): plain(message.partition("\n")[0]) for p in parts if str(p.path) in message}
    suspects = [p for p in parts if not _has_its_size(p)] or parts
    try:
        return named | {str(p.path): reason for p in suspects if (reason := fault_of(p))}
    except OSError:  # files or memory are short: that is what the question failed of
        return {}


def _has_its_size(part: Segment) -> bool:
    try:
        return part.path.stat().st_size == part.bytes
    except OSError:
        return False

"""A recording: a folder with what one machine said to one probe, and the rows that must come of it. A folder is a test.

`answer.txt` is what a script printed; `proc/…` and `sys/…` are the files that a reading probe was given; `rows.json` are the rows, as a
table holds them: decimals are texts, times ISO 8601, maps objects.
"""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..model.probe import Probe
from ..model.reading import Reading

if TYPE_CHECKING:
    from ..model.batch import Batch

ANSWER = "answer.txt"
ROWS = "rows.json"


def read_recording(probe: Probe, folder: Path) -> Reading:
    """What the collector would make of this machine's answer."""
    if probe.body:
        return Reading(text=_text(folder / ANSWER), data=(folder / ANSWER).read_bytes())
    files = {}
    for pattern in probe.read:
        for file in sorted(folder.glob(pattern[1:])):
            files["/" + file.relative_to(folder).as_posix()] = _text(file)
    return Reading(files)


def _text(file: Path) -> str:
    return file.read_bytes().decode("utf-8", "backslashreplace")


def rows_of(batch: Batch) -> list[dict[str, Any]]:
    """The header's columns of each row, as JSON has them."""
    from ..model.batch import to_arrow

    names = [column.name for column in batch.probe.columns]
    return [{name: _plain(row[name]) for name in names} for row in to_arrow([batch]).to_pylist()]


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return dict(value) if isinstance(value, list) else value


def write_rows(folder: Path, batch: Batch) -> None:
    """Write `rows.json`, a row a line."""
    lines = ",\n".join(" " + json.dumps(row, ensure_ascii=False) for row in rows_of(batch))
    (folder / ROWS).write_text(f"[\n{lines}\n]\n" if lines else "[]\n", encoding="utf-8")


def write_recording(folder: Path, reading: Reading, said: bytes, batch: Batch) -> None:
    """Write a whole recording.

    Args:
        folder: is made; it must not be there yet.
        said: what a script printed.

    Raises:
        UsageError: it is there, can't be written, or the host named files that would lie elsewhere.
    """
    for path in reading.files:
        if ".." in PurePosixPath(path).parts:
            raise UsageError(f"the host sent a file {path!r}: nothing is recorded", where=batch.host)
    try:
        folder.mkdir(parents=True)
        if batch.probe.body:
            (folder / ANSWER).write_bytes(said)
        for path, text in reading.files.items():
            file = folder / path.lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="")
        write_rows(folder, batch)
    except FileExistsError:
        raise UsageError(
            "it is already there", where=str(folder), hint="a recording is never overwritten"
        ) from None
    except OSError as error:
        raise UsageError(f"can't write it: {error.strerror}", where=str(folder)) from error

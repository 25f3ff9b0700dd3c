"""A bundle: chosen tables, hosts and hours in one file, to be opened elsewhere as a store of its own.

It is a tar (POSIX.1-2001 pax) of `README.txt`, `tables.json` as a store has it, and `tables/NAME.parquet`.
"""

from __future__ import annotations

import io
import tarfile
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO

import pyarrow as pa

from ..model.probe import Probe
from ..store.registry import FORMAT, Table, Tables, describe, encode
from .formats import write_parquet

SUFFIX = ".livedata"
README, TABLES, FOLDER = "README.txt", "tables.json", "tables/"

_README = """\
This is a livedata bundle: rows that livedata collected, {span} (UTC),
from {hosts}.

With livedata, on any machine:

    livedata store import THIS_FILE --store some-new-folder
    livedata fleet query --store some-new-folder "SELECT * FROM inventory"

Without it, after `tar xf THIS_FILE`, the files in tables/ are ordinary Parquet:

    duckdb -c "SELECT * FROM 'tables/{table}.parquet' LIMIT 10"
    python3 -c "import pandas; print(pandas.read_parquet('tables/{table}.parquet'))"

tables.json says what every column means. Times are UTC. A column NAME_total is a counter as the host had it,
NAME_increase what it grew by since the row before; dt_ms is the time between the two in milliseconds.

Tables, with their rows:

{tables}
"""


def readme(rows: Sequence[tuple[str, int]], hosts: Sequence[str], span: str) -> str:
    """What a bundle says of itself: its tables with their rows (at least one), its hosts, and `span`, its days."""
    shown = ", ".join(hosts) if len(hosts) <= 8 else f"{len(hosts)} hosts"
    listed = "\n".join(f"{count:>16,}  {name}" for name, count in rows)
    return _README.format(hosts=shown, span=span, table=rows[0][0], tables=listed)


def write_bundle(
    out: IO[bytes],
    aside: Path,
    text: str,
    tables: Sequence[tuple[Probe, Iterable[pa.RecordBatch]]],
    now: int,
) -> int:
    """Write a bundle of tables' headers and rows; how many rows it has.

    A table's Parquet lies in a file without a name in `aside` until its size is known. `text`: the README; `now`: seconds
    since the epoch.
    """
    total = 0
    known = Tables(FORMAT, {probe.name: Table(1, {1: describe(probe)}) for probe, _ in tables})
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        _add(tar, README, io.BytesIO(text.encode()), now)
        _add(tar, TABLES, io.BytesIO(encode(known)), now)
        for probe, batches in tables:
            with tempfile.TemporaryFile(dir=aside) as file:
                total += write_parquet(probe, batches, file)
                _add(tar, f"{FOLDER}{probe.name}.parquet", file, now)
    return total


def _add(tar: tarfile.TarFile, name: str, content: IO[bytes], now: int) -> None:
    about = tarfile.TarInfo(name)
    about.size, about.mtime, about.mode = content.seek(0, io.SEEK_END), now, 0o600
    content.seek(0)
    tar.addfile(about, content)

"""The rows of a made-up fleet on disk, hour by hour, so that they are made once and every contender is given the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import pyarrow as pa
import pyarrow.compute as pc

from livedata.model.probe import Probe

from .fleet import START, Machine, boots
from .logs import entries
from .tables import sampled

HOUR_US = 3_600_000_000
AT_ONCE = 50
"""Machines whose rows are in memory at one time while they are made."""


@dataclass(frozen=True)
class Data:
    """The tables of so many machines for so many hours; `hosts` by table. `folder` may hold them from an earlier run."""

    folder: Path
    probes: Mapping[str, Probe]
    hosts: Mapping[str, int]
    hours: int

    @property
    def end(self) -> int:
        """The end of the last hour, microseconds UTC."""
        return START + self.hours * HOUR_US

    @property
    def midnight(self) -> int:
        """The end of the last day, microseconds UTC."""
        return START + -(-self.hours // 24) * 24 * HOUR_US

    def key(self, table: str) -> str:
        """What the rows depend on: how many, and how they are made."""
        here = Path(__file__).parent
        made_by = b"".join((here / f"{name}.py").read_bytes() for name in ("dice", "fleet", "tables", "logs"))
        columns = repr(self.probes[table].columns).encode()
        return f"{table}-{self.hosts[table]}x{self.hours}-{crc32(columns, crc32(made_by)):08x}"

    def hour(self, table: str, number: int) -> pa.Table:
        """All machines' rows of one hour, machine after machine."""
        folder = self.folder / self.key(table)
        if not folder.exists():
            self._make(table, folder)
        parts = [_read(path) for path in sorted((folder / f"{number:03}").iterdir())]
        return pa.concat_tables(parts)

    def slots(self, table: str, number: int, minutes: int) -> Iterator[tuple[int, pa.Table]]:
        """(end in microseconds UTC, rows) of each stretch of an hour."""
        rows = self.hour(table, number)
        times = rows["ts"].cast(pa.int64())
        first, step = START + number * HOUR_US, minutes * 60_000_000
        for start in range(first, first + HOUR_US, step):
            inside = pc.and_(pc.greater_equal(times, start), pc.less(times, start + step))
            yield start + step, rows.filter(inside)

    def _make(self, table: str, folder: Path) -> None:
        aside = folder.with_suffix(".new")
        for number in range(self.hours):
            (aside / f"{number:03}").mkdir(parents=True, exist_ok=True)
        machines = [Machine(number) for number in range(self.hosts[table])]
        for start in range(0, len(machines), AT_ONCE):
            some = [self._rows(table, machine) for machine in machines[start : start + AT_ONCE]]
            rows = pa.concat_tables(some)
            hours = pc.divide(pc.subtract(rows["ts"].cast(pa.int64()), START), HOUR_US)
            for number in range(self.hours):
                path = aside / f"{number:03}" / f"{start:05}.arrow"
                _write(path, rows.filter(pc.equal(hours, number)))
        aside.rename(folder)

    def _rows(self, table: str, machine: Machine) -> pa.Table:
        probe = self.probes[table]
        if table == "log":
            return pa.concat_tables([entries(probe, boot) for boot in boots(machine, self.hours)])
        return sampled(probe, machine, self.hours)


def _write(path: Path, rows: pa.Table) -> None:
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, rows.schema, options=options) as out:
        out.write_table(rows.combine_chunks())


def _read(path: Path) -> pa.Table:
    with pa.OSFile(str(path)) as file:
        return pa.ipc.open_file(file).read_all()

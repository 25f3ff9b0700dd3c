"""The processes of the whole fleet: those that take most."""

from __future__ import annotations

import time

from textual.app import ComposeResult

from ..query.processes import AT as MOMENT
from ..query.processes import PROCESSES
from .asked import AT
from .asker import Asker
from .cells import Cell
from .panels import PROCESS_COLUMNS, key_of
from .records import Record, records
from .table import Column, Table
from .view import Looked, View

MOST = 300
"""Processes that are asked for, by CPU and by memory each."""
EVERY_US = 10_000_000
"""They are sampled every 30 s."""
PAUSE = 10
"""While time goes on it is not asked again sooner than so many times what it took: in a large fleet that is seconds."""


def process_sql(most: int) -> str:
    """The processes at the moment: those that take the most CPU, and those that hold the most memory."""
    return f"""
SELECT * FROM ({PROCESSES.replace(MOMENT, AT)}) WHERE ts > {AT} - INTERVAL 2 MINUTE
QUALIFY row_number() OVER (ORDER BY coalesce(cpu_pct, 0) + coalesce(children_cpu_pct, 0) DESC) <= {most}
  OR row_number() OVER (ORDER BY rss_bytes DESC NULLS LAST) <= {most}"""


COLUMNS = (
    Column[Record]("host", 16, lambda r: Cell(r["host"], "accent"), lambda r: r["host"], down=False),
    *PROCESS_COLUMNS,
)


class ProcessView(View):
    def __init__(self, asker: Asker) -> None:
        super().__init__(asker)
        self.table: Table[Record] = Table(
            COLUMNS,
            key_of(("host", "pid", "started")),
            sort=3,
            empty="no processes are known of the last two minutes",
        )
        self._of: tuple[object, ...] = ()
        self._at_us, self._pause_us = 0, 0

    def compose(self) -> ComposeResult:
        yield self.table

    @property
    def head(self) -> str:
        return "processes"

    def enter(self) -> None:
        self.table.focus()

    async def look(self, looked: Looked) -> None:
        of = (looked.live, looked.hosts)
        if looked.live and of == self._of and 0 <= looked.at_us - self._at_us < max(EVERY_US, self._pause_us):
            return
        self._of, self._at_us = of, looked.at_us
        begun = time.perf_counter()
        there = {"process", "process_info", "scrape"} <= (await self.asker.tables()).keys()
        self.table.show(
            records(await self.asker.ask(process_sql(MOST), looked.at_us, looked.hosts)) if there else []
        )
        self._pause_us = round((time.perf_counter() - begun) * PAUSE * 1e6)

"""Log entries as they come, or as they had come by a moment: a line each, the newest last."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from ..store.reader import Place
from .asker import Asker
from .cells import Cell, Tone, clock
from .records import records
from .table import Column, Table
from .view import LookAgain, Say

KEPT = 2_000
"""Entries that are held, the newest."""
BEFORE = 500
"""Entries of before that are asked for at first."""

SQL = f"""
SELECT * FROM (SELECT * FROM log WHERE ts > {{at}} - INTERVAL {{span}} AND ts <= {{at}}{{more}} ORDER BY ts DESC LIMIT {BEFORE}) ORDER BY ts
"""
WORDS = ("emerg", "alert", "crit", "error", "warn", "notice", "info", "debug")
_TONES: tuple[Tone, ...] = ("bad", "bad", "bad", "bad", "warn", "", "", "dim")
ERROR = 3


class Entry(NamedTuple):
    number: int
    ts: int
    host: str
    who: str
    priority: int | None
    message: str


def tone(entry: Entry) -> Tone:
    return _TONES[entry.priority] if entry.priority is not None and 0 <= entry.priority < 8 else ""


def word(entry: Entry) -> str:
    return WORDS[entry.priority] if entry.priority is not None and 0 <= entry.priority < 8 else ""


TIME = Column[Entry]("time", 8, lambda e: Cell(clock(e.ts), "dim"))
HOST = Column[Entry]("host", 16, lambda e: Cell(e.host, "accent"))
REST = (
    Column[Entry]("level", 6, lambda e: Cell(word(e), tone(e))),
    Column[Entry]("from", 18, lambda e: Cell(e.who, "dim"), drop=1),
    Column[Entry]("message", 0, lambda e: Cell(e.message, tone(e)), least=20),
)


class LogPane(Vertical):
    """The log of one host, or of those that are chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("e", "errors", "errors only")]
    DEFAULT_CSS = "LogPane { height: 1fr; }"

    def __init__(self, asker: Asker, *, hosts: bool) -> None:
        """`hosts`: each entry tells whose it is."""
        super().__init__()
        self.asker = asker
        columns = (TIME, HOST, *REST) if hosts else (TIME, *REST)
        self.table: Table[Entry] = Table(columns, lambda e: e.number, follow=True, empty="no entries")
        self._entries: list[Entry] = []
        self._place: Place | None = None
        self._of: tuple[object, ...] | None = None
        self._number = 0
        self._only_errors = False

    def compose(self) -> ComposeResult:
        yield self.table

    async def look(self, at_us: int, live: bool, hosts: Sequence[str] | None) -> None:
        """Show the log as of a moment; of these hosts, None: all."""
        of = (live or at_us, hosts, self._only_errors)
        if of != self._of or (live and self._place is None):
            await self._begin(at_us, live, hosts)
            self._of = of
        elif live and self._place is not None:
            rows, self._place = await self.asker.rows_since("log", self._place)
            if rows is not None and rows.num_rows:
                chosen = self._taken(records(rows.select(_COLUMNS)), hosts)
                self._entries = [*self._entries, *sorted(chosen, key=lambda e: e.ts)][-KEPT:]
        self.table.show(self._entries)

    async def _begin(self, at_us: int, live: bool, hosts: Sequence[str] | None) -> None:
        """What there is already; further back only where the last minutes hold nothing."""
        more = f" AND priority <= {ERROR}" if self._only_errors else ""
        self._entries = []
        for span in ("15 MINUTE", "1 DAY"):
            sql = SQL.replace("{span}", span).replace("{more}", more)
            rows, place = await self.asker.first("log", sql, at_us, hosts)
            self._place = place if live else None
            if rows is None:
                return
            self._entries = self._taken(records(rows.select(_COLUMNS)), None)
            if self._entries:
                return

    def _taken(self, found: Sequence[dict[str, object]], hosts: Collection[str] | None) -> list[Entry]:
        taken = []
        for row in found:
            if (hosts is None or row["host"] in hosts) and (
                not self._only_errors or (isinstance(row["priority"], int) and row["priority"] <= ERROR)
            ):
                self._number += 1
                taken.append(_entry(self._number, row))
        return taken

    def action_errors(self) -> None:
        self._only_errors = not self._only_errors
        self.post_message(LookAgain())

    def on_table_opened(self, event: Table.Opened) -> None:
        event.stop()
        entry: Entry = event.row
        self.post_message(Say(f"{clock(entry.ts)} {entry.host} {entry.who}: {entry.message}"))


_COLUMNS = ["ts", "host", "identifier", "unit", "pid", "priority", "message"]


def _entry(number: int, row: dict[str, object]) -> Entry:
    who = str(row["identifier"] or row["unit"] or "-") + (f"[{row['pid']}]" if row["pid"] is not None else "")
    priority = row["priority"]
    message = str(row["message"] or "").rstrip("\n")
    ts = row["ts"]
    assert isinstance(ts, int)
    return Entry(number, ts, str(row["host"]), who, priority if isinstance(priority, int) else None, message)

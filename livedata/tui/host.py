"""One host: its course, and what it opens to."""

from __future__ import annotations

from typing import Any, ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget

from ..query.text import plain
from .asked import AT
from .asker import Asker
from .cells import age
from .course import COURSE_COLUMNS, Course, course_sql, courses
from .logpane import LogPane
from .panels import PANELS, PROCESS_COLUMNS, Panel, key_of
from .processes import process_sql
from .records import Record, records
from .table import Table
from .view import LookAgain, Looked, View

COURSE, PROCESSES, LOG = "now", "processes", "log"
NAMES = (COURSE, *(panel.name for panel in PANELS[:5]), PROCESSES, *(panel.name for panel in PANELS[5:]), LOG)
ALL_PROCESSES = Panel(
    PROCESSES,
    ("process", "process_info", "scrape"),
    process_sql(2_000),
    PROCESS_COLUMNS,
    ("pid", "started"),
    2,
    10.0,
)
BY_NAME = {panel.name: panel for panel in (*PANELS, ALL_PROCESSES)}

EMPTY = "no rows of the last minutes: the host was not reached, or has no such thing"

ABOUT = f"""
SELECT pretty_name, kernel, cores, virtualization FROM os WHERE ts > {AT} - INTERVAL 25 HOUR AND ts <= {AT} ORDER BY ts DESC LIMIT 1"""


class PanelBar(Widget):
    """The names of the panels, the one that is shown told apart; a click chooses."""

    DEFAULT_CSS = "PanelBar { height: 1; background: $surface; }"

    class Chosen(Message):
        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    chosen = COURSE

    def render(self) -> Text:
        line = Text(" ", no_wrap=True, overflow="crop", end="")
        accent = self.app.theme_variables["accent"]
        for name in NAMES:
            here = name == self.chosen
            line.append(f"[{name}]" if here else f" {name} ", style=f"bold {accent}" if here else "dim")
        return line

    def on_click(self, event: events.Click) -> None:
        right = 1
        for name in NAMES:
            right += len(name) + 2
            if event.x < right:
                self.post_message(self.Chosen(name))
                return


class HostView(View):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.back", "back"),
        Binding("tab", "panel(1)", "panel", key_display="tab"),
        Binding("shift+tab", "panel(-1)", "panel before", show=False),
        *(
            Binding(str(i + 1), f"app.view({i})", name, show=False)
            for i, name in enumerate(("fleet", "procs", "log", "ask"))
        ),
    ]
    DEFAULT_CSS = """
    HostView .-hidden { display: none; }
    """

    whole_fleet = False

    def __init__(self, asker: Asker) -> None:
        super().__init__(asker)
        self.host = ""
        self.panel = COURSE
        self._about = ""
        self._age = ""
        self._course: Table[Course] = Table(COURSE_COLUMNS, lambda c: c.measure.name, empty=EMPTY)
        self._tables: dict[str, Table[Record]] = {
            name: Table(panel.columns, key_of(panel.key), sort=panel.sort, empty=EMPTY)
            for name, panel in BY_NAME.items()
        }
        self._log = LogPane(asker, hosts=False)
        self._asked: dict[str, tuple[str, int]] = {}

    def compose(self) -> ComposeResult:
        yield PanelBar()
        for widget in self._panels.values():
            widget.set_class(True, "-hidden")
            yield widget

    @property
    def _panels(self) -> dict[str, Widget]:
        return {COURSE: self._course, **self._tables, LOG: self._log}

    @property
    def head(self) -> str:
        return " · ".join(part for part in (self.host, self._about, self._age) if part)

    @property
    def every_s(self) -> float:  # type: ignore[override]
        return 0.5 if self.panel == LOG else View.every_s

    def open(self, host: str) -> None:
        if host != self.host:
            self.host, self._about = host, ""
            self._asked.clear()

    def enter(self) -> None:
        for name, widget in self._panels.items():
            widget.set_class(name != self.panel, "-hidden")
        bar = self.query_one(PanelBar)
        bar.chosen = self.panel
        bar.refresh()
        shown = self._panels[self.panel]
        (self._log.table if shown is self._log else shown).focus()

    def action_panel(self, by: int) -> None:
        self.choose(NAMES[(NAMES.index(self.panel) + by) % len(NAMES)])

    def choose(self, name: str) -> None:
        self.panel = name
        self.enter()
        self.post_message(LookAgain())

    def on_panel_bar_chosen(self, event: PanelBar.Chosen) -> None:
        self.choose(event.name)

    async def look(self, looked: Looked) -> None:
        pulse = next((h for h in looked.fleet if h.host == self.host), None)
        self._age = (
            ""
            if pulse is None or pulse.state == "ok"
            else f"{pulse.state} {age(pulse.age_us)} {pulse.detail}".strip()
        )
        tables = await self.asker.tables()
        if not self._about:
            self._about = await self._ask_about(tables, looked.at_us)
        if self.panel == LOG:
            await self._log.look(looked.at_us, looked.live, (self.host,))
        elif self.panel == COURSE:
            answer = await self._ask(course_sql(tables), looked.at_us)
            self._course.show(courses(answer, looked.at_us))
        else:
            await self._look_at_panel(BY_NAME[self.panel], tables, looked)

    async def _look_at_panel(self, panel: Panel, tables: Any, looked: Looked) -> None:
        before = self._asked.get(panel.name)
        if (
            looked.live
            and before
            and before[0] == self.host
            and 0 <= looked.at_us - before[1] < panel.every_s * 1e6 - 5e5
        ):
            return
        self._asked[panel.name] = (self.host, looked.at_us)
        there = set(panel.tables) <= set(tables)
        self._tables[panel.name].show(await self._ask(panel.sql, looked.at_us) if there else [])

    async def _ask(self, sql: str, at_us: int) -> list[Record]:
        return records(await self.asker.ask(sql, at_us, (self.host,))) if sql and self.host else []

    async def _ask_about(self, tables: Any, at_us: int) -> str:
        found = await self._ask(ABOUT, at_us) if "os" in tables else []
        if not found:
            return ""
        about = found[0]
        cores = f"{about['cores']} cores" if about["cores"] else None
        return " · ".join(plain(str(part)) for part in (about["pretty_name"], about["kernel"], cores) if part)

"""The log of the fleet."""

from __future__ import annotations

from textual.app import ComposeResult

from .asker import Asker
from .logpane import LogPane
from .view import Looked, View


class LogView(View):
    every_s = 0.5

    def __init__(self, asker: Asker) -> None:
        super().__init__(asker)
        self.pane = LogPane(asker, hosts=True)

    def compose(self) -> ComposeResult:
        yield self.pane

    @property
    def head(self) -> str:
        return "log"

    def enter(self) -> None:
        self.pane.table.focus()

    async def look(self, looked: Looked) -> None:
        await self.pane.look(looked.at_us, looked.live, looked.hosts)

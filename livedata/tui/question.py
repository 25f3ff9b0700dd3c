"""A question of one's own, in SQL or the search language, at the moment that is looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from ..errors import LivedataError
from ..query.cells import Cells, is_number
from ..query.text import plain
from .asked import is_sql
from .asker import Asker
from .cells import NONE, Cell
from .completion import completed, completions
from .table import Column, Table
from .view import LookAgain, Looked, View

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 1_000
"""Rows that are shown."""
WIDEST = 60

Row = tuple[str | None, ...]


class QuestionView(View):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.back", "back"),
        Binding("ctrl+r", "again", "ask again"),
    ]
    DEFAULT_CSS = """
    QuestionView > Input { height: 1; border: none; padding: 0 1; background: $panel; }
    QuestionView > Input:focus { border: none; }
    QuestionView > OptionList { height: auto; max-height: 8; border: none; padding: 0 1; display: none; background: $surface; }
    QuestionView > OptionList.-shown { display: block; }
    QuestionView > Static { height: auto; max-height: 6; padding: 0 1; color: $foreground 70%; }
    """

    def __init__(self, asker: Asker) -> None:
        super().__init__(asker)
        self.box = Input(
            placeholder="SELECT host, max(busy_pct) FROM cpu WHERE ts > now() - INTERVAL 1 HOUR GROUP BY host",
            select_on_focus=False,
        )
        self.options = OptionList(markup=False)
        self.said = Static(
            "SQL, or a search: error | stats count by host. Tab completes, Enter asks.",
            markup=False,
        )
        self.table: Table[tuple[int, Row]] = Table((), lambda row: row[0])
        self._tables: Mapping[str, Sequence[str]] = {}
        self._asked: tuple[str, int] | None = None
        self._sql = ""
        self._at_us = 0

    def compose(self) -> ComposeResult:
        yield self.box
        yield self.options
        yield self.said
        yield self.table

    @property
    def head(self) -> str:
        return "question"

    def enter(self) -> None:
        self.box.focus()

    async def look(self, looked: Looked) -> None:
        """Answers anew where the question, or the moment that is past, is another one."""
        if not self._tables:
            self._tables = await self.asker.tables()
        at_us = 0 if looked.live else looked.at_us
        if not self._sql or self._asked == (self._sql, at_us):
            return
        self._asked = (self._sql, at_us)
        try:
            answer = await self.asker.answer(self._sql, (looked.since_us, looked.at_us), looked.hosts, ROWS)
        except LivedataError as error:
            self._say(str(error))
            return
        self._show(answer.table)
        more = (
            f"the first {ROWS:,} rows"
            if answer.truncated
            else f"{answer.table.num_rows:,} row{'' if answer.table.num_rows == 1 else 's'}"
        )
        self._say("\n".join([f"{more} in {answer.elapsed_s:.2f} s; times are UTC", *answer.notes]))

    def _say(self, text: str) -> None:
        self.said.update("\n".join(map(plain, text.split("\n"))))

    def _show(self, answer: pa.Table) -> None:
        answer = answer.combine_chunks()
        columns = [self._texts(answer, i) for i in range(answer.num_columns)]
        self.table.set_columns([_column(i, field, columns[i]) for i, field in enumerate(answer.schema)])
        self.table.show(list(enumerate(zip(*columns, strict=True))))

    @staticmethod
    def _texts(answer: pa.Table, i: int) -> list[str | None]:
        column = answer.column(i)
        read = Cells(column.type)
        return [text for chunk in column.chunks for text in read.texts(chunk)]

    # The box

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        found = (
            ()
            if self.box.value and not is_sql(self.box.value + " ")
            else completions(self.box.value, self.box.cursor_position, self._tables)
        )
        self.options.set_options([Option(choice) for choice in found])
        self.options.set_class(bool(found), "-shown")
        if found:
            self.options.highlighted = 0

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._close()
        self._sql, self._asked = event.value.strip(), None
        self.post_message(LookAgain())

    def action_again(self) -> None:
        self._asked = None
        self.post_message(LookAgain())

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._complete(str(event.option.prompt))

    def _complete(self, choice: str) -> None:
        self.box.value, self.box.cursor_position = completed(self.box.value, self.box.cursor_position, choice)
        self.box.focus()

    def _close(self) -> None:
        self.options.set_class(False, "-shown")

    def on_key(self, event: events.Key) -> None:
        """While something is offered the keys are for that; else Tab goes between the question and its answer."""
        offered = self.options.has_class("-shown") and self.box.has_focus
        if offered and event.key == "tab" and self.options.highlighted is not None:
            self._complete(str(self.options.get_option_at_index(self.options.highlighted).prompt))
        elif offered and event.key in ("down", "up"):
            (self.options.action_cursor_down if event.key == "down" else self.options.action_cursor_up)()
        elif offered and event.key == "escape":
            self._close()
        elif event.key == "tab" or (event.key == "down" and self.box.has_focus):
            (self.table if self.box.has_focus else self.box).focus()
        elif event.key == "escape" and self.table.has_focus:
            self.box.focus()
        else:
            return
        event.stop()
        event.prevent_default()


def _column(i: int, field: pa.Field, texts: Sequence[str | None]) -> Column[tuple[int, Row]]:
    widest = max((cell_len(plain(t)) for t in texts[:200] if t is not None), default=1)
    number = is_number(field.type)

    def cell(row: tuple[int, Row]) -> Cell:
        text = row[1][i]
        return NONE if text is None else Cell(text)

    def order(row: tuple[int, Row]) -> float | str | None:
        text = row[1][i]
        return None if text is None else float(text) if number else text

    width = max(4, min(WIDEST, max(widest, cell_len(plain(field.name)) + 1)))
    return Column(plain(field.name), width, cell, order, number, drop=i, down=number)

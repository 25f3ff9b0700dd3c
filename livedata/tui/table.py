"""A table that draws what is seen of it: thousands of rows cost no more than a screenful, and only lines that changed are drawn anew.

All text is made harmless here, so that nothing from a host can move the cursor or forge a row.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.color import Color
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from ..query.text import plain
from .cells import Cell

R = TypeVar("R")

FADED = {"dim": ("foreground", 0.45), "line": ("accent", 0.4)}
"""Tones between a colour of the theme and its background."""


@dataclass(frozen=True)
class Column(Generic[R]):
    """`width` in characters, 0: what is left, `least` at least. `order`: what rows are sorted by, None: not at all. `drop`: the higher, the sooner it
    goes where there is no room; 0 never. `down`: sorted the greatest first."""

    title: str
    width: int
    cell: Callable[[R], Cell]
    order: Callable[[R], Any] | None = None
    right: bool = False
    drop: int = 0
    down: bool = True
    least: int = 14


def fitting(columns: Sequence[Column[Any]], room: int) -> list[tuple[Column[Any], int]]:
    """The columns that there is room for, each with its width; a blank stands between them."""
    kept = list(columns)
    while len(kept) > 1 and sum((c.width or c.least) + 1 for c in kept) > room:
        most = max(kept, key=lambda c: c.drop)
        if not most.drop:
            break
        kept.remove(most)
    rest = room - sum(c.width + 1 for c in kept)
    return [(c, c.width or max(c.least, rest)) for c in kept]


def in_order(rows: Sequence[R], order: Callable[[R], Any] | None, down: bool) -> list[R]:
    """Sorted, with what is not known last either way."""
    if order is None:
        return list(rows)
    known = [(key, row) for row in rows if (key := order(row)) is not None]
    known.sort(key=lambda pair: pair[0], reverse=down)
    return [row for _, row in known] + [row for row in rows if order(row) is None]


class Table(ScrollView, Generic[R], can_focus=True, inherit_bindings=False):
    """Rows of `columns`. `key` tells a row from the others; the cursor stays on its row once it was moved."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "up", show=False),
        Binding("down,j", "move(1)", "down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("pagedown,space", "page(1)", "page down", show=False),
        Binding("home", "end(0)", "first", show=False),
        Binding("end", "end(1)", "last", show=False),
        Binding("enter", "open", "open", show=False),
        Binding("s", "sort(1)", "sort"),
        Binding("S", "sort(-1)", "sort by the column before", show=False),
        Binding("r", "reverse", "reverse", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "table--head",
        "table--cursor",
        *(f"table--{t}" for t in ("good", "warn", "bad", "accent")),
    }
    DEFAULT_CSS = """
    Table { height: 1fr; overflow-x: hidden; scrollbar-size-vertical: 1; background: $background; }
    Table > .table--head { color: $foreground 70%; background: $surface; text-style: bold; }
    Table > .table--cursor { background: $panel; }
    Table > .table--good { color: $success; }
    Table > .table--warn { color: $warning; text-style: bold; }
    Table > .table--bad { color: $error; text-style: bold; }
    Table > .table--accent { color: $accent; }
    """

    class Opened(Message):
        """A row was chosen, by Enter or a second click."""

        def __init__(self, table: Table[Any], row: Any) -> None:
            super().__init__()
            self.table, self.row = table, row

        @property
        def control(self) -> Table[Any]:
            return self.table

    def __init__(
        self,
        columns: Sequence[Column[R]],
        key: Callable[[R], Hashable],
        *,
        sort: int | None = None,
        follow: bool = False,
        empty: str = "",
    ) -> None:
        """`sort`: the column that rows are sorted by at first. `follow`: the last row is kept in sight until the cursor leaves it.
        `empty`: what is said where there are no rows."""
        super().__init__()
        self.columns = list(columns)
        self.key = key
        self.rows: list[R] = []
        self.sort = sort
        self.down = sort is None or columns[sort].down
        self.empty = empty
        self.cursor = 0
        self._given: Sequence[R] = ()
        self._known = False
        self._held: Hashable | None = None
        self._follow = follow
        self._drawn: dict[int, tuple[Any, ...]] = {}
        self._styles: dict[str, Style] = {}

    # What is in it

    def show(self, rows: Sequence[R]) -> None:
        """Take other rows; lines that look as before are not drawn again."""
        self._given, self._known = rows, True
        order = None if self.sort is None else self.columns[self.sort].order
        before, offset = len(self.rows), self.cursor - self.scroll_offset.y
        last = self.cursor >= before - 1
        self.rows = in_order(rows, order, self.down)
        if self._follow and last:
            self.cursor = len(self.rows) - 1
        elif self._held is not None:
            found = next((i for i, row in enumerate(self.rows) if self.key(row) == self._held), None)
            self.cursor = self.cursor if found is None else found
        self.cursor = max(0, min(self.cursor, len(self.rows) - 1))
        if len(self.rows) != before:
            self.virtual_size = Size(self.size.width, len(self.rows) + 1)
        if self._follow and last:
            self._reveal()
        elif self._held is not None:
            self.scroll_to(y=max(0, self.cursor - offset), animate=False, immediate=True)
        self._draw_changes()

    def select(self, key: Hashable) -> None:
        """Put the cursor on a row, if it is there."""
        for i, row in enumerate(self.rows):
            if self.key(row) == key:
                self._go(i)

    @property
    def current(self) -> R | None:
        return self.rows[self.cursor] if self.rows else None

    def set_columns(self, columns: Sequence[Column[R]], sort: int | None = None) -> None:
        self.columns, self.sort, self.cursor, self._held = list(columns), sort, 0, None
        self.down = sort is None or columns[sort].down
        self._drawn.clear()
        self.refresh()

    # Moving about

    def _go(self, index: int) -> None:
        self.cursor = max(0, min(index, len(self.rows) - 1))
        self._held = self.key(self.rows[self.cursor]) if self.rows and (self.cursor or self._follow) else None
        self._reveal()
        self._draw_changes()

    def _reveal(self) -> None:
        top, height = self.scroll_offset.y, max(1, self.size.height - 1)
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, immediate=True)
        elif self.cursor >= top + height:
            self.scroll_to(y=self.cursor - height + 1, animate=False, immediate=True)

    def action_move(self, by: int) -> None:
        self._go(self.cursor + by)

    def action_page(self, by: int) -> None:
        self._go(self.cursor + by * max(1, self.size.height - 2))

    def action_end(self, last: int) -> None:
        self._go(len(self.rows) - 1 if last else 0)

    def action_open(self) -> None:
        if self.current is not None:
            self.post_message(self.Opened(self, self.current))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action not in ("sort", "reverse") or any(c.order is not None for c in self.columns)

    def action_sort(self, by: int) -> None:
        sortable = [i for i, c in enumerate(self.columns) if c.order is not None]
        if sortable:
            at = sortable.index(self.sort) if self.sort in sortable else -1 if by > 0 else 0
            self.sort_by(sortable[(at + by) % len(sortable)])

    def action_reverse(self) -> None:
        if self.sort is not None:
            self.sort_by(self.sort)

    def sort_by(self, column: int) -> None:
        """By another column, or by the same the other way round."""
        if self.columns[column].order is None:
            return
        self.down = not self.down if column == self.sort else self.columns[column].down
        self.sort = column
        self.refresh()
        self.show(self._given)

    def on_click(self, event: events.Click) -> None:
        if event.y == 0:
            right = 1
            for column, width in fitting(self.columns, self.size.width - 1):
                right += width + 1
                if event.x < right:
                    self.sort_by(self.columns.index(column))
                    return
            return
        index = self.scroll_offset.y + event.y - 1
        if index < len(self.rows):
            again = index == self.cursor and event.chain > 1
            self._go(index)
            if again:
                self.action_open()

    def on_resize(self) -> None:
        self.virtual_size = Size(self.size.width, len(self.rows) + 1)
        self._drawn.clear()

    # Drawing

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles.clear()

    def _style(self, name: str) -> Style:
        if name not in self._styles:
            self._styles[name] = self._made_style(name) if name else Style()
        return self._styles[name]

    def _made_style(self, name: str) -> Style:
        if name not in FADED:
            return self.get_component_rich_style(f"table--{name}", partial=True)
        of, share = FADED[name]
        colours = self.app.theme_variables
        faded = Color.parse(colours[of]).blend(Color.parse(colours["background"]), share)
        return Style(color=faded.rich_color)

    def _line(self, y: int) -> tuple[Any, ...]:
        """All that a line's look depends on."""
        index = self.scroll_offset.y + y - 1
        if index >= len(self.rows):
            return (self.empty,) if y == 1 and not self.rows and self._known else ()
        row = self.rows[index]
        cells = tuple(column.cell(row) for column, _ in fitting(self.columns, self.size.width - 1))
        return (index == self.cursor, self.has_focus, cells)

    def _draw_changes(self) -> None:
        for y in range(1, self.size.height):
            line = self._line(y)
            if self._drawn.get(y) != line:
                self.refresh(Region(0, y, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        base = self.rich_style
        if y == 0:
            return self._head(width, base)
        line = self._drawn[y] = self._line(y)
        if len(line) < 2:
            return Strip([Segment(fitted(" " + "".join(line), width), base + self._style("dim"))])
        chosen, focused, cells = line
        if chosen:
            base += self._style("cursor")
        segments = [Segment("›" if chosen and focused else " ", base + self._style("accent"))]
        for (column, room), cell in zip(fitting(self.columns, width - 1), cells, strict=True):
            style = base + self._style(cell.tone) if cell.tone else base
            segments.append(Segment(fitted(cell.text, room, column.right), style))
            segments.append(Segment(" ", base))
        return Strip(segments).adjust_cell_length(width, base)

    def _head(self, width: int, base: Style) -> Strip:
        style = base + self._style("head")
        segments = [Segment(" ", style)]
        for column, room in fitting(self.columns, width - 1):
            mark = ("▼" if self.down else "▲") if column is self._sorted else ""
            title = (
                column.title if len(column.title) + len(mark) <= room else column.title[: room - len(mark)]
            )
            segments.append(Segment(fitted(title + mark, room, column.right) + " ", style))
        return Strip(segments).adjust_cell_length(width, style)

    @property
    def _sorted(self) -> Column[R] | None:
        return None if self.sort is None else self.columns[self.sort]


def fitted(text: str, room: int, right: bool = False) -> str:
    """Harmless text that takes exactly so many columns; `…` where something is cut off."""
    text = plain(text)
    length = cell_len(text)
    if length > room:
        return set_cell_size(text, room - 1) + "…"
    return " " * (room - length) + text if right else text + " " * (room - length)

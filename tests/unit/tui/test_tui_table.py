"""The table: what fits, in what order, and harmless cells of the right width; the rest of thousands of rows is not drawn."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.strip import Strip

from livedata.query.text import HARMFUL
from livedata.tui.cells import Cell, age, number, pct, size, spark
from livedata.tui.table import Column, Table, fitted, fitting, in_order

COLUMNS = (
    Column[int]("n", 0, lambda n: Cell(f"row {n}"), lambda n: n, least=10),
    Column[int]("one", 10, lambda n: Cell(str(n % 7)), lambda n: n % 7, drop=1),
    Column[int]("two", 10, lambda n: Cell("x"), drop=2),
)


@given(st.text(), st.integers(2, 40), st.booleans())
def test_a_cell_is_as_wide_as_it_should_be_and_harmless(text: str, room: int, right: bool) -> None:
    made = fitted(text, room, right)
    assert cell_len(made) == room
    assert not HARMFUL.search(made)


def test_columns_go_as_they_may_where_there_is_no_room() -> None:
    assert [c.title for c, _ in fitting(COLUMNS, 60)] == ["n", "one", "two"]
    assert [(c.title, w) for c, w in fitting(COLUMNS, 32)] == [("n", 20), ("one", 10)]
    assert [(c.title, w) for c, w in fitting(COLUMNS, 12)] == [("n", 11)]


@given(st.lists(st.none() | st.integers()), st.booleans())
def test_what_is_not_known_is_last_either_way(values: list[int | None], down: bool) -> None:
    made = in_order(values, lambda v: v, down)
    known = [v for v in values if v is not None]
    assert made == sorted(known, reverse=down) + [None] * (len(values) - len(known))


class Drawn(Table[int]):
    """Counts the lines that are drawn."""

    lines = 0

    def render_line(self, y: int) -> Strip:
        self.lines += 1
        return super().render_line(y)


def test_thousands_of_rows_cost_a_screenful_and_what_is_as_before_nothing() -> None:
    table = Drawn(COLUMNS, lambda n: n, sort=0)

    class Alone(App[None]):
        def compose(self) -> ComposeResult:
            yield table

    async def run() -> None:
        async with Alone().run_test(size=(60, 24)) as pilot:
            table.focus()
            table.show(range(5_000))
            await pilot.pause()
            assert table.current == 4_999
            table.lines = 0
            table.show(range(5_000))
            await pilot.pause()
            assert table.lines == 0
            table.show([*range(4_999), 6_000])
            await pilot.pause()
            assert table.lines == 1
            table.lines = 0
            await pilot.press("end")
            await pilot.pause()
            assert table.current == 0
            assert 0 < table.lines <= 3 * 24
            await pilot.press("home", "down")
            assert table.current == 4_998

    asyncio.run(run())


def test_values_are_short_and_what_is_not_known_is_blank() -> None:
    assert [pct(v, 90).text for v in (None, 0, 0.04, 7.25, 9.96, 89.9, 90)] == [
        "–",
        "0 ",
        "0.0 ",
        "7.2 ",
        "10 ",
        "90 ",
        "90▲",
    ]
    assert [size(v).text for v in (None, 0, 999, 1000, 1536, 2**30 * 20, 2**60)] == [
        "–",
        "0",
        "999",
        "1.0K",
        "1.5K",
        "20G",
        "1024P",
    ]
    assert [number(v).text for v in (None, 0.0, 1234567, 0.126, 12.34, 123.4)] == [
        "–",
        "0",
        "1,234,567",
        "0.13",
        "12.3",
        "123",
    ]
    assert [age(s * 1_000_000) for s in (0, 119, 120, 7_300, 200_000)] == ["0s", "119s", "2m", "2h", "2d"]
    assert spark([None, 0, 50, 100, 1e9, -5]) == " ▁▄▇▇▁"

"""The first line: which view, how the fleet is, and the time that is looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.text import Text
from textual.widget import Widget

from ..query.text import plain
from .cells import FINE, GONE, NOTHING, OLD, day_clock
from .pulse import HostPulse


def summary(fleet: Sequence[HostPulse]) -> list[tuple[str, str]]:
    """How many hosts are how, as (text, colour of the theme)."""
    count = Counter(host.state if host.state in ("ok", "stale", "unknown") else "gone" for host in fleet)
    words = (
        ("ok", FINE, "ok", "success"),
        ("stale", OLD, "stale", "warning"),
        ("gone", GONE, "unreached", "error"),
        ("unknown", NOTHING, "no data", "foreground"),
    )
    return [(f"{mark} {count[key]:,} {word}", colour) for key, mark, word, colour in words if count[key]]


class Headline(Widget):
    DEFAULT_CSS = "Headline { height: 1; background: $surface; color: $foreground; }"

    def __init__(self) -> None:
        super().__init__()
        self._parts: tuple[str, tuple[HostPulse, ...], str, bool, int, int] = ("", (), "", True, 0, 0)

    def show(
        self, what: str, fleet: tuple[HostPulse, ...], chosen: str, live: bool, at_us: int, now_us: int
    ) -> None:
        """`what` is the view, `chosen` the filter."""
        self._parts = (what, fleet, chosen, live, at_us, now_us)
        self.refresh()

    def render(self) -> Text:
        what, fleet, chosen, live, at_us, now_us = self._parts
        colours = self.app.theme_variables
        left = Text(f" {plain(what)}", style="bold", no_wrap=True, overflow="crop", end="")
        if fleet:
            left.append(f"  {len(fleet):,} host{'' if len(fleet) == 1 else 's'}", style="not bold")
        for text, colour in summary(fleet):
            left.append(f"  {text}", style=f"not bold {colours[colour]}")
        if chosen:
            left.append(f"  / {plain(chosen)}", style=f"not bold italic {colours['accent']}")
        word = "● live" if live else "◆ past"
        right = Text(f" {day_clock(at_us, now_us)} ", end="")
        right.append(f"{word} ", style=f"bold {colours['accent' if live else 'warning']}")
        room = max(0, self.size.width - right.cell_len)
        left.truncate(room, overflow="ellipsis", pad=True)
        return left + right

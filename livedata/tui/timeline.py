"""The scrubber: a line of time with the moment that is looked at, and marks where something was out of the ordinary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text
from textual import events
from textual.message import Message
from textual.widget import Widget

from .cells import day_clock
from .pulse import MINUTE_US

SPANS = {
    "15m": 15 * MINUTE_US, "1h": 60 * MINUTE_US, "6h": 360 * MINUTE_US, "1d": 1440 * MINUTE_US,
    "7d": 7 * 1440 * MINUTE_US, "30d": 30 * 1440 * MINUTE_US,
}  # fmt: skip
"""What the line may stretch over."""
STEPS = 60
"""A step is this part of the span."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What is looked at: `at_us`, or now where it is None; and how much time the line stretches over."""

    at_us: int | None = None
    span: str = "1h"

    @property
    def live(self) -> bool:
        return self.at_us is None

    def at(self, now_us: int) -> int:
        return now_us if self.at_us is None else min(self.at_us, now_us)

    def window(self, now_us: int) -> tuple[int, int]:
        """Begin and end of the line; the moment is within it."""
        length = SPANS[self.span]
        end = now_us if self.at_us is None else min(now_us, self.at_us + length // 4)
        if self.at_us is not None and now_us - self.at_us < length * 3 // 4:
            end = now_us
        return end - length, end

    def stepped(self, steps: float, now_us: int, first_us: int | None) -> Moment:
        """So many steps on; now, where that is beyond it."""
        return self.to(self.at(now_us) + round(steps * SPANS[self.span] / STEPS), now_us, first_us)

    def to(self, at_us: int, now_us: int, first_us: int | None) -> Moment:
        """At another time, within what is kept."""
        if at_us >= now_us:
            return Moment(None, self.span)
        return Moment(max(at_us, first_us) if first_us is not None else at_us, self.span)

    def zoomed(self, by: int) -> Moment:
        names = list(SPANS)
        return Moment(self.at_us, names[max(0, min(len(names) - 1, names.index(self.span) + by))])


class Timeline(Widget):
    """One line; a click, or dragging, goes to a time."""

    DEFAULT_CSS = """
    Timeline { height: 1; background: $surface; color: $foreground; }
    """

    class Scrubbed(Message):
        def __init__(self, at_us: int) -> None:
            super().__init__()
            self.at_us = at_us

    def __init__(self) -> None:
        super().__init__()
        self._moment, self._now = Moment(), 0
        self._kept: int | None = None
        self._marks: Sequence[int] = ()
        self._held = False

    def show(self, moment: Moment, now_us: int, kept_from: int | None, marks: Sequence[int]) -> None:
        self._moment, self._now, self._kept, self._marks = moment, now_us, kept_from, marks
        self.refresh()

    def _ends(self) -> tuple[str, str]:
        begin, end = self._moment.window(self._now)
        right = "now" if end >= self._now else day_clock(end, self._now)[:-3]
        return f" {day_clock(begin, self._now)[:-3]} ", f" {right} · {self._moment.span} "

    def _room(self) -> tuple[int, int]:
        left, right = self._ends()
        return len(left), max(1, self.size.width - len(left) - len(right))

    def render(self) -> Text:
        left, right = self._ends()
        _, room = self._room()
        begin, end = self._moment.window(self._now)

        def place(us: int) -> int:
            return max(0, min(room - 1, (us - begin) * room // max(1, end - begin)))

        line = ["─"] * room
        if self._kept is not None and self._kept > begin:
            line[: place(self._kept)] = [" "] * place(self._kept)
        for mark in self._marks:
            if begin <= mark <= end:
                line[place(mark)] = "▴"
        at = place(self._moment.at(self._now))
        warn, accent = self.app.theme_variables["warning"], self.app.theme_variables["accent"]
        shown = Text(left, style="dim", no_wrap=True, overflow="crop", end="")
        for i, char in enumerate(line):
            if i == at:
                shown.append("●" if self._moment.live else "◆", style=f"bold {accent}")
            else:
                shown.append(char, style=warn if char == "▴" else "dim")
        shown.append(right, style="dim")
        return shown

    def _time(self, x: int) -> int:
        left, room = self._room()
        begin, end = self._moment.window(self._now)
        return begin + (max(0, min(room, x - left)) * 2 + 1) * (end - begin) // (2 * room)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self._held = True
        self.capture_mouse()
        self.post_message(self.Scrubbed(self._time(event.x)))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._held:
            self.post_message(self.Scrubbed(self._time(event.x)))

    def on_mouse_up(self) -> None:
        self._held = False
        self.release_mouse()

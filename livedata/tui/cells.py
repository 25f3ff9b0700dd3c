"""Values as the screen writes them: short, aligned, blank as `–` where nothing is known, and marked without the help of colour."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

Tone = Literal["", "dim", "good", "warn", "bad", "accent", "line"]


class Cell(NamedTuple):
    """Text as it comes, also from hosts (whoever draws it makes it harmless), and how it looks."""

    text: str
    tone: Tone = ""


NONE = Cell("–", "dim")
"""Not known."""

OVER, GONE, OLD, FINE, NOTHING = "▲", "✕", "◌", "●", "·"
"""Marks: over its limit, can't be reached, stale, answers, no row."""

STEPS = "▁▂▃▄▅▆▇"
"""Not the full block, or lines would touch."""


def pct(value: float | None, limit: float | None = None) -> Cell:
    """`97▲`: a percentage, marked from its limit on."""
    if value is None:
        return NONE
    text = f"{value:.0f}" if value >= 9.95 or value == 0 else f"{value:.1f}"
    over = limit is not None and value >= limit
    return Cell(text + (OVER if over else " "), "warn" if over else "dim" if value < 0.05 else "")


def limited(limit: float) -> Callable[[float | None], Cell]:
    """`pct` with that limit."""
    return lambda value: pct(value, limit)


def named(value: Cell, name: str) -> Cell:
    """`97▲ sda`: a value and what it is of."""
    return value if value is NONE or not name else Cell(f"{value.text:>4} {name}", value.tone)


def size(value: float | None, unit: str = "") -> Cell:
    """`1.2G`: bytes, by powers of 1024."""
    if value is None:
        return NONE
    scaled = float(value)
    for letter in ("", "K", "M", "G", "T", "P"):
        if abs(scaled) < 999.5 or letter == "P":
            break
        scaled /= 1024
    digits = f"{scaled:.0f}" if abs(scaled) >= 9.95 or letter == "" else f"{scaled:.1f}"
    return Cell(f"{digits}{letter}{unit}", "dim" if value == 0 else "")


def number(value: float | None) -> Cell:
    """Up to three significant digits after the point where it is small."""
    if value is None:
        return NONE
    if value == int(value):
        return Cell(f"{int(value):,}", "dim" if value == 0 else "")
    return Cell(
        f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
    )


def text(value: str | None, tone: Tone = "") -> Cell:
    return NONE if value is None or value == "" else Cell(value, tone)


def age(us: int | None) -> str:
    """`12s`, `4m`, `2h`, `3d`."""
    if us is None:
        return "–"
    seconds = us // 1_000_000
    for letter, unit in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= (2 * unit if letter == "m" else unit):
            return f"{seconds // unit}{letter}"
    return f"{seconds}s"


def spark(values: Sequence[float | None], top: float = 100.0) -> str:
    """One character a value, a blank where it is not known; `top` is full height."""
    return "".join(
        " " if v is None else STEPS[min(len(STEPS) - 1, max(0, int(v / (top or 1.0) * len(STEPS))))]
        for v in values
    )


def clock(us: int) -> str:
    """`15:04:05` by this machine's clock on the wall."""
    return time.strftime("%H:%M:%S", time.localtime(us // 1_000_000))


def day_clock(us: int, now_us: int) -> str:
    """The same, with the day where it isn't today's."""
    then, now = time.localtime(us // 1_000_000), time.localtime(now_us // 1_000_000)
    return time.strftime("%H:%M:%S" if then[:3] == now[:3] else "%a %d %b %H:%M:%S", then)

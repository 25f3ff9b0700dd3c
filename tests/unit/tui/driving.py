"""The screen over a store, driven by keys and clicks, and read as text."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from livedata.tui.app import Top

Act = Callable[["Driven"], Awaitable[None]]


class Driven:
    def __init__(self, app: Top, pilot: Pilot[None]) -> None:
        self.app, self.pilot = app, pilot

    @property
    def lines(self) -> list[str]:
        """What stands on the screen."""
        strips = self.app.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def line(self, word: str) -> str:
        """The first line with this in it."""
        return next(line for line in self.lines if word in line)

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def type(self, text: str) -> None:
        for char in text:
            await self.pilot.press("space" if char == " " else char)

    async def until(self, held: Callable[[], bool], seconds: float = 20.0) -> None:
        """Wait until it holds; the screen as it is instead is the message where it never does."""
        for _ in range(round(seconds / 0.05)):
            await self.pilot.pause()
            if held():
                return
            if not self.app.is_running:
                break
            await asyncio.sleep(0.05)
        raise AssertionError(self.text)

    async def shows(self, *words: str) -> None:
        await self.until(lambda: all(word in self.text for word in words))


def drive(root: Path, act: Act, *, size: tuple[int, int] = (120, 30), **options: Any) -> None:
    """Run the screen, and what is done with it, until that is done."""

    async def run() -> None:
        app = Top(root, **options)
        async with app.run_test(size=size) as pilot:
            await act(Driven(app, pilot))

    asyncio.run(run())

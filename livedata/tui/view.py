"""What every view of the screen is: it is told the moment, and shows the store as it was then."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from textual.containers import Vertical
from textual.message import Message

from .asker import Asker
from .pulse import HostPulse


@dataclass(frozen=True, slots=True)
class Looked:
    """What is looked at: the moment (microseconds UTC), where the time line begins, whether it is now, and the fleet then, as far
    as it is chosen.

    `chosen`: the names of the hosts, None for all.
    """

    at_us: int
    since_us: int
    live: bool
    fleet: tuple[HostPulse, ...]
    chosen: Collection[str] | None

    @property
    def hosts(self) -> tuple[str, ...] | None:
        """For a question's scope: None where all are meant."""
        return None if self.chosen is None else tuple(sorted(self.chosen))


class LookAgain(Message):
    """Something else is to be shown: look at once."""


class Say(Message):
    """A sentence for the person before the screen; a host may have written it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class View(Vertical):
    """One of the screen's views. `look` raises LivedataError, which is told below; it is called every `every_s` while time goes on."""

    DEFAULT_CSS = "View { height: 1fr; }"
    every_s = 1.8
    whole_fleet = True
    """Whether it is about all hosts that are chosen."""

    def __init__(self, asker: Asker) -> None:
        super().__init__()
        self.asker = asker

    @property
    def head(self) -> str:
        """What it shows, for the first line; a host may have written it."""
        return ""

    async def look(self, looked: Looked) -> None:
        raise NotImplementedError

    def enter(self) -> None:
        """It is shown now: whatever takes keys takes them."""

    def point_at(self, host: str) -> None:
        """Something is the matter with this host."""

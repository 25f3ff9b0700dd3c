"""The screen as a whole: which view, which moment, and the loop that looks at the store."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widgets import Footer, Static

from ..errors import LivedataError, UsageError
from ..query.engine import Limits
from ..query.text import plain
from ..query.when import parse_when
from ..store.reader import Place
from .anomaly import Anomaly
from .asked import Translate, no_searches
from .asker import Asker
from .cells import day_clock
from .fleet import FleetView
from .headline import Headline
from .host import HostView
from .limits import STALE_US
from .logs import LogView
from .processes import ProcessView
from .prompt import Prompt
from .pulse import MINUTE_US, SPARK_MINUTES, HostPulse, Pulse
from .question import QuestionView
from .table import Table
from .theme import THEMES
from .timeline import SPANS, Moment, Timeline
from .view import LookAgain, Looked, Say, View

REFRESH_US = 1_700_000
"""What came is looked for as often as the fleet view is, also where another view looks more often."""
MARK_SECONDS = 2.0
ANEW_US = 300 * 1_000_000
"""While it is live, marks are asked for again so often."""
MARKED_HOST_HOURS = 2_000
"""A line that stretches over more hours of hosts has no marks: they are not worth what the question costs."""
LOOKED_FOR_US = tuple(SPANS[span] for span in ("1h", "6h", "1d", "7d", "30d"))
"""How far a walk to the next anomaly looks, each step only where the one before found nothing."""

HOST = 4
"""The view of one host, among the views."""

TIME, ANOMALY = Binding.Group("time", compact=True), Binding.Group("anomaly", compact=True)

Chooser = Callable[[str, Sequence[str]], frozenset[str]]
"""Which of some hosts a text means. Raises UsageError."""


def by_text(text: str, hosts: Sequence[str]) -> frozenset[str]:
    """The hosts in whose names it occurs."""
    return frozenset(host for host in hosts if text.lower() in host.lower())


class Top(App[None]):
    """`names`: hosts to show even if the store knows nothing of them. `waiting`: what is said while it holds nothing. `now_us`: the time, microseconds UTC."""

    CSS = """
    Screen { layout: vertical; }
    #views { height: 1fr; }
    #views > View { display: none; }
    #views > View.-shown { display: block; }
    #said { height: auto; max-height: 4; padding: 0 1; display: none; background: $panel; color: $warning; }
    #said.-shown { display: block; }
    Footer { height: 1; }
    Footer.-compact FooterLabel { margin: 0 1 0 0; }
    """
    TITLE = "livedata"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "view(0)", "fleet"),
        Binding("2", "view(1)", "procs"),
        Binding("3", "view(2)", "log"),
        Binding("4", "view(3)", "ask"),
        Binding("left", "step(-1)", "a step back", key_display="←", group=TIME),
        Binding("right", "step(1)", "a step on", key_display="→", group=TIME),
        Binding("shift+left", "step(-10)", "10 steps back", show=False),
        Binding("shift+right", "step(10)", "10 steps on", show=False),
        Binding("left_square_bracket", "anomaly(-1)", "the anomaly before", key_display="[", group=ANOMALY),
        Binding("right_square_bracket", "anomaly(1)", "the next anomaly", key_display="]", group=ANOMALY),
        Binding("l", "live", "live"),
        Binding("slash", "filter", "filter"),
        Binding("g", "goto", "go to a time", show=False),
        Binding("minus", "zoom(-1)", "shorter time line", show=False),
        Binding("plus", "zoom(1)", "longer time line", show=False),
        Binding("t", "theme", "light/dark", show=False),
        Binding("escape", "back", "back", show=False),
        Binding("question_mark", "keys", "keys", key_display="?"),
        Binding("q", "quit", "quit"),
        Binding("ctrl+c", "quit", "quit", show=False, priority=True),
    ]

    def __init__(
        self,
        root: Path,
        *,
        limits: Limits | None = None,
        names: Sequence[str] = (),
        choose: Chooser = by_text,
        translate: Translate = no_searches,
        theme: str = "dark",
        waiting: str = "nothing is kept yet",
        now_us: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        super().__init__()
        self.asker = Asker(root, limits or Limits(), translate)
        self.moment = Moment()
        self._hosts: tuple[str, ...] = ()
        self._names, self._choose, self._now = tuple(names), choose, now_us
        self._pulse = Pulse()
        self._waiting = waiting
        self._place: Place | None = None
        self._pulse_us = 0
        self._looked_at: int | None = None
        self._kept_from: int | None = None
        self._filter = self._said = ""
        self._chosen: frozenset[str] | None = None
        self._anomalies: Sequence[Anomaly] = ()
        self._anomalies_of: tuple[int, int] | None = None
        self._wake = asyncio.Event()
        for look in THEMES.values():
            self.register_theme(look)
        self.theme = theme
        self.views: list[View] = []
        self._headline, self._timeline, self._prompt = Headline(), Timeline(), Prompt()
        self._sentence = Static(id="said", markup=False)
        self.shown = self._before = 0

    # What is on it

    def compose(self) -> ComposeResult:
        self.views = [cls(self.asker) for cls in (FleetView, ProcessView, LogView, QuestionView, HostView)]
        yield self._headline
        with Container(id="views"):
            yield from self.views
        yield self._sentence
        yield self._prompt
        yield self._timeline
        yield Footer(compact=True, show_command_palette=False)

    async def on_mount(self) -> None:
        self.say(self._said)
        await self._show_view(0)
        self.run_worker(self._keep_looking(), name="look", exit_on_error=True)
        self.run_worker(self._keep_marking(), name="mark", exit_on_error=True)

    async def on_unmount(self) -> None:
        await self.asker.close()

    @property
    def view(self) -> View:
        return self.views[self.shown]

    async def _show_view(self, number: int) -> None:
        self.shown = number
        for i, view in enumerate(self.views):
            view.set_class(i == number, "-shown")
        self.view.enter()
        self.refresh_bindings()
        self.wake()

    def say(self, text: str) -> None:
        """A sentence for the person before the screen; blank takes it away."""
        self._said = text
        if not (self.views and self.is_running):
            return
        self._sentence.update(Text("\n".join(map(plain, text.split("\n")))))
        self._sentence.set_class(bool(text), "-shown")

    # Looking

    def wake(self) -> None:
        """Look at once."""
        self._wake.set()

    async def _keep_looking(self) -> None:
        while True:
            self._wake.clear()
            moment = self.moment
            try:
                await self._look(moment)
            except LivedataError as error:
                self.say(str(error))
            with suppress(TimeoutError):
                async with asyncio.timeout(self.view.every_s if self.moment.live else None):
                    await self._wake.wait()

    async def _look(self, moment: Moment) -> None:
        now_us = self._now()
        at_us = moment.at(now_us)
        if moment.live and self._place is not None and now_us - self._pulse_us >= REFRESH_US:
            self._pulse_us = now_us
            self._place = await self.asker.pulse_since(self._pulse, self._place)
        if self._place is None or (not moment.live and self._looked_at != at_us):
            await self._look_whole(moment, at_us)
        if moment.live:
            self._pulse.forget(now_us - (SPARK_MINUTES + 1) * MINUTE_US)
        if not self.is_running:  # it was left meanwhile
            return
        fleet = self._fleet(at_us)
        if self._said == self._waiting and any(host.state != "unknown" for host in fleet):
            self.say("")
        of = fleet if self.view.whole_fleet else ()
        self._headline.show(self.view.head, of, self._filter, moment.live, at_us, now_us)
        self._timeline.show(moment, now_us, self._kept_from, [a.ts for a in self._anomalies])
        await self.view.look(Looked(at_us, moment.window(now_us)[0], moment.live, fleet, self._chosen))

    async def _look_whole(self, moment: Moment, at_us: int) -> None:
        """The fleet anew, at a moment; from there on it can be followed if that is now."""
        if moment.live:
            await self._look_at_store(at_us)
        self._pulse, place = await self.asker.pulse(list(self._hosts), at_us)
        self._pulse_us = at_us
        self._place, self._looked_at = (place, None) if moment.live else (None, at_us)

    async def _look_at_store(self, at_us: int) -> None:
        """What it holds at all."""
        kept = await self.asker.kept()
        self._hosts = self._names or tuple(await self.asker.hosts() if kept else ())
        self._kept_from = kept[0] if kept else None
        if kept is None:
            self.say(self._waiting)
        elif kept[1] < at_us - STALE_US:
            self.say(
                f"nothing has come since {day_clock(kept[1], at_us)}: nobody collects; ← goes back in time"
            )

    def _fleet(self, at_us: int) -> tuple[HostPulse, ...]:
        self._choose_hosts()
        fleet = self._pulse.at(at_us)
        return tuple(fleet if self._chosen is None else [h for h in fleet if h.host in self._chosen])

    def _choose_hosts(self) -> None:
        if not self._filter:
            self._chosen = None
            return
        try:
            self._chosen = self._choose(self._filter, self._pulse.hosts)
        except UsageError:
            self._chosen = by_text(self._filter, self._pulse.hosts)

    async def _keep_marking(self) -> None:
        """Keeps the marks of the time line; they come when they come."""
        while True:
            begin, end = self.moment.window(self._now())
            known = self._anomalies_of
            hours = (end - begin) / (60 * MINUTE_US)
            if hours * len(self._pulse.hosts) > MARKED_HOST_HOURS:
                self._anomalies, self._anomalies_of = (), None
            elif known is None or begin < known[0] or end > known[1] + (ANEW_US if self.moment.live else 0):
                with suppress(LivedataError):
                    self._anomalies = await self.asker.anomalies(begin, end)
                self._anomalies_of = (begin, end)
            await asyncio.sleep(MARK_SECONDS)

    # Time

    def _at(self, moment: Moment) -> None:
        if moment != self.moment:
            self.moment = moment
            self.refresh_bindings()
            self.wake()

    def action_step(self, steps: int) -> None:
        self._at(self.moment.stepped(steps, self._now(), self._kept_from))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "filter":
            return not self.views or self.view.whole_fleet
        return action != "live" or not self.moment.live

    def action_live(self) -> None:
        self._place = None
        self._at(Moment(None, self.moment.span))

    def action_zoom(self, by: int) -> None:
        self._at(self.moment.zoomed(by))

    def on_timeline_scrubbed(self, event: Timeline.Scrubbed) -> None:
        self._at(self.moment.to(event.at_us, self._now(), self._kept_from))

    def action_anomaly(self, direction: int) -> None:
        self.run_worker(self._walk(direction), name="walk", group="walk", exclusive=True)

    async def _walk(self, direction: int) -> None:
        """Go to the next moment at which something was out of the ordinary, or to the one before."""
        at_us, kept_from = self.moment.at(self._now()), self._kept_from or 0
        self.say("looking …")
        for far in LOOKED_FOR_US:
            begin, end = (at_us + 1, at_us + far) if direction > 0 else (at_us - far, at_us)
            hosts = None if self._chosen is None else sorted(self._chosen)
            try:
                found = await self.asker.anomalies(begin, end, hosts=hosts, last=direction < 0, limit=1)
            except LivedataError as error:
                self.say(str(error))
                return
            if found:
                self._go_to(found[0])
                return
            if end > self._now() or begin < kept_from:
                break
        self.say(f"nothing out of the ordinary {'after' if direction > 0 else 'before'} this moment")

    def _go_to(self, anomaly: Anomaly) -> None:
        self._at(Moment(anomaly.ts, self.moment.span))
        self.say(f"▲ {anomaly.host}: {anomaly.what} {anomaly.detail}")
        self.view.point_at(anomaly.host)

    def action_goto(self) -> None:
        self._prompt.ask("goto", "a time: 15m, 03:12, yesterday 03:12, 2026-11-20T03:00")

    def action_filter(self) -> None:
        self._prompt.ask("filter", "hosts: a text, web-*, env=prod, web and not env=dev", self._filter)

    def on_prompt_typed(self, event: Prompt.Typed) -> None:
        if event.purpose == "filter":
            self._filter = event.text.strip()
            self.wake()

    def on_prompt_left(self, event: Prompt.Left) -> None:
        self.say("")
        if event.purpose == "filter":
            self._filter = (event.text or "").strip()
            self.wake()
        elif event.text:
            try:
                at_us = parse_when(event.text, self._now())
            except UsageError as error:
                self.say(str(error))
            else:
                self._at(self.moment.to(at_us, self._now(), self._kept_from))
        self.view.enter()

    # The rest

    def on_look_again(self, event: LookAgain) -> None:
        self.wake()

    def on_say(self, event: Say) -> None:
        self.say(event.text)

    async def on_table_opened(self, event: Table.Opened) -> None:
        """A host, or whose row this is, opens."""
        host = (
            event.row.host
            if isinstance(event.row, HostPulse)
            else event.row.get("host")
            if isinstance(event.row, dict)
            else None
        )
        if host and self.shown != HOST:
            view = self.views[HOST]
            assert isinstance(view, HostView)
            view.open(host)
            self._before = self.shown
            await self._show_view(HOST)

    async def action_view(self, number: int) -> None:
        await self._show_view(number)

    async def action_back(self) -> None:
        self.say("")
        if self.shown == HOST:
            await self._show_view(self._before)
        elif self.shown != 0:
            await self._show_view(0)

    def action_keys(self) -> None:
        """Every key, beside the view; once more, and they go."""
        if self.screen.query("HelpPanel"):
            self.action_hide_help_panel()
        else:
            self.action_show_help_panel()

    def action_theme(self) -> None:
        self.theme = "light" if self.theme == "dark" else "dark"

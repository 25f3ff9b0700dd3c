"""The line in which a filter or a time is typed."""

from __future__ import annotations

from textual import events
from textual.message import Message
from textual.widgets import Input


class Prompt(Input):
    """Hidden until it is asked for; `purpose` says what for."""

    DEFAULT_CSS = """
    Prompt { display: none; height: 1; border: none; padding: 0 1; background: $panel; }
    Prompt:focus { border: none; }
    Prompt.-shown { display: block; }
    """

    class Left(Message):
        """It was closed, with what was typed; None: with Escape."""

        def __init__(self, purpose: str, text: str | None) -> None:
            super().__init__()
            self.purpose, self.text = purpose, text

    class Typed(Message):
        def __init__(self, purpose: str, text: str) -> None:
            super().__init__()
            self.purpose, self.text = purpose, text

    def __init__(self) -> None:
        super().__init__(select_on_focus=False)
        self.purpose = ""

    def ask(self, purpose: str, hint: str, text: str = "") -> None:
        self.purpose, self.placeholder = purpose, hint
        with self.prevent(Input.Changed):
            self.value = text
        self.cursor_position = len(text)
        self.add_class("-shown")
        self.focus()

    def _leave(self, text: str | None) -> None:
        self.remove_class("-shown")
        self.post_message(self.Left(self.purpose, text))

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Typed(self.purpose, event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._leave(event.value)

    def on_key(self, event: events.Key) -> None:
        if event.key == "escape":
            event.stop()
            event.prevent_default()
            self._leave(None)

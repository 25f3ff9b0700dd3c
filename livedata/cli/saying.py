"""What a watch says of itself while it runs: lines for a person, or one JSON object a line for programs; on stderr either way."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from .common import say
from .mend import mend

if TYPE_CHECKING:
    from ..model.scrape import Failure

HERE = "this machine"
"""Who is meant where no host is named."""


class Log(StrEnum):
    TEXT = "text"
    JSON = "json"


class Words(NamedTuple):
    """Where a collector's words go: `said` of hosts, `complain` of everything else. `person`: whether somebody reads them."""

    said: Callable[[str, Failure | None], None]
    complain: Callable[[str], None]
    person: bool


def words(log: Log) -> Words:
    return Words(_json_said, _json_complain, False) if log is Log.JSON else Words(_said, say, True)


def debugging() -> None:
    """Under `livedata --debug` what asyncssh and asyncio log goes to stderr too."""
    if os.environ.get("LIVEDATA_DEBUG"):
        import logging

        logging.basicConfig(level=logging.DEBUG, format="%(asctime)s %(name)s %(message)s")


def _said(host: str, failure: Failure | None) -> None:
    stamp = datetime.now().strftime("%H:%M:%S")
    if not host:
        what = f"{failure.outcome}: {failure.detail}" if failure else "its network is back"
        say(f"{stamp} {HERE}: {what}")
    elif failure:
        say(f"{stamp} {host}: {failure.outcome}: {failure.detail}")
        hint = mend(failure.outcome, host)
        if hint:
            say(f"         {hint}")
    else:
        say(f"{stamp} {host}: answers")


def _json_said(host: str, failure: Failure | None) -> None:
    about = {"host": host} if host else {}
    if failure:
        _line("warning", **about, outcome=failure.outcome.value, message=failure.detail)
    else:
        _line("info", **about, outcome="ok", message="answers" if host else "the network is back")


def _json_complain(text: str) -> None:
    _line("notice", message=text)


def _line(level: str, **values: str) -> None:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    say(json.dumps({"time": now, "level": level, **values}, ensure_ascii=False))

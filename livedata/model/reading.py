"""What one probe said on one host: text, before anything is made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .scrape import Outcome

Raw = bytes


class ParseError(ValueError):
    """The one error a parser raises: the text is not what the probe promises. It quotes what it met."""


@dataclass(frozen=True, slots=True)
class Reading:
    """`files`: path under /proc or /sys (whatever the host's roots are) → text, for a probe that reads.
    `text`: standard output, for a probe with a body. Bytes that are no UTF-8 stand as backslash escapes.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    status: int | None = 0
    outcome: Outcome = Outcome.OK
    """What is known before parsing: ok, unsupported, denied, failed, timeout, truncated."""
    detail: str | None = None
    bytes: int = 0
    kept: str = ""
    """Where the host's reader goes on from these files: by what it knows them. Then those of `files` that a wildcard names are `since`
    what was kept before, and of those that there were then `gone` are no more; or they are all there are."""
    since: bool = False
    gone: frozenset[str] = frozenset()
    data: Raw = b""
    """Standard output as it came, of a probe with a body."""
    patterns: tuple[tuple[str, str], ...] = ()
    """Globs of log files and the user's regular expression for each."""
    redact: tuple[str, ...] = ()
    """Regular expressions of the user's own for what must not be kept of command lines."""

"""What is known of log files from one answer to the next, as it is kept and sent: which generations of each are read, and up to where. Pure."""

from __future__ import annotations

import msgspec

LEAD = 64
"""Bytes before a place that its mark is of."""
BACK_PIECE = 1_000_000
"""Bytes that are read back at once."""
NONE = "0"
"""No file's inode."""
ANYWAY = -1
"""As `seen`: send it, whatever its size."""


class Tail(msgspec.Struct, omit_defaults=True):
    """`seen`: the size it had when all of it was read. `sought`: the inode among older generations in which the place is looked for now.
    `since`: of it older entries are not wanted. `until`: when it need not be looked at any more, once all is read. `cut`: its last line has no end. `tries`:
    answers without what is sought. `failed`: when it was not found in any."""

    inode: str
    offset: int = 0
    seen: int = ANYWAY
    mark: str = ""
    sought: str = ""
    since: int = 0
    until: int = 0
    cut: bool = False
    tries: int = 0
    failed: int = 0

    @property
    def read_once(self) -> bool:
        """Whether all there was of it was read, when it was looked at last."""
        return self.seen != ANYWAY

    @property
    def read(self) -> bool:
        return not self.sought and self.read_once


class Back(msgspec.Struct):
    """A file is still to be read back from `end`; `sent`: bytes that were. `mark`: of the bytes before the end, where they came; else it is a
    generation that must be as long as `size`."""

    inode: str
    end: int
    sent: int = 0
    mark: str = ""
    size: int = 0


class Followed(msgspec.Struct, omit_defaults=True):
    """What is known of one path. `tails`: its generations that are read, the oldest first. `last`: the time of the last line that told one; `at`: when it was looked at."""

    tails: list[Tail] = []
    back: Back | None = None
    last: int | None = None
    at: int = 0


State = dict[str, Followed]
"""Path → what is known."""


def load(cursor: str | None) -> State:
    _, _, text = (cursor or "").partition("\n")
    try:
        return msgspec.json.decode(text, type=State) if text else {}
    except msgspec.MsgspecError:
        return {}


def dump(state: State) -> str:
    """In its first line what the script needs: `INODE:FROM:SEEN` each, and at most one `back=INODE:FROM:COUNT`."""
    words = [
        f"{t.sought or t.inode}:{max(0, t.offset - LEAD)}:{ANYWAY if t.sought else t.seen}"
        for followed in state.values()
        for t in followed.tails
    ]
    backs = [f.back for f in state.values() if f.back]
    for back in backs[:1]:
        start = max(0, back.end - BACK_PIECE)
        words.append(f"back={back.inode}:{start}:{back.end - start}")
    return " ".join(words) + "\n" + msgspec.json.encode(state).decode()

"""Where each log file goes on, through its rotations: exactly once, and what is lost told. Pure.

A file is known by its inode, its place by an offset and a mark: a digest of the last bytes before it. Each piece comes with these bytes, so a file that
was emptied and has grown again is told from one that only grew. What was read of a file that is not there any more, or was emptied, is looked for
by its mark among its older generations, packed ones too; from there on every younger one is read. A file that is met for the first time is
read from its end, and back piece by piece as far as is wanted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2s

from .answer import MINUTE, Answer, Piece
from .cursor import ANYWAY, LEAD, NONE, Back, Followed, State, Tail
from .entries import Entry, continues, entries, texts
from .formats import Format
from .generations import Family, File, families
from .stamps import SECOND

LONG_LINE = 1_000_000
"""A line longer than a piece, and than this, comes in parts."""
MOST_BACK = 256_000_000
"""Bytes of one file that are read back."""
MOST_PACKED = 32_000_000
"""A packed generation larger than that is not read back: it must be unpacked from its beginning for each piece."""
AFTERLIFE = 600 * SECOND
"""How long a file is looked at after it was rotated away: who writes may have it open still."""
MOST_TRIES = 10
"""Answers in which a generation that is asked for may not come."""
PATIENCE = 2 * SECOND
"""What is not found is looked for again, for so long: a rotation may be under way."""


def _mark(piece: Piece, offset: int) -> str:
    """Of the bytes before a place; empty where there are none, or too few of them came to tell."""
    behind = offset - piece.start
    lead = piece.data[max(0, behind - LEAD) : behind]
    return blake2s(lead, digest_size=6).hexdigest() if len(lead) == min(LEAD, offset) and offset else ""


@dataclass(slots=True)
class Taken:
    """`entries` in the order of their files; `lost`: in words."""

    entries: list[Entry] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


def take(answer: Answer, state: State, own: dict[str, Format]) -> Taken:
    """Take what is new out of an answer, and bring `state` up to it.

    Args:
        own: path → the user's format for it.
    """
    taken = Taken()
    found = families(answer.files)
    for path in sorted(found.keys() | state.keys()):
        reader = _Reader(answer, path, found.get(path, Family()), taken, own.get(path))
        if path in state:
            reader.go_on(state[path])
        elif met := reader.meet():
            state[path] = met
    return taken


@dataclass(slots=True)
class _Reader:
    """One path in one answer."""

    answer: Answer
    path: str
    family: Family
    taken: Taken
    own: Format | None

    def meet(self) -> Followed | None:
        """A path for the first time: the end of its file, as far as it came."""
        file = self.family.current
        if file is None:
            return None
        followed = Followed(at=self.answer.now)
        piece = self.answer.pieces.get(file.inode)
        if piece is None:
            if file.size:
                return None  # there was no room for it
            followed.tails = [Tail(file.inode, 0, 0)]
            self._further(followed, file, 0, self.answer.now)
            return followed
        begin = _first_entry(piece) if piece.start else piece.start
        tail = Tail(file.inode, begin, mark=_mark(piece, begin), since=self.answer.since)
        followed.tails = [tail]
        oldest = self._consume(followed, tail, piece, file, known=False)
        tail.since = 0
        self._further(followed, file, begin, oldest, _mark(piece, begin))
        return followed

    def go_on(self, followed: Followed) -> None:
        for tail in list(followed.tails):
            if tail.sought:
                self._seek(followed, tail)
            else:
                self._follow(followed, tail)
        if not any(t.sought for t in followed.tails):
            self._younger(followed)
        if followed.back:
            self._go_back(followed, followed.back)
        for tail in followed.tails[:-1]:
            tail.until = tail.until or self.answer.now + AFTERLIFE
        while (
            len(followed.tails) > 1
            and (first := followed.tails[0]).read
            and (len(followed.tails) > 2 or first.until < self.answer.now)
        ):
            del followed.tails[0]
        if self.answer.now - followed.at > MINUTE and not any(t.sought for t in followed.tails):
            followed.at = self.answer.now

    def _is_it(self, tail: Tail) -> bool:
        """Whether the file of a tail's inode can be the one that was read; inodes are given anew."""
        file, piece = self.family.by_inode(tail.inode), self.answer.pieces.get(tail.inode)
        if file is None or (not file.packed and file.size < tail.offset):
            return False
        return piece is None or _fits(tail, piece)

    def _long_ago(self, followed: Followed) -> bool:
        """Whether a file that was empty may have been written and rotated meanwhile, more than once."""
        return self.answer.now - followed.at > 2 * MINUTE

    def _follow(self, followed: Followed, tail: Tail) -> None:
        file, piece = self.family.by_inode(tail.inode), self.answer.pieces.get(tail.inode)
        if (
            file is None
            or not self._is_it(tail)
            or (tail.seen == tail.offset == 0 < file.size and self._long_ago(followed))
        ):
            if not any(
                t.sought for t in followed.tails
            ):  # one after the other, so that none takes what is another's
                self._seek(followed, tail)
        elif piece is not None:
            self._consume(followed, tail, piece, file)

    def _seek(self, followed: Followed, tail: Tail) -> None:
        """Look whether what is not where it was is in the generation that was asked for; else ask for the next, the newest first."""
        if not self.answer.older and not tail.sought:
            tail.sought = NONE  # so that older generations are listed
            return
        rotated = self.family.rotated
        file, piece = self.family.by_inode(tail.sought), self.answer.pieces.get(tail.sought)
        if file is not None:
            tail.tries += 1
            if piece is None and tail.tries < MOST_TRIES:
                return  # there was no room for it
            if piece is not None and _fits(tail, piece):
                tail.inode, tail.sought, tail.seen, tail.failed = file.inode, "", ANYWAY, 0
                self._consume(followed, tail, piece, file)
                return
            rotated = rotated[rotated.index(file) + 1 :] if file in rotated else []
        elif tail.offset == 0:
            # Nothing tells what was empty from any other: it is the oldest that was written since.
            since = [f for f in rotated if f.written and f.written > followed.at]
            rotated = since[-1:] or [
                f for f in rotated[:1] if f.written is None or f.written + MINUTE > followed.at
            ]
        others = {t.inode for t in followed.tails if t is not tail and self._is_it(t)}
        fits = (
            f.inode for f in rotated if f.inode not in others and (f.packed or f.size >= max(tail.offset, 1))
        )
        tail.sought, tail.tries = next(fits, ""), 0
        if not tail.sought:
            # Of a generation that was read and followed by another nothing is missed, and the younger ones shall not wait for it.
            matters = tail.offset and (tail is followed.tails[-1] or not tail.read_once)
            tail.failed = tail.failed or self.answer.now
            if matters and self.answer.now - tail.failed < PATIENCE:
                tail.sought = NONE  # names change while they are listed: once more, later
                return
            followed.tails.remove(tail)
            if matters:
                self.taken.lost.append(
                    f"{self.path}: what followed its first {tail.offset:,} bytes is gone, if anything did"
                )

    def _younger(self, followed: Followed) -> None:
        """Every generation younger than the last one that is read."""
        order = [*reversed(self.family.rotated), *([self.family.current] if self.family.current else [])]
        have = {t.inode for t in followed.tails}
        places = [i for i, f in enumerate(order) if f.inode in have]
        if places:
            order = order[places[-1] + 1 :]
        elif followed.tails:
            order = []
        else:
            last = followed.last  # and `written` is the beginning of a minute
            order = [
                f
                for f in order
                if f is self.family.current or (last and f.written and f.written + MINUTE > last)
            ]
        for file in order:
            tail = Tail(file.inode)
            followed.tails.append(tail)
            piece = self.answer.pieces.get(file.inode)
            if piece is not None and piece.start == 0:
                self._consume(followed, tail, piece, file)
            elif file.size == 0:
                tail.seen = 0

    def _consume(
        self, followed: Followed, tail: Tail, piece: Piece, file: File, *, known: bool = True
    ) -> int | None:
        """Take the whole lines from where a tail ends; the time of the first entry that tells one."""
        body = piece.data[tail.offset - piece.start :]
        at_end = len(piece.data) < piece.asked if file.packed else piece.end >= file.size
        over = file is not self.family.current and at_end and tail.cut
        size = len(body) if over else _whole(body, at_end)
        if not size and not at_end and len(body) >= LONG_LINE:
            size = len(body)
        first = self._keep(
            followed, body[:size], file, tail.since, known=known, small=not known and tail.offset == 0
        )
        tail.offset += size
        tail.mark = _mark(piece, tail.offset) if size else tail.mark
        tail.cut = at_end and size < len(body) and file is not self.family.current
        tail.seen = file.size if at_end and not tail.cut else ANYWAY
        return first

    def _keep(
        self,
        followed: Followed,
        data: bytes,
        file: File,
        since: int,
        *,
        known: bool = True,
        back: bool = False,
        small: bool = False,
    ) -> int | None:
        """Entries of whole lines. Of a file that is met, but for a small one, and going back, what tells no time is not kept before something does."""
        first = None
        timeless = not since or (small and (file.written is None or file.written >= since))
        clock = self.answer.clock(file, continuing=known and not back and not since)
        before = None if back or since else followed.last
        for entry, stamped in entries(texts(data), self.path, clock, self.answer.host, before, self.own):
            if stamped:
                first = entry.ts if first is None else first
                if not back:
                    followed.last = entry.ts
            if entry.ts >= since and (stamped or first is not None or timeless):
                self.taken.entries.append(entry)
        return first

    def _further(
        self, followed: Followed, file: File, begin: int, oldest: int | None, mark: str = ""
    ) -> None:
        """What is to be read back next: the rest of a file, or the generation before it."""
        sent = followed.back.sent if followed.back else 0
        followed.back = None
        since = self.answer.since
        if oldest is None or oldest < since:
            return
        if begin > 0 and sent < MOST_BACK:
            followed.back = Back(file.inode, begin, sent, mark)
            return
        if begin > 0:
            self.taken.lost.append(f"{self.path}: only its last {sent:,} bytes were read back")
            return
        rotated = self.family.rotated
        older = rotated[rotated.index(file) + 1 :] if file in rotated else rotated
        for older_file in older:
            if (
                older_file.written is None
                or older_file.written < since
                or older_file.inode in {t.inode for t in followed.tails}
            ):
                return
            if not older_file.packed:
                followed.back = Back(older_file.inode, older_file.size, sent, size=older_file.size)
                return
            if older_file.size > MOST_PACKED:
                self.taken.lost.append(
                    f"{older_file.path}: packed and of {older_file.size:,} bytes, it is not read back"
                )
                return
            followed.tails.insert(0, Tail(older_file.inode, since=since))

    def _go_back(self, followed: Followed, back: Back) -> None:
        file, piece = self.family.by_inode(back.inode), self.answer.behind.get(back.inode)
        changed = file is not None and back.size and back.size != file.size
        other = (
            piece is not None and back.mark and piece.end >= back.end and _mark(piece, back.end) != back.mark
        )
        if file is None or file.size < back.end or changed or other:
            followed.back = None
            self.taken.lost.append(
                f"{self.path}: it was rotated before its first {back.end:,} bytes were read back"
            )
            return
        if piece is None or piece.end < back.end:
            return
        data = piece.data[: back.end - piece.start]
        begin = _first_entry(piece) if piece.start else piece.start
        if begin >= back.end:
            begin = piece.start  # one line longer than a piece
        back.sent += back.end - begin
        oldest = self._keep(followed, data[begin - piece.start :], file, self.answer.since, back=True)
        self._further(followed, file, begin, oldest, _mark(piece, begin))


def _fits(tail: Tail, piece: Piece) -> bool:
    """Whether a piece holds a tail's place, and before it what was there."""
    behind = tail.offset - piece.start
    return 0 <= behind <= len(piece.data) and tail.mark in ("", _mark(piece, tail.offset))


def _whole(body: bytes, at_end: bool) -> int:
    """Bytes of the whole lines; where more follows, without the last entry, of which there may be more lines."""
    size = body.rfind(b"\n") + 1
    if at_end or not size:
        return size
    start = size
    while start > 0:
        start = body.rfind(b"\n", 0, start - 1) + 1
        if not continues(body[start : start + 80].decode("utf-8", "backslashreplace")):
            return start or size
    return size


def _first_entry(piece: Piece) -> int:
    """Where, after the bytes for a mark and the line that these end in, the first entry begins; the piece's end where there is none."""
    at = piece.data.find(b"\n", LEAD) + 1
    while (
        at
        and at < len(piece.data)
        and continues(piece.data[at : at + 80].decode("utf-8", "backslashreplace"))
    ):
        at = piece.data.find(b"\n", at) + 1
    return piece.start + at if at else piece.end

"""A journal read on and back by cursor: each entry once, however the answers are cut; and what is gone between is told."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from livedata.model.reading import Reading
from livedata.parse import CURSORS, UNSEEN
from livedata.parse.journal import cursor_back
from livedata.parse.marks import (
    BEGIN,
    KEPT,
    Gap,
    Place,
    going_on,
    place,
    resumed,
    unseen_back,
    went_back,
    went_on,
)

SYSTEM, USER = "5" * 32, "6" * 32


def own(number: int, boot: int = 1, sequence: str = SYSTEM, set_back: int = 0) -> str:
    return f"s={sequence};i={number:x};b={boot:08x}{0:024x};m=1;t={1_000 + number - set_back:x};x=1"


def line(number: int, boot: int = 1, sequence: str = SYSTEM, set_back: int = 0) -> str:
    """`set_back`: by how much the clock was when it came."""
    entry = {
        "__CURSOR": own(number, boot, sequence, set_back),
        "__REALTIME_TIMESTAMP": str(1_000 + number - set_back),
        "MESSAGE": f"{number}",
    }
    return json.dumps(entry) + "\n"


names = st.tuples(st.integers(0, 40), st.sampled_from([SYSTEM, USER]))
marks = st.dictionaries(
    names.map(lambda n: f"{n[0]:08x}.{n[1][:8]}"),
    st.tuples(st.integers(0, 9), st.integers(10, 99)),
    max_size=32,
)


@given(st.sampled_from(["", own(7)]), st.sampled_from(["", BEGIN, own(3)]), st.integers(0, 2**60), marks)
def test_a_place_is_its_text(head: str, back: str, reached: int, known: dict[str, tuple[int, int]]) -> None:
    whole = Place(head, back, reached if back else 0, known)
    assert place(str(whole)) == whole


def test_a_text_of_before_has_highest_numbers_alone() -> None:
    assert place(f"{own(9)}\n00000001.55555555=9") == Place(own(9), marks={"00000001.55555555": (9, 9)})
    assert place(None) == Place()


@given(
    st.integers(1, 60),
    st.lists(st.integers(1, 20), max_size=12),
    st.lists(st.booleans(), min_size=40, max_size=40),
)
def test_on_and_back_give_each_entry_once(first: int, steps: list[int], ways: list[bool]) -> None:
    """A journal of 200 entries over 4 boots, met at some place, read in both directions in any order."""
    journal = [line(i, i // 50) for i in range(200)]
    start = 100
    low, high = start, start + first
    text = "".join(journal[low:high])
    kept = CURSORS["journal"](Reading(text=UNSEEN["journal"](text, None)), None, None)
    got = journal[low:high]
    for on, step in zip(ways, [*steps, *[50] * 28], strict=False):
        if on:
            # The answer begins before where it ended, as where journalctl goes round.
            new = UNSEEN["journal"]("".join(journal[max(0, high - 5) : high + step]), kept)
            kept = CURSORS["journal"](Reading(text=new), kept, None) or kept
            high = min(200, high + step)
        else:
            new = unseen_back("".join(reversed(journal[max(0, low - step) : low + 5])), kept)
            kept = cursor_back(Reading(text=new), kept, None)
            low = max(0, low - step)
        got += [entry + "\n" for entry in new.split("\n") if entry]
    assert sorted(got) == sorted(journal[low:high])
    assert kept
    assert place(kept).head == own(high - 1, (high - 1) // 50)
    assert place(kept).back in (own(low, low // 50), BEGIN)


def test_where_nothing_older_is_the_journal_begins() -> None:
    kept = CURSORS["journal"](Reading(text=line(5) + line(6)), None, None)
    assert kept
    assert (place(kept).back, place(kept).reached) == (own(5), 1_005)
    kept = cursor_back(Reading(text=line(4) + line(3)), kept, None)
    assert place(kept).back == own(3)
    kept = cursor_back(Reading(text=""), kept, None)
    assert (place(kept).back, place(kept).head) == (BEGIN, own(6))


def test_what_is_gone_back_from_are_the_first_that_came() -> None:
    kept = went_on(own(6), line(5) + line(6), None)
    kept = went_on(own(8), line(7) + line(8), kept)
    assert (place(kept).head, place(kept).back, place(kept).reached) == (own(8), own(5), 1_005)


def test_entries_of_another_boot_do_not_lead_away_from_this_one() -> None:
    this = f"{2:08x}-0000-0000-0000-000000000000"
    at_this, at_other = went_on(own(9, 2), line(9, 2), None), went_on(own(7, 1), line(7, 1), None)
    assert going_on(line(3, 1), at_this, this) is None
    assert going_on(line(3, 1), at_other, this) == line(3, 1)[:-1]
    assert going_on(line(10, 2) + line(4, 1), at_this, this) == line(10, 2)[:-1]


def test_a_boot_whose_clock_was_set_back_does_not_end_the_reading_back() -> None:
    kept = went_on(own(100), line(100), None)
    kept = went_back(line(99) + line(98, set_back=900), kept, begin=False)
    assert place(kept).reached == 1_099


def test_the_pairs_that_came_last_are_remembered() -> None:
    kept = None
    for boot in range(KEPT):
        kept = went_on(own(boot, boot), line(boot, boot), kept)
    kept = went_on(own(90, 0), line(90, 0), kept)  # the oldest of them once more, and then a new one
    kept = went_on(own(91, 77), line(91, 77), kept)
    boots = [int(name[:8], 16) for name in place(kept).marks]
    assert boots == [*range(2, KEPT), 0, 77]


def test_an_entry_that_is_cut_off_is_gone_back_to_again() -> None:
    kept = CURSORS["journal"](Reading(text=line(5)), None, None)
    kept = cursor_back(Reading(text=line(4) + line(3)[:-5]), kept, None)
    assert place(kept).back == own(4)
    assert unseen_back(line(3), kept) == line(3)


def test_a_cursor_that_is_there_leaves_no_gap() -> None:
    before = f"{own(7)}\n00000001.55555555=2-7"
    assert resumed(line(7) + line(8), own(7), before) == (None, line(8))
    assert resumed("", own(7), before) == (None, "")


def test_what_is_gone_is_counted_where_the_numbers_tell() -> None:
    before = f"{own(7)}\n00000001.55555555=2-7\n1002 {own(2)}"
    assert resumed(line(8), own(7), before) == (None, line(8))
    assert resumed(line(12), own(7), before)[0] == Gap(1_007, 1_012, 4)
    assert resumed(line(12, boot=2), own(7), before)[0] == Gap(1_007, 1_012, 4)
    assert resumed(line(12, sequence=USER), own(7), before)[0] == Gap(1_007, 1_012, None)
    # Where journalctl goes round, what comes first came before.
    assert resumed(line(3), own(7), before)[0] is None


def test_backwards_too() -> None:
    before = f"{own(9)}\n00000001.55555555=6-9\n1006 {own(6)}"
    assert resumed(line(6) + line(5), own(6), before, back=True) == (None, line(5))
    assert resumed(line(5), own(6), before, back=True)[0] is None
    assert resumed(line(2), own(6), before, back=True)[0] == Gap(1_002, 1_006, 3)
    assert resumed("", own(6), before, back=True)[0] == Gap(0, 1_006, None)

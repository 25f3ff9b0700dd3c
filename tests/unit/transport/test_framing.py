"""The framer gives the same events at every cut, and nothing a host prints forges a mark."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livedata.transport.framing import NOISE, Begin, End, Framer, Overflow, Section, milliseconds, split_files

NONCE = "0123456789abcdef0123456789abcdef"
OTHER = "f" * 32
BOOT = "6181255e-8bb0-4903-8520-fba5e580ffcf"


def mark(text: str, nonce: str = NONCE) -> bytes:
    return f"\n@{nonce} {text}\n".encode()


def answer(sections: list[tuple[str, int, bytes]], noise: bytes = b"") -> bytes:
    body = b"".join(data + mark(f"S {name} {status}") for name, status, data in sections)
    return noise + mark(f"B 12.34 {BOOT}") + body + mark("E 12.40")


def feed(data: bytes, cuts: list[int], limit: int = 1_000_000) -> list[object]:
    framer = Framer(NONCE, limit)
    events: list[object] = []
    for start, stop in pairwise([0, *sorted(c % (len(data) + 1) for c in cuts), len(data)]):
        events += framer.feed(data[start:stop])
    return events


# Bytes a hostile host might print: pieces of marks, other nonces, newlines, NUL.
hostile = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.sampled_from(
            [
                b"\n@",
                b"\n@" + NONCE[:-1].encode(),
                mark("S cpu 0", OTHER),
                mark("E 1", OTHER),
                b"\n\n",
                b"\0",
                b"@",
            ]
        ),
    ),
    max_size=8,
).map(b"".join)
names = st.text("abcdefghij_", min_size=1, max_size=8)


@given(
    st.lists(st.tuples(names, st.integers(0, 255), hostile), max_size=5),
    hostile,
    st.lists(st.integers(0, 10_000), max_size=9),
)
def test_every_cut_gives_the_same_events(
    sections: list[tuple[str, int, bytes]], noise: bytes, cuts: list[int]
) -> None:
    data = answer(sections, noise)
    wanted = [Begin(12340, BOOT), *(Section(n, s, "", d) for n, s, d in sections), End(12400)]
    assert feed(data, cuts) == wanted


def test_one_byte_at_a_time() -> None:
    data = answer([("a", 0, b"one\ntwo"), ("b", 7, b"")])
    assert feed(data, list(range(len(data)))) == [
        Begin(12340, BOOT), Section("a", 0, "", b"one\ntwo"), Section("b", 7, "", b""), End(12400),
    ]  # fmt: skip


def test_a_mark_as_the_first_byte_and_after_the_end() -> None:
    framer = Framer(NONCE, 100)
    assert framer.feed(answer([])[1:]) == [Begin(12340, BOOT), End(12400)]
    assert framer.feed(mark("S late 0")) == []


@given(st.binary(max_size=3000), st.integers(1, 500))
def test_noise_before_the_start_is_dropped_in_bounded_memory(noise: bytes, size: int) -> None:
    framer = Framer(NONCE, 100)
    for at in range(0, len(noise), size):
        assert framer.feed(noise[at : at + size]) == []
        assert len(framer._buffer) < 100
    assert framer.feed(mark(f"B 1.00 {BOOT}")) == [Begin(1000, BOOT)]


def test_a_flood_before_the_start_is_no_greeting() -> None:
    framer = Framer(NONCE, 100)
    events: list[object] = []
    for _ in range(NOISE // 10_000 + 1):
        assert events == []
        events = framer.feed(b"z" * 10_000)
    assert events == [Overflow(b"")]
    assert framer.ended


@given(st.integers(1, 2000), st.integers(1, 700))
def test_a_flood_ends_in_overflow_with_what_came_before_the_limit(extra: int, size: int) -> None:
    framer = Framer(NONCE, 1000)
    events = framer.feed(mark("B 1.00 x"))
    for _ in range(0, 1000 + extra + size + 60, size):
        events += framer.feed(b"y" * size)
    (_, overflow) = events
    assert isinstance(overflow, Overflow)
    assert set(overflow.data) <= {ord("y")}
    assert 900 <= len(overflow.data) <= 1000
    assert framer.ended
    assert len(framer._buffer) == 0


def test_a_section_over_the_limit_in_one_piece_overflows() -> None:
    events = feed(answer([("big", 0, b"z" * 2000)]), [], limit=1000)
    assert events == [Begin(12340, BOOT), Overflow(b"z" * 1000)]


def test_what_has_no_mark_yet_is_the_rest() -> None:
    framer = Framer(NONCE, 1000)
    framer.feed(b"This account is")
    framer.feed(b" not available.\n")
    assert framer.rest() == b"This account is not available.\n"
    framer.feed(mark("B 1.00 x") + b"half an an")
    assert framer.rest() == b"half an an"


def test_an_endless_mark_line_is_no_mark() -> None:
    framer = Framer(NONCE, 100_000)
    framer.feed(mark("B 1.00 x"))
    events = framer.feed(b"data\n@" + NONCE.encode() + b" S " + b"n" * 10_000)
    assert isinstance(events[0], Overflow)


@given(st.text())
def test_uptime_is_milliseconds_or_nothing(text: str) -> None:
    value = milliseconds(text)
    assert value is None or value >= 0


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12.34", 12340),
        ("0.00", 0),
        ("1", 1000),
        ("", None),
        ("-1.0", None),
        ("1e3", None),
        ("9" * 30, None),
        ("١.٢", None),
    ],
)
def test_uptime_examples(text: str, value: int | None) -> None:
    assert milliseconds(text) == value


PATHS = st.from_regex(r"/(proc|sys)/[a-z0-9/]{1,12}", fullmatch=True)
CONTENT = st.text(st.characters(codec="utf-8", exclude_characters="="), max_size=60).map(lambda t: t + "\n")


@given(st.dictionaries(PATHS, CONTENT, max_size=6))
def test_files_come_back_as_head_printed_them(files: dict[str, str]) -> None:
    printed = "\n".join(f"==> {path} <==\n{text}" for path, text in files.items())
    assert split_files(printed) == files
    # busybox's head puts an empty line before the first header too.
    assert split_files("\n" + printed) == files


def test_a_process_name_forges_no_record() -> None:
    # The longest name the kernel keeps has 15 bytes (TASK_COMM_LEN 16, proc(5)).
    hostile_name = "\n==> /proc/1/st"
    stat = f"4711 ({hostile_name}) S 1 2 3\n"
    text = f"==> /proc/4711/stat <==\n{stat}\n==> /proc/4712/stat <==\n4712 (sh) S 1\n"
    assert split_files(text) == {"/proc/4711/stat": stat, "/proc/4712/stat": "4712 (sh) S 1\n"}


def test_roots_are_put_back() -> None:
    text = "==> /host/proc/stat <==\ncpu 1\n\n==> /host/sys/x <==\n2\n"
    roots = [("/host/proc", "/proc"), ("/host/sys", "/sys")]
    assert split_files(text, roots) == {"/proc/stat": "cpu 1\n", "/sys/x": "2\n"}


@given(hostile, st.lists(st.integers(0, 5000)))
def test_lines_taken_early_and_the_rest_are_the_section(data: bytes, cuts: list[int]) -> None:
    whole = mark(f"B 12.34 {BOOT}") + data + mark("S log 0") + mark("E 12.40")
    framer, taken, rest = Framer(NONCE, 1_000_000), b"", None
    for start, stop in pairwise([0, *sorted(c % (len(whole) + 1) for c in cuts), len(whole)]):
        for event in framer.feed(whole[start:stop]):
            rest = event.data if isinstance(event, Section) else rest
        if rest is None:
            lines = framer.lines()
            assert lines == b"" or lines.endswith(b"\n")
            taken += lines
    assert rest is not None
    # A newline that turns out to be a mark's makes an empty line of those that were taken.
    assert [line for line in (taken + rest).split(b"\n") if line] == [
        line for line in data.split(b"\n") if line
    ]
    assert framer.ended

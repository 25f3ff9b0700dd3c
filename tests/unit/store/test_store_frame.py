"""The log's framing: whatever is cut off or flipped, a frame is read as it was written or not at all."""

from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livedata.errors import StoreError
from livedata.store import frame

BODIES = st.lists(st.binary(max_size=40) | st.just(frame.MAGIC * 3), max_size=6)
NUMBER = 12


def log(bodies: list[bytes]) -> bytes:
    data = frame.header()
    for body in bodies:
        data += frame.frame(body, NUMBER, len(data))
    return data


def read(data: bytes) -> list[bytes]:
    return [bytes(b) for b in frame.scan(data, NUMBER).bodies]


@given(BODIES)
def test_all_frames_come_back(bodies: list[bytes]) -> None:
    data = log(bodies)
    found = frame.scan(data, NUMBER)
    assert [bytes(b) for b in found.bodies] == bodies
    assert (found.end, found.damage) == (len(data), [])


@given(BODIES, st.data())
def test_a_cut_tail_costs_only_the_frame_it_cuts(bodies: list[bytes], draw: st.DataObject) -> None:
    data = log(bodies)
    cut = draw.draw(st.integers(0, len(data)))
    ends = [len(log(bodies[:n])) for n in range(len(bodies) + 1)]
    whole = sum(end <= cut for end in ends[1:])
    found = frame.scan(data[:cut], NUMBER)
    assert [bytes(b) for b in found.bodies] == bodies[:whole]
    assert found.end == (ends[whole] if cut >= frame.HEADER_SIZE else 0)
    assert not found.damage


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=6), st.data())
def test_a_flipped_byte_costs_one_frame_and_is_said(bodies: list[bytes], draw: st.DataObject) -> None:
    data = bytearray(log(bodies))
    at = draw.draw(st.integers(0, len(data) - 1))
    data[at] ^= draw.draw(st.integers(1, 255))
    try:
        found = frame.scan(bytes(data), NUMBER)
    except StoreError:
        assert at < frame.HEADER_SIZE
        return
    hit = sum(len(log(bodies[:n])) <= at for n in range(1, len(bodies) + 1))
    left = bodies if at < frame.HEADER_SIZE else bodies[:hit] + bodies[hit + 1 :]
    assert [bytes(b) for b in found.bodies] == left
    in_last = at >= frame.HEADER_SIZE and hit == len(bodies) - 1
    assert bool(found.damage) != in_last
    assert (found.end < len(data)) == in_last


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_a_crash(data: bytes) -> None:
    found = frame.scan(data, NUMBER)
    assert found.bodies == []
    assert found.end <= max(len(data), frame.HEADER_SIZE)


def test_a_frame_counts_only_where_it_was_written() -> None:
    one, two = log([b"one"]), log([b"one", b"two"])
    second = two[len(one) :]
    assert read(one + second) == [b"one", b"two"]
    assert read(frame.header() + second) == [], "moved to another offset"
    assert frame.scan(one, NUMBER + 1).bodies == [], "in another file"


def test_a_frame_inside_a_damaged_one_is_none() -> None:
    """A host can put a frame's bytes into its log; they must not count when the frame around them is damaged."""
    forged = frame.frame(b"forged", NUMBER, 0)
    data = bytearray(log([b"x" * 9 + forged + b"y" * 9, b"after"]))
    data[frame.HEADER_SIZE + frame.FRAME_SIZE] ^= 1
    assert read(bytes(data)) == [b"after"]


def test_an_absurd_length_is_no_frame() -> None:
    body = frame.frame(b"", NUMBER, frame.HEADER_SIZE)
    data = frame.header() + body[:4] + (2**32 - 1).to_bytes(4, "little") + body[8:]
    assert read(data + b"\0" * 100) == []


def test_a_newer_format_is_named() -> None:
    start = b"livedata" + (frame.VERSION + 1).to_bytes(4, "little")
    with pytest.raises(StoreError) as caught:
        frame.scan(start + crc32(start).to_bytes(4, "little"), NUMBER)
    assert "newer livedata" in caught.value.hint

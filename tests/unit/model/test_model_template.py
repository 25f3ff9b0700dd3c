"""What stays of a message, and that it depends on nothing else."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livedata.model.template import LOOKED_AT, MASK, templates


def template(message: str | None) -> str | None:
    found: str | None = templates(pa.array([message], pa.string()))[0].as_py()
    return found


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            "Accepted publickey for root from 10.1.2.3 port 50022 ssh2: ED25519 SHA256:ab12",
            "Accepted publickey for root from <*> port <*> <*>: <*> <*>",
        ),
        ("device veth3fa9c1 entered promiscuous mode", "device <*> entered promiscuous mode"),
        ("IN=eth0 MAC=52:54:00:ab:cd:ef SRC=10.0.0.1", "IN=<*> MAC=<*> SRC=<*>"),
        ("MAC=df:ab:cd:ef:aa:bb TTL=64", "MAC=<*> TTL=<*>"),
        ("request=9f3bc2 done, code=abcdef", "request=<*> done, code=<*>"),
        ("id 7e6b3c1e-9d9f-4ab5-a6c2-0b5f0c1d2e3f gone", "id <*> gone"),
        ("peer fe80::1c2d up", "peer <*> up"),
        ("took 0.0231s at 2026-11-24T15:39:23.123+01:00", "took <*> at <*>"),
        ("/var/lib/app/cache: no space left", "/var/lib/app/cache: no space left"),
        ("Traceback (most recent call last):\n  File 1\n", "Traceback (most recent call last):"),
        ("a decade of cafe", "a <*> of cafe"),
        ("größe 12", "größe <*>"),
        ("", ""),
        (None, None),
    ],
)
def test_what_differs_from_case_to_case_is_masked(message: str | None, expected: str | None) -> None:
    assert template(message) == expected


def test_of_a_long_message_the_beginning_counts() -> None:
    begin = "word " * (LOOKED_AT // 5 - 1) + "end"
    assert template(begin + "ing9 x") == template(begin + "less y") == "word " * (LOOKED_AT // 5 - 1)


@given(st.lists(st.text() | st.none(), max_size=20))
def test_a_message_has_one_template_whatever_stands_beside_it(messages: list[str | None]) -> None:
    together = templates(pa.array(messages, pa.string())).to_pylist()
    assert together == [template(message) for message in messages]


@given(
    st.lists(st.sampled_from(["user", "failed", "from", ":", "(x)"]), min_size=1),
    st.integers(0),
    st.integers(0),
)
def test_numbers_make_no_difference(words: list[str], one: int, other: int) -> None:
    said = " ".join([*words, "{}"])
    assert template(said.format(one)) == template(said.format(other))
    assert str(template(said.format(one))).endswith(MASK) or len(said) > LOOKED_AT

"""What a reader prints is taken apart as it was put together, and anything else is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livedata.model.host import Host
from livedata.transport.reader import split_changes, start_reader

TEXTS = st.dictionaries(
    st.from_regex(r"[1-9][0-9]{0,6}", fullmatch=True),
    st.lists(st.text(st.characters(exclude_characters="\n"), max_size=8), min_size=1, max_size=4).map("\n".join),
)  # fmt: skip


@given(texts=TEXTS, gone=st.frozensets(st.integers(1, 9999).map(str)), whole=st.booleans())
def test_texts_of_any_lines_come_back(texts: dict[str, str], gone: frozenset[str], whole: bool) -> None:
    said = "".join(f"{name} {text}".replace("\n", "\n ") + "\n" for name, text in texts.items())
    said += "whole" if whole else " ".join(["since", *sorted(gone)])
    changes = split_changes(said)
    assert changes
    assert changes.texts == {name: text + "\n" for name, text in texts.items()}
    assert (changes.whole, changes.gone) == (whole, frozenset() if whole else gone)


@given(st.text(st.sampled_from("1 (a)\nsincewhole")))
def test_nothing_else_raises(said: str) -> None:
    changes = split_changes(said)
    assert changes is None or all(text.endswith("\n") for text in changes.texts.values())


@pytest.mark.parametrize(
    "said",
    [
        "",
        "\n",
        "1 (a) S\n",
        "1 (a) S\nsinc",
        "alone\nsince",
        "1 (a) S\nwhole 1",
        "==> /proc/1/stat <==\n1 (a)\n",
    ],
)
def test_what_a_reader_does_not_print_is_refused(said: str) -> None:
    assert split_changes(said) is None


def test_roots_that_a_line_of_words_can_not_name_have_none() -> None:
    assert start_reader(Host("x", proc_root="/host proc")) is None
    assert start_reader(Host("x", sys_root="/host\\sys")) is None
    assert start_reader(Host("x", proc_root="/host/proc"))

"""What is looked for by words is found whether files are opened for it or not."""

import random
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import livedata.query.plan as plan_module
from livedata.model.batch import Batch
from livedata.model.probe import Column, Probe
from livedata.query.engine import Pool, ask
from livedata.query.narrow import ANY_WORDS, EVERYTHING, Bounds, read_filters
from livedata.query.parts import having
from livedata.query.words import MACROS, like_words, term_words, whole_words
from livedata.store import segment
from livedata.store.keep import Keep
from livedata.store.layout import DAY_US
from livedata.store.reader import open_store
from livedata.store.tend import tend
from livedata.store.writer import Writer

START = 1_785_024_000_000_000
LOG = Probe(
    "log",
    "Messages.",
    (Column("ts", 1, "ts", "time"), Column("message", 2, "str", "text"), Column("n", 3, "i64", "text")),
    mined="message",
)
PIECES = [
    "a",
    "B",
    "ab",
    "7",
    "10.1.2.3",
    "1.2",
    "é",
    "É",
    "\u212a",
    "k",
    "_",
    "-",
    ".",
    ":",
    " ",
    "%",
    "*",
    "'",
    "\\",
    "\n",
    "x\0y",
    "\u0130",
]
TEXT = st.lists(st.sampled_from(PIECES), max_size=6).map("".join)


def messages(seed: int, count: int) -> list[str | None]:
    """Some of few pieces, some with an id that never comes again."""
    dice = random.Random(seed)
    said: list[str | None] = ["".join(dice.choices(PIECES, k=dice.randrange(9))) for _ in range(count)]
    said[::7] = [f"Request id={seed}x{n} from 10.1.{seed}.{n}:443 failed" for n in range(len(said[::7]))]
    said[::50] = [None] * len(said[::50])
    return said


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Rows of three ages, in files of many row groups and in files without words."""
    root = tmp_path_factory.mktemp("words") / "store"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segment, "LARGEST_GROUP", 40)
        patch.setattr(segment, "SMALL_EVENT_GROUP", 25)

        def keep(seed: int, day: int, *, seal: bool = True) -> None:
            with Writer.open(root, purpose="test", now_us=START) as writer:
                for host in ("db", "web"):
                    ts = START + day * DAY_US
                    rows = [(ts + n, said, n) for n, said in enumerate(messages(seed + len(host), 300))]
                    assert writer.append([Batch(LOG, host, ts, rows)], START) == []
                if seal:
                    writer.seal(START)

        keep(1, 0)
        tend(root, Keep(10**6), lambda: START + DAY_US * 5, lambda probe, rows: None, force=True)
        keep(4, 5)
        tend(root, Keep(10**6), lambda: START + DAY_US * 5, lambda probe, rows: None, force=True)
        keep(7, 5)
        keep(10, 6, seal=False)
        yield root


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool() as kept:
        yield kept


def literal(text: str) -> str:
    quoted = "'" + text.replace("\0", "").replace("'", "''") + "'"
    return quoted if "\0" not in text else f"replace({quoted}, '', chr(0))"


CONDITION = st.one_of(
    TEXT.map(lambda t: f"has_term(message, {literal(t)})"),
    TEXT.map(lambda t: f"contains(message, {literal(t)})"),
    TEXT.map(lambda t: f"contains(lower(message), {literal(t.lower())})"),
    TEXT.map(lambda t: f"message LIKE {literal(t)}"),
    TEXT.map(lambda t: f"message ILIKE {literal('%' + t + '%')}"),
    TEXT.map(lambda t: f"message = {literal(t)}"),
    st.integers(0, 50).flatmap(
        lambda n: st.sampled_from(
            [f"has_term(message, 'ID=3x{n}')", f"has_term(message, '10.1.6.{n}')", f"message LIKE '%from 10.1.6.{n}:443 %'", f"has_term(message, '9x{n}*')", f"contains(message, 'x{n}')", f"contains(lower(message), 'd=3x{n}')", f"message LIKE '%equest id=4x{n}%'", f"has_term(message, '*x{n} from')"]
        )
    ),
    st.sampled_from(["host = 'db'", "n < 100", "ts < TIMESTAMPTZ '2026-07-28'"]),
)  # fmt: skip
QUESTION = st.recursive(
    CONDITION,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda c: f"(NOT {c})"),
    ),
    max_leaves=4,
)


def check_same(store: Path, pool: Pool, where: str) -> int:
    """How many rows there are, which must be those of reading everything."""
    sql = f"SELECT host, ts, message FROM log WHERE {where} ORDER BY ALL"
    found: pa.Table = ask(store, sql, pool=pool).table
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan_module, "bounds_of", lambda plan, tables, mined: dict.fromkeys(tables, EVERYTHING))
        assert found.equals(ask(store, sql, pool=pool).table)
    return len(found)


@settings(max_examples=150)
@given(QUESTION)
def test_the_answer_is_that_of_reading_everything(store: Path, pool: Pool, where: str) -> None:
    check_same(store, pool, where)


@pytest.mark.parametrize(
    "where",
    [
        "contains(message, 'x7')",
        "contains(lower(message), 'd=3x7')",
        "message LIKE '%equest id=4x7%'",
        "message ILIKE '%EQUEST ID=4X7 FRO%'",
        "message = 'Request id=3x7 from 10.1.3.7:443 failed'",
        "has_term(message, '*x7 from')",
        "has_term(message, '3x7*failed')",
        "has_term(message, '10.1.3.7')",
        "has_term(message, '3x7') OR has_term(message, '4x8') AND NOT has_term(message, 'absent')",
        "NOT has_term(message, '3x7') AND has_term(message, 'id=4x7')",
    ],
)
def test_a_part_of_a_word_is_found_as_well(store: Path, pool: Pool, where: str) -> None:
    assert check_same(store, pool, where)


def test_only_what_may_have_the_word_is_opened(store: Path) -> None:
    with open_store(store) as tables:
        files = tables["log"].parts
        wanted = having(files, (frozenset({"3x7", "10.1.3.7"}),))
        assert {p.file.level for p in wanted} == {
            0,
            2,
        }  # in one file of one host, or in those that do not say
        (partly,) = [p for p in wanted if p.rows is not None]
        assert sum(end - first for first, end in partly.rows or ()) <= 80 < partly.file.rows
        assert len(having(files, (frozenset({"never"}),))) == sum(f.level == 0 for f in files)
        assert len(having(files, ANY_WORDS)) == len(files)


def test_a_word_is_found_in_rows_of_every_age(store: Path) -> None:
    for seed in (3, 4, 6, 7, 9, 10, 12, 13):
        sql = f"SELECT count(*) AS n FROM log WHERE has_term(message, 'id={seed}x5')"
        assert ask(store, sql).table.to_pylist() == [{"n": 1}]


def reference(text: str, term: str) -> bool:
    """`has_term` in Python's words."""
    word = "[0-9a-z\x80-\U0010ffff]"
    text, term = duck_lower(text), duck_lower(term)
    pattern = ".*".join(map(re.escape, term.split("*")))
    if re.match(word, term):
        pattern = f"(?<!{word}){pattern}"
    if re.match(word, term[-1:]):
        pattern = f"{pattern}(?!{word})"
    return re.search(pattern, text, re.S) is not None


def duck_lower(text: str) -> str:
    return "".join({"\u212a": "k", "\u0130": "i"}.get(c, c.lower()) for c in text)


@given(TEXT, TEXT)
def test_a_term_stands_by_itself(text: str, term: str) -> None:
    with duckdb.connect() as connection:
        connection.execute(MACROS)
        (found,) = connection.execute("SELECT has_term(?, ?)", [text, term]).fetchall()
    assert found == (reference(text, term),)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id=abc ", {"abc"}),
        (" id=abc", {"id"}),
        ("abc", set()),
        ("x 10.1.2.3:4 y", {"10.1.2.3"}),
        ("10.1.2.3 up", set()),
        (" 12345 123456 1234x ", {"123456", "1234x"}),
        ("a Ünter b", set()),
    ],
)
def test_words_in_a_literal(text: str, words: set[str]) -> None:
    assert whole_words(text) == words


def test_words_in_a_pattern() -> None:
    assert like_words("Failed password%from 10.1.2.3 %") == {"failed", "10.1.2.3"}
    assert like_words("one _two three_") == {"one"}
    assert like_words("%") == set()


def test_only_what_has_term_writes_is_read_as_a_term() -> None:
    assert term_words(r"(?s)foo\d+bar baz qux") == frozenset()
    assert term_words("(?s)one (two) three") == frozenset()
    assert term_words("one two three") == frozenset()
    assert term_words(r"(?s)a\ b\-c\ d") == {"b", "c"}


def test_filters_with_functions() -> None:
    abc = Bounds(words=(frozenset({"abc"}),))
    assert read_filters("contains(message, ' abc ')", "message") == abc
    assert read_filters("contains(message, ' abc ')") == EVERYTHING
    assert read_filters("contains(message, ' abc ')\n(host = 'a')", "message") == abc & Bounds(
        hosts=(("a", "a"),)
    )
    assert read_filters("(contains(message, ' abc ') OR contains(message, ' d '))", "message").words == (
        frozenset({"abc"}),
        frozenset({"d"}),
    )
    assert read_filters("(NOT contains(message, ' abc '))", "message") == EVERYTHING
    assert read_filters("contains(lower(unit), ' abc ')", "message") == EVERYTHING


def test_arrow_and_duckdb_agree_on_what_becomes_an_ascii_letter() -> None:
    every = pa.array([chr(n) for n in range(1, 0x110000) if not 0xD800 <= n < 0xE000])
    with duckdb.connect() as connection:
        connection.register("letters", pa.table({"letter": every}))
        theirs = (
            connection.sql("SELECT lower(letter) AS l FROM letters").to_arrow_table()["l"].combine_chunks()
        )
    ours = pc.utf8_lower(every)
    differs = every.filter(pc.not_equal(ours, theirs))
    assert not pc.any(pc.string_is_ascii(ours.filter(pc.not_equal(ours, theirs)))).as_py()
    assert not pc.any(pc.string_is_ascii(differs)).as_py()

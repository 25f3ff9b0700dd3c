"""When a session ended, as the view of `login` reckons it."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pytest

from livedata.probe.load import load_probes

ENDED = next(derived.sql for derived in load_probes()["login"].derived if derived.name == "ended")


def ended(*events: tuple[str, int, str, str | None]) -> list[int | None]:
    """For each event (host, second, event, tty), in this order, the second at which it ended."""
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE events (host VARCHAR, ts BIGINT, event VARCHAR, tty VARCHAR)")
        connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?)", events)
        found = connection.execute(f"SELECT {ENDED} FROM events ORDER BY rowid").fetchall()
    return [row[0] for row in found]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([("a", 1, "login", "pts/0")], [None]),
        ([("a", 1, "login", "pts/0"), ("a", 2, "login", "pts/1"), ("a", 5, "logout", "pts/0")], [5, None, None]),
        ([("a", 1, "login", "pts/0"), ("b", 3, "logout", "pts/0"), ("b", 4, "boot", None)], [None, None, None]),
        ([("a", 1, "login", "pts/0"), ("a", 4, "shutdown", None), ("a", 9, "boot", None)], [4, None, None]),
        ([("a", 1, "login", "pts/0"), ("a", 9, "boot", None)], [9, None]),
        # What was cut off without a word: the terminal is another's by then.
        ([("a", 1, "login", "pts/0"), ("a", 7, "login", "pts/0"), ("a", 8, "logout", "pts/0")], [7, 8, None]),
    ],
)  # fmt: skip
def test_a_session_ends_with_its_logout_or_with_the_host(
    events: Sequence[tuple[str, int, str, str | None]], expected: list[int | None]
) -> None:
    assert ended(*events) == expected

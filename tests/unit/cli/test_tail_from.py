"""Which entries `fleet tail` shows of hosts that it asks itself."""

from __future__ import annotations

import pyarrow as pa

from livedata.cli.tail import _from

BEGIN = 1_000


def rows(*entries: tuple[str, int]) -> pa.Table:
    hosts, stamps = zip(*entries, strict=True)
    return pa.table({"host": hosts, "ts": pa.array(stamps, pa.timestamp("us", tz="UTC"))})


def shown(lot: pa.Table, met: set[str] | None) -> list[str]:
    return [str(host) for host in _from(lot, BEGIN, met)["host"].to_pylist()]


def test_what_was_before_is_not_shown() -> None:
    assert shown(rows(("web", 999), ("web", 1_000), ("db", 5)), set()) == ["web"]


def test_what_a_host_says_later_is_shown_whatever_its_clock_says() -> None:
    met: set[str] = set()
    assert shown(rows(("late", 5), ("late", 6)), met) == []
    assert shown(rows(("late", 7), ("new", 7)), met) == ["late"]
    assert shown(rows(("new", 8)), met) == ["new"]


def test_where_a_time_was_asked_for_nothing_older_is_shown() -> None:
    assert shown(rows(("web", 999)), None) == []
    assert shown(rows(("web", 999), ("web", 1_001)), None) == ["web"]

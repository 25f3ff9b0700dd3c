"""A search says of log entries, one by one as they come, which are meant."""

import pyarrow as pa
import pytest

from livedata.errors import QueryError
from livedata.model.batch import Batch, to_arrow
from livedata.probe.load import load_probes
from livedata.searching import log_filter

LOG = load_probes()["log"]
US = 1_785_000_000_000_000


def entries(*messages: str, host: str = "web-1", unit: str = "ssh.service", priority: int = 6) -> pa.Table:
    names = [c.name for c in LOG.columns]
    given = {"unit": unit, "identifier": "sshd", "priority": priority, "fields": [("_UID", "0")]}
    rows = [
        tuple((given | {"ts": US - i, "message": message}).get(name) for name in names)
        for i, message in enumerate(messages)
    ]
    return pa.Table.from_batches([to_arrow([Batch(LOG, host, US, rows)])])


def found(search: str, rows: pa.Table) -> list[str]:
    kept = log_filter(search, LOG)(rows)
    assert kept.schema == rows.schema
    messages: list[str] = kept["message"].to_pylist()
    return messages


ROWS = entries("Failed password for root", "Accepted publickey", "failed password for bob ip=10.1.2.3")


@pytest.mark.parametrize(
    ("search", "numbers"),
    [
        ('"failed password"', [0, 2]),
        ('"failed password" NOT root', [2]),
        ("identifier=sshd accepted", [1]),
        ("host=db-*", []),
        ("ip=10.1.2.3", [2]),
        ('failed | where like(message, "%root")', [0]),
        (r'failed | rex "for (?<who>\w+)" | search who=bob', [2]),
    ],
)
def test_those_that_are_meant_stay_as_they_are_and_in_their_order(search: str, numbers: list[int]) -> None:
    assert found(search, ROWS) == [ROWS["message"][n].as_py() for n in numbers]


def test_it_is_asked_again_and_again() -> None:
    find = log_filter("accepted", LOG)
    assert [find(ROWS).num_rows for _ in range(3)] == [1, 1, 1]
    assert find(ROWS.slice(0, 0)).num_rows == 0


@pytest.mark.parametrize("search", ["error | stats count by host", "error | head 5", "* | dedup host"])
def test_what_needs_all_entries_is_refused(search: str) -> None:
    with pytest.raises(QueryError, match="needs all entries"):
        log_filter(search, LOG)


def test_a_search_that_is_none_is_told() -> None:
    with pytest.raises(QueryError):
        log_filter('"unbalanced', LOG)

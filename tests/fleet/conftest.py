"""A fleet for each test module's process, and hosts on demand."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.fleet.hosts import Fleet, fleet_of


def worker() -> int:
    """A number that tells apart the processes of one test run (pytest-xdist)."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    with fleet_of(worker()) as made:
        yield made

"""A fleet for each test module's process, and hosts on demand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fleet.hosts import Fleet, fleet_of
from tests.fleet.product import Product


def worker() -> int:
    """A number that tells apart the processes of one test run (pytest-xdist)."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    with fleet_of(worker()) as made:
        yield made


@pytest.fixture
def product(tmp_path: Path, fleet: Fleet) -> Product:
    return Product(tmp_path, fleet)

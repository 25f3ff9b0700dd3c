"""Options of the whole test run."""

from __future__ import annotations

import pytest
from hypothesis import settings

from tests.fleet.host import spaces

settings.register_profile(
    "house", deadline=None
)  # how long an example takes says more of the machine than of the code
settings.load_profile("house")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all", action="store_true", help="run the long tests too (minutes each)")


def pytest_report_header() -> list[str]:
    return (
        []
        if spaces()
        else ["no namespaces here: test hosts are plain sshds, and tests of what these can't do will fail"]
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--all"):
        slow = [item for item in items if item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]

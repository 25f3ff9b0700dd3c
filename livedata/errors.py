"""The exceptions that are meant for a person, each with a place, a problem and a hint, and one exit code.

LivedataError
├── UsageError           2   an option, a selection or a host name that can't be taken
│   ├── ConfigError      2   config.toml
│   ├── InventoryError   2   inventory.toml, ~/.ssh/config
│   └── ProbeError       2   a probe's header
├── NoHostReached        3   not one host answered
├── ReceiverError        3   a remote-write receiver that is not there, or refuses
├── QueryError           4   SQL that can't be run
└── StoreError           5   the store is damaged, or not there
    └── StoreLocked      5   another process collects into it

What is expected of hosts (refused, timed out, denied ...) is no exception: it is an outcome, a row in `scrape`.
"""

from __future__ import annotations

OK = 0
SOME_HOSTS_FAILED = 1
INTERRUPTED = 130


class LivedataError(Exception):
    """An error a person can mend: `where` it is, the `problem`, and a `hint` at the next step."""

    exit_code = 1

    def __init__(self, problem: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(problem)
        self.where = where
        self.problem = problem
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.where}: {self.problem}" if self.where else self.problem
        return f"{text}\n  {self.hint}" if self.hint else text


class UsageError(LivedataError):
    exit_code = 2


class ConfigError(UsageError):
    pass


class InventoryError(UsageError):
    pass


class ProbeError(UsageError):
    pass


class NoHostReached(LivedataError):
    exit_code = 3


class ReceiverError(LivedataError):
    exit_code = 3


class QueryError(LivedataError):
    exit_code = 4


class StoreError(LivedataError):
    exit_code = 5


class StoreLocked(StoreError):
    pass

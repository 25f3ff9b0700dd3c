"""Where the tables of a question come from: a store on disk, read only as far as the question needs it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..model.probe import Probe

if TYPE_CHECKING:
    from ..store.reader import TableContent
    from .views import Scope


@dataclass(frozen=True, slots=True)
class Source:
    """`definitions`: every table there is, cheaply. `read`: the content of named tables, without what a scope's times
    leave out. `hosts`: every host that ever had a row; slow, asked only to explain a name that matches none. `name`, and
    `probes`, the tables that would come of collecting, are for messages."""

    definitions: Callable[[], Mapping[str, Probe]]
    read: Callable[[Collection[str], Scope], Mapping[str, TableContent]]
    hosts: Callable[[], Collection[str]]
    name: str = "the store"
    probes: Callable[[], Collection[str]] = frozenset


def store_source(root: Path) -> Source:
    """The store at `root`; it need not exist, then it has no tables. The functions raise StoreError."""

    def definitions() -> Mapping[str, Probe]:
        from ..store.reader import table_definitions

        return table_definitions(root)

    def read(names: Collection[str], scope: Scope) -> Mapping[str, TableContent]:
        from ..store.reader import read_store

        return read_store(root, names, since_us=scope.since_us, until_us=scope.until_us)

    def hosts() -> Collection[str]:
        from ..store.reader import host_names

        return host_names(root)

    return Source(definitions, read, hosts, f"the store at {root}")

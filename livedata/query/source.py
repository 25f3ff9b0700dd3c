"""Where the tables and hosts of a question come from: a store on disk, read only as far as the question needs it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..model.probe import Probe
from .admit import Admitted
from .problems import did_you_mean, problem_at

if TYPE_CHECKING:
    from ..store.reader import Span, TableContent

Content = Mapping[str, "TableContent"]


def _nothing(spans: Mapping[str, Span]) -> AbstractContextManager[Content]:
    return nullcontext({})


@dataclass(frozen=True, slots=True)
class Source:
    """`definitions`: every table there is, cheaply. `read`: the content of tables as far as their spans reach, whose files stay
    while it is open. `hosts`: every host that ever had a row. `name`, and `probes`, the tables that would come of
    collecting, are for messages."""

    definitions: Callable[[], Mapping[str, Probe]]
    read: Callable[[Mapping[str, Span]], AbstractContextManager[Content]] = _nothing
    hosts: Callable[[], Collection[str]] = frozenset
    name: str = "the store"
    probes: Callable[[], Collection[str]] = frozenset


def store_source(root: Path) -> Source:
    """The store at `root`; it need not exist, then it has no tables. The functions raise StoreError."""

    def definitions() -> Mapping[str, Probe]:
        from ..store.reader import table_definitions

        return table_definitions(root)

    def read(spans: Mapping[str, Span]) -> AbstractContextManager[Content]:
        from ..store.reader import open_store

        return open_store(root, spans)

    def hosts() -> Collection[str]:
        from ..store.reader import host_names

        return host_names(root)

    return Source(definitions, read, hosts, f"the store at {root}")


def named_tables(
    source: Source, definitions: Mapping[str, Probe], admitted: Admitted, sql: str
) -> dict[str, Probe]:
    """Those of the source's tables that views are needed for.

    Raises:
        QueryError: a name is no table's, and no WITH defines it.
    """
    known = {name.lower(): name for name in definitions}
    wanted = set(definitions) if admitted.lists_tables else set()
    for name, offset in admitted.named:
        if name.lower() in known:
            wanted.add(known[name.lower()])
        else:
            if name.lower() in source.probes():
                raise problem_at(
                    sql,
                    offset,
                    f"{source.name} has nothing of {name} yet",
                    "livedata fleet snapshot collects it; livedata fleet check says what the hosts can't show",
                )
            hint = did_you_mean(name, definitions, "livedata fleet tables lists them")
            if not definitions:
                hint = f"{source.name} is empty: livedata up, or livedata fleet snapshot, fills it"
            raise problem_at(sql, offset, f"there is no table {name}", hint)
    return {name: definitions[name] for name in sorted(wanted)}


def chosen_hosts(source: Source, patterns: Collection[str]) -> tuple[str, ...]:
    """The hosts that the patterns name; it is an error if the store has none for one. Raises UsageError."""
    from fnmatch import fnmatchcase

    everywhere = source.hosts()
    for pattern in patterns:
        if not any(fnmatchcase(host, pattern) for host in everywhere):
            known = ", ".join(sorted(everywhere)[:10]) or "none"
            raise UsageError(
                f"the store has no rows of a host {pattern!r}",
                where="--host",
                hint=did_you_mean(pattern, everywhere, f"hosts it has: {known}"),
            )
    return tuple(sorted(h for h in everywhere if any(fnmatchcase(h, p) for p in patterns)))

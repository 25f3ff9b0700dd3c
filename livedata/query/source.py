"""Where the tables and hosts of a question come from: a store on disk, read only as far as the question needs it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..model.probe import Probe
from .above import standing
from .admit import Admitted
from .problems import did_you_mean, problem_at

if TYPE_CHECKING:
    import pyarrow as pa

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


def rows_source(probe: Probe, rows: pa.Table) -> Source:
    """Rows that are in no store as what a question is asked of; `rows` has the probe's stored columns."""
    from ..store.reader import TableContent

    return Source(
        lambda: {probe.name: probe}, lambda spans: nullcontext({probe.name: TableContent(probe, (), rows)})
    )


def stores_source(roots: Sequence[Path]) -> Source:
    """Several stores as one; of a table's header that of the first store that has it counts.

    The functions raise StoreError, `definitions` also ProbeError: two stores mean different things by one table.
    """
    if len(roots) == 1:
        return store_source(roots[0])
    sources = [store_source(root) for root in roots]

    def definitions() -> Mapping[str, Probe]:
        from ..store.registry import check

        merged: dict[str, Probe] = {}
        for source in sources:
            for name, probe in source.definitions().items():
                check(merged.setdefault(name, probe), [probe])
        return merged

    @contextmanager
    def read(spans: Mapping[str, Span]) -> Iterator[Content]:
        with ExitStack() as opened:
            contents = [opened.enter_context(source.read(spans)) for source in sources]
            names = dict.fromkeys(chain.from_iterable(contents))
            yield {name: _together([c[name] for c in contents if name in c]) for name in names}

    def hosts() -> Collection[str]:
        return {host for source in sources for host in source.hosts()}

    return Source(definitions, read, hosts, "the stores at " + ", ".join(map(str, roots)))


def _together(tables: Sequence[TableContent]) -> TableContent:
    """One table of several stores, in the columns that the first has; what their versions are is told only where all agree."""
    import pyarrow as pa

    from ..store.fresh import conform

    first = tables[0]
    fresh = [conform(b, table.probe, first.probe) for table in tables for b in table.fresh.to_batches()]
    return replace(
        first,
        parts=tuple(chain.from_iterable(table.parts for table in tables)),
        fresh=pa.Table.from_batches(fresh, first.fresh.schema),
        damage=tuple(chain.from_iterable(table.damage for table in tables)),
        versions=first.versions if all(table.versions == first.versions for table in tables) else {},
    )


def named_tables(
    source: Source, definitions: Mapping[str, Probe], admitted: Admitted, sql: str
) -> dict[str, Probe]:
    """Those of the source's tables that views are needed for.

    Raises:
        QueryError: a name is no table's, and no WITH defines it.
    """
    known = {name.lower(): name for name in definitions}
    known |= {name: view.over for name, view in standing(definitions).items()}
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
            hint = did_you_mean(name, known, "livedata fleet tables lists them")
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

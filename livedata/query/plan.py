"""A question before it is asked: the tables that it needs, which of their columns, and which of their rows at most.

It is planned by DuckDB over empty tables that stand in the places of the views, within the transaction that answers it: so `now()` is the
same moment in both. Without the optimizer `statistics_propagation`, or DuckDB would see that the tables are empty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..model.probe import Probe
from .above import Above
from .admit import Admitted
from .instance import Instance, Limits
from .narrow import EVERYTHING, FIRST, HIGHEST, LAST, LOWEST, Bounds, bounds_of
from .problems import detail_of, engine_error
from .views import Columns, Scope, column_names, columns_named, identifier

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from ..store.reader import TableContent

PLANNED = "EXPLAIN (FORMAT json) "
MISTAKES = frozenset({"Binder", "Catalog", "INTERRUPT", "Out of Memory"})
"""Kinds of errors that asking would bring forth as well; after another one it is asked without being narrowed."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be a view: a `table` of the store, or of its rows only those that its rollups hold as well (`rolled`), or only the
    others (False)."""

    probe: Probe
    columns: Columns
    bounds: Bounds
    table: str
    rolled: bool | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """`prefix` is an EXPLAIN, or blank; `select` is what follows, `tree` its syntax tree (`json_serialize_sql`). `tables`: the
    views that it reads, by name."""

    prefix: str
    select: str
    tree: dict[str, Any]
    tables: Mapping[str, Wanted]

    @property
    def sql(self) -> str:
        return self.prefix + self.select

    def within(self, scope: Scope) -> Plan:
        """The same narrowed to a scope, whose hosts are names."""
        times = (
            FIRST if scope.since_us is None else scope.since_us,
            LAST if scope.until_us is None else scope.until_us - 1,
        )
        names = None if scope.hosts is None else tuple((h, h) for h in sorted(set(scope.hosts)))
        bounds = Bounds(
            (times,) if times[0] <= times[1] else (), ((LOWEST, HIGHEST),) if names is None else names
        )
        return replace(
            self, tables={name: replace(w, bounds=w.bounds & bounds) for name, w in self.tables.items()}
        )


@dataclass(frozen=True, slots=True)
class Rewritten:
    """Another way to the same answer. `needs`: what of further tables must be known; `settle` gives the plan when it is, None if
    the first one is as good."""

    needs: Mapping[str, Bounds]
    settle: Callable[[Mapping[str, TableContent]], Plan | None]


Rewrite = Callable[["DuckDBPyConnection", Plan, Mapping[str, Probe]], Rewritten | None]
"""Looks for another way to answer a plan out of the tables that there are (name → probe), within the plan's transaction."""


def plan_question(
    instance: Instance,
    connection: DuckDBPyConnection,
    sql: str,
    admitted: Admitted,
    tables: Mapping[str, Probe],
    above: Sequence[Above],
    limits: Limits,
) -> Plan:
    """Plans over `tables` and the views `above` them, and leaves `connection` within the transaction that the question is to be asked in.

    Raises:
        QueryError: the SQL can't be bound, or a `[derived]` column of a header can't.
    """
    views = {view.name: view.sql() for view in above}
    text = " ".join((admitted.selects, *views.values())) if admitted.names_columns else None
    columns = {name: columns_named(probe, text) for name, probe in tables.items()}
    instance.stand_in({name: (tables[name], columns[name]) for name in tables})
    connection.execute("BEGIN; SET disabled_optimizers = 'statistics_propagation'")
    if admitted.lists_tables:
        for name in instance.stand_ins.keys() - tables.keys():
            connection.execute(f"DROP TABLE {identifier(name)}")
    made = "".join(f"CREATE VIEW {identifier(name)} AS {select};" for name, select in views.items())
    connection.execute(made)
    bounds = _bounds(instance, connection, sql, admitted.selects, tables, made, limits)
    connection.execute("SET disabled_optimizers = ''")
    start = len(admitted.selects) - len(admitted.selects.lstrip())
    return Plan(
        admitted.sql[:start],
        admitted.sql[start:],
        admitted.tree,
        {name: Wanted(tables[name], columns[name], bounds[name], name) for name in tables},
    )


def _bounds(
    instance: Instance,
    connection: DuckDBPyConnection,
    sql: str,
    select: str,
    tables: Mapping[str, Probe],
    made: str,
    limits: Limits,
) -> Mapping[str, Bounds]:
    import duckdb

    try:
        rows = instance.run(connection, lambda: connection.execute(PLANNED + select).fetchall())
    except duckdb.Error as error:
        detail = detail_of(error)
        if detail and detail["exception_type"] in MISTAKES:
            known = {name: column_names(probe) for name, probe in tables.items()}
            raise engine_error(error, sql, known, limits.seconds, limits.memory, len(PLANNED)) from None
        connection.execute(f"ROLLBACK; BEGIN; {made}")
        return dict.fromkeys(tables, EVERYTHING)
    return bounds_of(
        rows[0][1],
        {name: instance.stand_ins[name][1].names for name in tables},
        {name: probe.mined for name, probe in tables.items() if probe.mined},
    )

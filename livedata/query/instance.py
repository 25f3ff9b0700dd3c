"""DuckDB instances: in memory, shut off from everything but the files of a question, and kept for the next one where a process asks often.

An instance takes 15 ms to open and close, several times what a question takes. It can be asked again as long as its files suffice: what it
may reach can't be widened once it is locked.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError, QueryError
from ..model.probe import Probe
from .admit import Admitted, admit, admit_expressions
from .problems import detail_of
from .views import Columns, columns_named, literal, row_sql, stand_in_sql
from .words import MACROS

if TYPE_CHECKING:
    from types import TracebackType

    from duckdb import DuckDBPyConnection

SPILL = "10GB"
"""The most a query may spill to the temporary folder."""
REMEMBERED = 100
"""Texts of questions whose syntax trees are kept."""
REACH = 2_000
"""Files of questions before that a new instance may reach as well, so that questions that take turns can share it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The longest a query may take, and the most memory (DuckDB's spelling: `500MB`, `2GB`)."""

    seconds: float = 60.0
    memory: str = "1GB"


DEFAULT_LIMITS = Limits()


@dataclass(slots=True)
class Instance:
    """One DuckDB instance, for one question at a time. `reach`: the files that it may open, None while it isn't locked.

    Until then SQL may be bound and planned, not run. `stand_ins`: empty tables in the places of the tables' views, to plan over.
    """

    root: DuckDBPyConnection
    thread: ThreadPoolExecutor
    spill: str
    reach: frozenset[str] | None = None
    stand_ins: dict[str, tuple[Probe, Columns]] = field(default_factory=dict)
    running: DuckDBPyConnection | None = None

    def lock(self, files: Collection[str]) -> None:
        """From here on it reaches `files` and nothing else, and no setting can be changed but one that does no harm."""
        self.reach = frozenset(files)
        self.root.execute(
            f"SET GLOBAL allowed_paths = [{', '.join(map(literal, files))}]; SET GLOBAL enable_external_access = false;"
            "SET GLOBAL allowed_configs = ['disabled_optimizers']; SET GLOBAL lock_configuration = true"
        )

    def run(self, connection: DuckDBPyConnection, call: Callable[[], Any]) -> Any:
        """Runs the engine's calls in a thread, so that a signal reaches this one at once, and what it raises stops them.

        DuckDB and Arrow look for signals in some of their loops and not in others.
        """
        self.running = connection
        future = self.thread.submit(call)
        try:
            return future.result()
        finally:
            self.running = None
            while not future.done():
                connection.interrupt()
                wait([future], 0.1)

    def stand_in(self, tables: Mapping[str, tuple[Probe, Columns]]) -> None:
        """Puts an empty table in the place of each view that is to come; one that is there stays if it has the columns.

        Raises:
            QueryError: a `[derived]` column of a header can't be reckoned.
        """
        import duckdb

        for name, (probe, needed) in tables.items():
            columns, there = needed, self.stand_ins.get(name)
            if there and there[0] == probe:
                if set(needed.names) <= set(there[1].names):
                    continue
                columns = columns_named(probe, " ".join((*needed.names, *there[1].names)))
            try:
                admit_expressions(self.root, [d.sql for d in columns.reckoned])
                types = self.root.execute(f"DESCRIBE {row_sql(columns)}").fetchall()
                self.root.execute(stand_in_sql(name, [(column, kind) for column, kind, *_ in types]))
            except (QueryError, duckdb.Error) as error:
                detail = detail_of(error)
                problem = str(detail["exception_message"] if detail else error).partition("\n")[0]
                raise QueryError(
                    f"can't be made a view: {problem}",
                    where=f"table {name}",
                    hint="a [derived] column in its probe's header may be wrong: livedata probe check",
                ) from None
            self.stand_ins[name] = (probe, columns)

    def close(self) -> None:
        self.thread.shutdown()
        self.root.close()
        shutil.rmtree(self.spill, ignore_errors=True)


def open_instance(limits: Limits) -> Instance:
    """An instance with a temporary folder of its own; not locked yet.

    Raises:
        ConfigError: the memory limit is not a size.
    """
    import duckdb

    spill = tempfile.mkdtemp(prefix="livedata-query-")
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": limits.memory,
        "max_execution_time": str(max(1, round(limits.seconds * 1000))),
        "temp_directory": spill,
        "max_temp_directory_size": SPILL,
        "errors_as_json": "true",
        "python_enable_replacements": "false",
        "autoload_known_extensions": "false",
        "autoinstall_known_extensions": "false",
        "allow_community_extensions": "false",
        "allow_persistent_secrets": "false",
    }
    try:
        root = duckdb.connect(":memory:", config=settings)
        root.execute(f"SET GLOBAL TimeZone = 'UTC'; SET GLOBAL parquet_metadata_cache = true; {MACROS}")
    except BaseException as error:
        shutil.rmtree(spill, ignore_errors=True)
        if isinstance(error, duckdb.Error):
            raise ConfigError(
                f"query_memory is {limits.memory!r}", hint="it must be a size such as 500MB or 2GB"
            ) from None
        raise
    return Instance(root, ThreadPoolExecutor(1), spill)


class Pool:
    """The instances of a process that asks one store often; each is lent to one question at a time, also of several threads."""

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self.limits = limits
        self._idle: list[Instance] = []
        self._lent: list[Instance] = []
        self._reach: tuple[str, ...] = ()
        self._admitted: dict[str, Admitted] = {}

    @contextmanager
    def lend(self) -> Iterator[Instance]:
        """An instance for one question. One whose question failed is not used again."""
        instance = self._idle.pop() if self._idle else open_instance(self.limits)
        self._lent.append(instance)
        try:
            yield instance
        except BaseException:
            instance.close()
            raise
        finally:
            self._lent.remove(instance)
        self._idle.append(instance)

    def interrupt(self) -> None:
        """Stop what runs at this moment, from any thread: its question fails with QueryError."""
        import duckdb

        for instance in tuple(self._lent):
            if (connection := instance.running) is not None:
                with suppress(duckdb.Error):  # it has just ended, and is closed
                    connection.interrupt()

    def admit(self, connection: DuckDBPyConnection, sql: str) -> Admitted:
        """As `admit`, which is not asked twice in a row about the same text."""
        known = self._admitted.get(sql)
        if known is None:
            known = admit(connection, sql)
            if len(self._admitted) >= REMEMBERED:
                self._admitted.clear()
            self._admitted[sql] = known
        return known

    def lock(self, instance: Instance, files: Collection[str]) -> None:
        """Locks an instance to a question's files and those that were asked for last."""
        self._reach = tuple(dict.fromkeys((*files, *self._reach)))[: max(REACH, len(files))]
        instance.lock(self._reach)

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def __enter__(self) -> Pool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

"""Asks the store: one in-memory DuckDB connection that sees views of the tables a question names, and nothing else.

Two walls. `admit` lets only a SELECT over tables through; and the connection is locked: no file but the tables' own, no
extension, no Python variable, no setting.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError, QueryError, StoreError, UsageError
from ..model.probe import Probe
from ..model.result import Result
from .admit import Admitted, admit, admit_expressions
from .problems import detail_of, did_you_mean, engine_error, file_error, problem_at
from .source import Source, store_source
from .views import EVERYTHING, Scope, column_names, literal, view_sql

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

    from ..store.reader import TableContent

__all__ = ["Limits", "ask", "store_source", "stream"]

SPILL = "10GB"
"""The most a query may spill to the temporary folder."""

BATCH_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Limits:
    """The longest a query may take, and the most memory (DuckDB's spelling: `500MB`, `2GB`)."""

    seconds: float = 60.0
    memory: str = "1GB"


DEFAULT_LIMITS = Limits()


@contextmanager
def stream(
    source: Source,
    sql: str,
    *,
    scope: Scope = EVERYTHING,
    limits: Limits = DEFAULT_LIMITS,
    warn: Callable[[str], None] = lambda sentence: None,
) -> Iterator[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
    """The answer as it comes: its schema, and batches of at most `BATCH_ROWS` rows in bounded memory.

    Every table is narrowed to `scope`, whose hosts are names or globs. `warn` is told what of the store can't be read.
    Ctrl-C raises KeyboardInterrupt at once, wherever the query stands.

    Raises:
        QueryError: the SQL can't be run, takes too long or too much memory (also while batches are taken).
        UsageError: the store knows no such host.
        ConfigError: the memory limit is not a size.
        StoreError: the store is damaged.
    """
    import duckdb

    with _connection(limits) as connection, _worker(connection) as worker:
        admitted = admit(connection, sql)
        tables = _tables(admitted, sql, source)
        content = source.read(list(tables), scope) if tables and not admitted.lists_tables else {}
        for sentence in dict.fromkeys(chain.from_iterable(t.damage for t in content.values())):
            warn(sentence)
        fresh = _register_fresh(connection, content)
        if scope.hosts is not None and tables:
            scope = replace(scope, hosts=_chosen_hosts(connection, content, fresh, scope.hosts, source))
        files = {name: _files(content.get(name), scope) for name in tables}
        every_file = list(chain.from_iterable(files.values()))
        _lock(connection, every_file, limits)
        for name, probe in tables.items():
            _make_view(connection, probe, files[name], fresh.get(name), scope)
        columns = {name: column_names(probe) for name, probe in tables.items()}

        def failed(error: BaseException) -> QueryError | StoreError:
            return engine_error(error, sql, columns, every_file, limits.seconds, limits.memory)

        def batches() -> Iterator[pa.RecordBatch]:
            while True:
                try:
                    yield worker(reader.read_next_batch)
                except StopIteration:
                    return
                except (duckdb.Error, OSError, ValueError) as error:
                    raise failed(error) from None

        try:
            reader = worker(lambda: connection.sql(admitted.sql).to_arrow_reader(BATCH_ROWS))
        except duckdb.Error as error:
            raise failed(worker(partial(_accurate, connection, admitted.sql, error))) from None
        yield reader.schema, batches()


@contextmanager
def _worker(connection: DuckDBPyConnection) -> Iterator[Callable[[Callable[[], Any]], Any]]:
    """Runs the engine's calls in a thread, so that a signal reaches this one at once, and what it raises stops them.

    DuckDB and Arrow look for signals in some of their loops and not in others.
    """
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:

        def run(call: Callable[[], Any]) -> Any:
            future = pool.submit(call)
            try:
                return future.result()
            finally:
                if not future.done():
                    connection.interrupt()

        yield run


@contextmanager
def _connection(limits: Limits) -> Iterator[DuckDBPyConnection]:
    """A connection in memory, with a temporary folder of its own that goes with it; not locked yet."""
    import duckdb

    spill = tempfile.mkdtemp(prefix="livedata-query-")
    try:
        with duckdb.connect(":memory:") as connection:
            try:
                connection.execute(f"SET memory_limit = {literal(limits.memory)}")
            except duckdb.Error:
                raise ConfigError(
                    f"query_memory is {limits.memory!r}", hint="it must be a size such as 500MB or 2GB"
                ) from None
            connection.execute(
                f"SET temp_directory = {literal(spill)}; SET max_temp_directory_size = {literal(SPILL)};"
                "SET errors_as_json = true; SET TimeZone = 'UTC'; SET python_enable_replacements = false;"
                "SET autoload_known_extensions = false; SET autoinstall_known_extensions = false;"
                "SET allow_community_extensions = false; SET allow_persistent_secrets = false"
            )
            yield connection
    finally:
        shutil.rmtree(spill, ignore_errors=True)


def _lock(connection: DuckDBPyConnection, files: Collection[str], limits: Limits) -> None:
    """From here on the connection reaches `files` and nothing else, and no setting can be changed."""
    connection.execute(
        f"SET allowed_paths = [{', '.join(map(literal, files))}]; SET enable_external_access = false;"
        f"SET max_execution_time = {max(1, round(limits.seconds * 1000))}; SET lock_configuration = true"
    )


def _tables(admitted: Admitted, sql: str, source: Source) -> dict[str, Probe]:
    """The tables that views are needed for; a name that is none, and that no WITH defines, is an error."""
    if not admitted.named and not admitted.lists_tables:
        return {}
    definitions = source.definitions()
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


def _register_fresh(connection: DuckDBPyConnection, content: Mapping[str, TableContent]) -> dict[str, str]:
    """Makes the rows that are in no file yet known to the connection: table → name of the relation."""
    relations = {name: f"fresh rows of {name}" for name, table in content.items() if table.fresh.num_rows}
    for name, relation in relations.items():
        connection.register(relation, content[name].fresh)
    return relations


def _chosen_hosts(
    connection: DuckDBPyConnection,
    content: Mapping[str, TableContent],
    fresh: Mapping[str, str],
    patterns: Collection[str],
    source: Source,
) -> tuple[str, ...]:
    """The hosts among the tables' rows that the patterns name; it is an error if the whole store has none for one."""
    from fnmatch import fnmatchcase

    there = set(source.hosts())
    for relation in fresh.values():
        there |= {
            host for (host,) in connection.execute(f'SELECT DISTINCT host FROM "{relation}"').fetchall()
        }
    everywhere: Collection[str] | None = None
    for pattern in patterns:
        if not any(fnmatchcase(host, pattern) for host in there):
            everywhere = source.hosts() if everywhere is None else everywhere
            if not any(fnmatchcase(host, pattern) for host in everywhere):
                known = ", ".join(sorted(everywhere)[:10]) or "none"
                raise UsageError(
                    f"the store has no rows of a host {pattern!r}",
                    where="--host",
                    hint=did_you_mean(pattern, everywhere, f"hosts it has: {known}"),
                )
    return tuple(sorted(h for h in there if any(fnmatchcase(h, p) for p in patterns)))


def _files(table: TableContent | None, scope: Scope) -> list[str]:
    """The table's Parquet files that may hold rows of the scope."""
    parts = table.parts if table is not None else ()
    return [
        str(p.path)
        for p in parts
        if scope.hosts is None or any(p.first_host <= host <= p.last_host for host in scope.hosts)
    ]


def _make_view(
    connection: DuckDBPyConnection, probe: Probe, files: list[str], fresh: str | None, scope: Scope
) -> None:
    """Makes a table's view, after the lock: a header's `[derived]` expressions are text that others wrote."""
    import duckdb

    try:
        admit_expressions(connection, [d.sql for d in probe.derived])
        connection.execute(view_sql(probe, files, fresh, scope))
    except (QueryError, duckdb.Error) as error:
        if damaged := file_error(error, files):
            raise damaged from None
        detail = detail_of(error)
        problem = str(detail["exception_message"] if detail else error).partition("\n")[0]
        raise QueryError(
            f"can't be made a view: {problem}",
            where=f"table {probe.name}",
            hint="a [derived] column in its probe's header may be wrong: livedata probe check",
        ) from None


def _accurate(connection: DuckDBPyConnection, sql: str, error: Exception) -> Exception:
    """The same failure with its place: a relation's binder errors lack it, a statement's have it."""
    import duckdb

    if detail_of(error):
        return error
    try:
        connection.execute(sql)
    except duckdb.Error as again:
        return again
    return error


def ask(
    store: Path,
    sql: str,
    *,
    since: int | None = None,
    until: int | None = None,
    hosts: Collection[str] | None = None,
    timeout: float = DEFAULT_LIMITS.seconds,
    memory: str = DEFAULT_LIMITS.memory,
    limit: int | None = None,
) -> Result:
    """The answer to one question over the store at `store`, whole or its first `limit` rows.

    `since` (included) and `until` (excluded) are microseconds UTC, `hosts` names or globs. Raises what `stream` does.
    """
    import pyarrow as pa

    begun = time.perf_counter()
    scope = Scope(since, until, None if hosts is None else tuple(hosts))
    taken: list[pa.RecordBatch] = []
    rows = 0
    with stream(store_source(store), sql, scope=scope, limits=Limits(timeout, memory)) as (schema, batches):
        for batch in batches:
            taken.append(batch)
            rows += batch.num_rows
            if limit is not None and rows > limit:
                break
    table = pa.Table.from_batches(taken, schema)
    truncated = limit is not None and rows > limit
    return Result(table.slice(0, limit) if truncated else table, truncated, time.perf_counter() - begun)

"""Asks the store: one in-memory DuckDB connection that sees views of the tables a question names, and nothing else.

Two walls, each enough for what it knows. `admit` lets only a SELECT over tables through; the connection is locked
besides: no file but the tables' own, no extension, no Python variable, no setting.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConfigError, QueryError
from ..model.probe import Probe
from ..model.result import Result
from .admit import Admitted, admit
from .problems import detail_of, did_you_mean, engine_error, problem_at
from .views import Scope, column_names, literal, view_sql

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

    from ..store.reader import TableContent

SPILL = "10GB"
"""The most a query may spill to the temporary folder."""

BATCH_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Limits:
    seconds: float = 60.0
    memory: str = "1GB"


@dataclass(frozen=True, slots=True)
class Source:
    """Where tables come from: the definitions of all of them (cheap), and the content of those that are named."""

    definitions: Mapping[str, Probe] = field(default_factory=dict)
    read: Callable[[Collection[str]], Mapping[str, TableContent]] = lambda names: {}


def store_source(root: Path, scope: Scope = Scope()) -> Source:  # noqa: B008 (frozen)
    """The tables of the store at `root`; files that hold nothing of the scope are left out."""
    from ..store.reader import read_store, table_definitions

    def read(names: Collection[str]) -> Mapping[str, TableContent]:
        return read_store(root, names, hosts=scope.hosts, since_us=scope.since_us, until_us=scope.until_us)

    return Source(table_definitions(root), read)


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


def _wanted(admitted: Admitted, sql: str, definitions: Mapping[str, Probe]) -> list[str]:
    """The store's tables that views are needed for; a name that is none, nor defined by WITH, is an error."""
    known = {name.lower(): name for name in definitions}
    wanted = set(definitions) if admitted.lists_tables else set()
    for name, offset in admitted.named:
        if name.lower() in known:
            wanted.add(known[name.lower()])
        elif name.lower() not in admitted.defined:
            hint = did_you_mean(name, definitions, "livedata fleet tables lists them")
            if not definitions:
                hint = "the store is empty: livedata up, or livedata fleet snapshot, fills it"
            raise problem_at(sql, offset, f"there is no table {name}", hint)
    return sorted(wanted)


@contextmanager
def stream(
    source: Source,
    sql: str,
    *,
    scope: Scope = Scope(),
    limits: Limits = Limits(),  # noqa: B008 (frozen)
) -> Iterator[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
    """The answer as it comes: its schema, and batches of at most `BATCH_ROWS` rows in bounded memory.

    Raises:
        QueryError: the SQL can't be run, takes too long or too much memory (also while batches are taken).
        ConfigError: the memory limit is not a size.
        StoreError: the store is damaged.
    """
    import duckdb

    with _connection(limits) as connection:
        admitted = admit(connection, sql)
        names = _wanted(admitted, sql, source.definitions)
        content = source.read(names) if names and not admitted.lists_tables else {}
        columns = {name: column_names(source.definitions[name]) for name in names}
        files = _make_views(connection, source.definitions, content, names, scope)
        _lock(connection, files, limits)

        def failed(error: BaseException) -> QueryError:
            return engine_error(error, sql, columns, limits.seconds, limits.memory)

        def batches() -> Iterator[pa.RecordBatch]:
            while True:
                try:
                    batch = reader.read_next_batch()
                except StopIteration:
                    return
                except RuntimeError as error:
                    raise KeyboardInterrupt from error  # DuckDB's word for Ctrl-C: "Query interrupted"
                except (duckdb.Error, OSError, ValueError) as error:
                    raise failed(error) from None
                yield batch

        try:
            reader = connection.sql(admitted.sql).to_arrow_reader(BATCH_ROWS)
        except duckdb.Error as error:
            raise failed(_accurate(connection, admitted.sql, error)) from None
        except RuntimeError as error:
            raise KeyboardInterrupt from error
        yield reader.schema, batches()


def _make_views(
    connection: DuckDBPyConnection,
    definitions: Mapping[str, Probe],
    content: Mapping[str, TableContent],
    names: Collection[str],
    scope: Scope,
) -> list[str]:
    """Makes the views of the named tables; gives the files that they read."""
    files: list[str] = []
    for name in names:
        table = content.get(name)
        probe = table.probe if table else definitions[name]
        parts = [str(p.path) for p in table.parts] if table else []
        fresh = None
        if table is not None and table.fresh.num_rows:
            fresh = f"fresh rows of {name}"
            connection.register(fresh, table.fresh)
        connection.execute(view_sql(probe, parts, fresh, scope))
        files += parts
    return files


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
    timeout: float = 60.0,
    memory: str = "1GB",
    limit: int | None = None,
) -> Result:
    """The answer to one question over the store at `store`, whole or its first `limit` rows.

    `since` and `until` are microseconds UTC; every table is narrowed to them and to `hosts`. Raises what `stream` does.
    """
    import pyarrow as pa

    begun = time.perf_counter()
    scope = Scope(since, until, None if hosts is None else tuple(hosts))
    taken: list[pa.RecordBatch] = []
    rows = 0
    with stream(store_source(store, scope), sql, scope=scope, limits=Limits(timeout, memory)) as (
        schema,
        batches,
    ):
        for batch in batches:
            taken.append(batch)
            rows += batch.num_rows
            if limit is not None and rows > limit:
                break
    table = pa.Table.from_batches(taken, schema)
    truncated = limit is not None and rows > limit
    return Result(table.slice(0, limit) if truncated else table, truncated, time.perf_counter() - begun)

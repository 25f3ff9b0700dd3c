"""Asks the store: a DuckDB instance in memory that sees views of the tables a question names, as far as it needs them, and nothing else.

Two walls. `admit` lets only a SELECT over tables through; and the instance is locked: no file but the tables' own, no
extension, no Python variable, no setting. Between them the question is planned over empty tables, which tells what it needs (`narrow`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import StoreError
from ..model.result import Result
from .above import named_above
from .damage import find_damage
from .instance import DEFAULT_LIMITS, Instance, Limits, Pool
from .narrow import NOTHING
from .parts import Part, having
from .plan import Plan, Rewrite, Wanted, plan_question
from .problems import detail_of, engine_error
from .rewrite import rewrite
from .source import Source, chosen_hosts, named_tables, store_source
from .views import EVERYTHING, Scope, column_names, identifier, view_sql

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

    from ..store.reader import Segment, TableContent

__all__ = ["Limits", "Pool", "ask", "store_source", "stream"]

BATCH_ROWS = 20_000
HELD = 32 << 20
"""Bytes of an answer that are held back before the first row is given: until then a damaged file can still be left out."""
MANY_FILES = 2_000
"""A question that opens more is told how to have fewer."""

FINAL = frozenset({"INTERRUPT", "Out of Memory"})
"""Kinds of errors that asking in another way would not help."""

Answer = tuple["pa.Schema", Iterator["pa.RecordBatch"]]


class _AskAgain(Exception):
    """An attempt can't be finished: without these files (path → why) the next one may be; none: with another instance.
    `as_asked`: the next one must not be rewritten, so that an error is told in the question's own words."""

    def __init__(self, damaged: Mapping[str, str], *, as_asked: bool = False) -> None:
        super().__init__()
        self.damaged = damaged
        self.as_asked = as_asked


@dataclass(frozen=True)
class _Question:
    source: Source
    sql: str
    scope: Scope
    pool: Pool
    warn: Callable[[str], None]
    rewrite: Rewrite | None
    rows: int | None
    left_out: dict[str, str] = field(default_factory=dict)
    """Damaged files, and what is wrong with each."""
    said: set[str] = field(default_factory=set)

    def say(self, sentence: str) -> None:
        """Once, however often it is asked again."""
        if sentence not in self.said:
            self.said.add(sentence)
            self.warn(sentence)


@contextmanager
def stream(
    source: Source,
    sql: str,
    *,
    scope: Scope = EVERYTHING,
    limits: Limits = DEFAULT_LIMITS,
    warn: Callable[[str], None] = lambda sentence: None,
    pool: Pool | None = None,
    rewrite: Rewrite | None = rewrite,
    rows: int | None = None,
) -> Iterator[Answer]:
    """The answer as it comes: its schema, and batches of at most `BATCH_ROWS` rows in bounded memory.

    Every table is narrowed to `scope`, whose hosts are names or globs. `warn` is told what of the store can't be read: damaged files are
    left out. `pool`, for a process that asks often, has limits of its own. `rewrite` may answer from rollups; None: nothing is. `rows`:
    no more are wanted, so that no more are waited for. Ctrl-C raises KeyboardInterrupt at once, wherever the query stands.

    Raises:
        QueryError: the SQL can't be run, takes too long or too much memory (also while batches are taken).
        UsageError: the store knows no such host.
        ConfigError: the memory limit is not a size.
        StoreError: the store can't be read, or a file shows its damage only after rows of the answer were given.
    """
    with ExitStack() as kept:
        pool = pool or kept.enter_context(Pool(limits))
        question = _Question(source, sql, scope, pool, warn, rewrite, rows)
        deadline = time.monotonic() + pool.limits.seconds
        while True:
            try:
                with ExitStack() as attempt:
                    answer = _attempt(question, attempt)
                    kept.enter_context(attempt.pop_all())
                break
            except _AskAgain as again:
                question.left_out.update(again.damaged)
                if again.as_asked:
                    question = replace(question, rewrite=None)
            if time.monotonic() > deadline:
                raise StoreError(
                    f"{len(question.left_out)} files are damaged, and looking for more takes too long",
                    where=source.name,
                    hint="livedata store verify --repair leaves them out of every question",
                )
        yield answer


@dataclass(frozen=True)
class _Opened:
    """What one attempt to answer works with; all of it closes with the attempt."""

    instance: Instance
    connection: DuckDBPyConnection
    plan: Plan
    scope: Scope
    content: Mapping[str, TableContent]
    parts: Mapping[str, list[Part]]
    """By view."""
    rewritten: bool


def _attempt(question: _Question, stack: ExitStack) -> Answer:
    """The answer; what it comes from closes with `stack`. Raises _AskAgain besides what `stream` does."""
    import duckdb

    opened = _open(question, stack)
    run = partial(opened.instance.run, opened.connection)
    try:
        _make_views(opened)
        reader = run(lambda: opened.connection.sql(opened.plan.sql).to_arrow_reader(BATCH_ROWS))
        stack.callback(reader.close)
        held, ended = _hold(partial(run, reader.read_next_batch), question.rows)
    except (duckdb.Error, OSError, ValueError) as error:
        raise _failed(question, opened, error) from None

    def batches() -> Iterator[pa.RecordBatch]:
        yield from held
        while not ended:
            try:
                batch = run(reader.read_next_batch)
            except StopIteration:
                return
            except (duckdb.Error, OSError, ValueError) as error:
                raise _failed(question, opened, error, given=True) from None
            yield batch

    return reader.schema, batches()


def _open(question: _Question, stack: ExitStack) -> _Opened:
    """Plans the question, opens the store as far as the plan reaches, and locks the instance."""
    pool, source, scope = question.pool, question.source, question.scope
    instance = stack.enter_context(pool.lend())
    connection = stack.enter_context(instance.root.cursor())
    admitted = pool.admit(connection, question.sql)
    definitions = source.definitions() if admitted.named or admitted.lists_tables else {}
    tables = named_tables(source, definitions, admitted, question.sql)
    above = named_above(definitions, admitted)
    plan = plan_question(instance, connection, question.sql, admitted, tables, above, pool.limits)
    if scope.hosts is not None and tables:
        scope = replace(scope, hosts=chosen_hosts(source, scope.hosts))
    plan = plan.within(scope)
    needs = {name: wanted.bounds for name, wanted in plan.tables.items()}
    another = question.rewrite(connection, plan, definitions) if question.rewrite and tables else None
    for name, bounds in another.needs.items() if another else ():
        needs[name] = needs.get(name, NOTHING) | bounds
    spans = {name: bounds.span() for name, bounds in needs.items() if bounds}
    content = stack.enter_context(source.read(spans)) if spans else {}
    settled = another.settle(content) if another else None
    plan = settled or plan
    for sentence in chain.from_iterable(content[t].damage for t in _read(plan) if t in content):
        question.say(sentence)
    parts = {
        view: _parts(question, wanted, content[wanted.table])
        for view, wanted in plan.tables.items()
        if wanted.table in content
    }
    files = [str(part.file.path) for part in chain.from_iterable(parts.values())]
    if len(files) > MANY_FILES:
        question.say(f"this opens {len(files):,} files: livedata store compact makes few of many")
    if instance.reach is None:
        pool.lock(instance, files)
    elif not instance.reach.issuperset(files):
        raise _AskAgain({})
    return _Opened(instance, connection, plan, scope, content, parts, settled is not None)


def _read(plan: Plan) -> list[str]:
    """The store's tables that a plan reads."""
    return list(dict.fromkeys(wanted.table for wanted in plan.tables.values()))


def _make_views(opened: _Opened) -> None:
    """Puts the tables' views into the places of their stand-ins, until the transaction ends."""
    for name, wanted in opened.plan.tables.items():
        if name in opened.instance.stand_ins:
            opened.connection.execute(f"DROP TABLE {identifier(name)}")
        fresh = None
        content = opened.content.get(wanted.table)
        if content is not None and content.fresh.num_rows and not wanted.rolled:
            fresh = f"fresh rows of {wanted.table}"
            opened.connection.register(fresh, content.fresh)
        parts = opened.parts.get(name, ())
        files, thin = (
            [str(p.file.path) for p in parts if p.rows is None and p.file.thin is thin]
            for thin in (False, True)
        )
        some = {str(p.file.path): p.rows for p in parts if p.rows is not None}
        old = any(content is None or content.versions.get(p.file.version) != content.probe for p in parts)
        opened.connection.execute(
            view_sql(name, wanted.columns, files, fresh, opened.scope, thin, some, old=old)
        )


def _failed(question: _Question, opened: _Opened, error: BaseException, *, given: bool = False) -> Exception:
    """What is raised for an error of the engine. As long as no row was given it is asked again, without the files that are damaged,
    or as it was asked."""
    damaged = find_damage(error, [part.file for part in chain.from_iterable(opened.parts.values())])
    if damaged and given:
        path, damage = next(iter(damaged.items()))
        hint = "livedata store verify --repair leaves damaged files out of every question"
        return StoreError(damage, where=path, hint=hint)
    if damaged:
        return _AskAgain(damaged, as_asked=opened.rewritten)
    detail = detail_of(error) or {}
    if opened.rewritten and not given and detail.get("exception_type") not in FINAL:
        return _AskAgain({}, as_asked=True)
    columns = {name: column_names(wanted.probe) for name, wanted in opened.plan.tables.items()}
    limits = question.pool.limits
    return engine_error(error, question.sql, columns, limits.seconds, limits.memory)


def _parts(question: _Question, wanted: Wanted, content: TableContent) -> list[Part]:
    """The files of a view that may hold rows that matter, without the damaged ones."""
    found: list[Segment] = []
    for part in content.parts:
        if not wanted.bounds.meets(part) or wanted.rolled not in (None, part.rolled):
            continue
        damage = question.left_out.get(str(part.path))
        if damage:
            from ..store.reader import left_out

            question.say(left_out(replace(part, damage=damage)))
        else:
            found.append(part)
    return having(found, wanted.bounds.words)


def _hold(take: Callable[[], pa.RecordBatch], rows: int | None) -> tuple[list[pa.RecordBatch], bool]:
    """The first batches of an answer, up to `HELD` bytes or so many rows; whether they are all there are."""
    held: list[pa.RecordBatch] = []
    size = count = 0
    while size < HELD and (rows is None or count < rows):
        try:
            batch = take()
        except StopIteration:
            return held, True
        held.append(batch)
        size += batch.nbytes
        count += batch.num_rows
    return held, False


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
    pool: Pool | None = None,
    rewrite: Rewrite | None = rewrite,
) -> Result:
    """The answer to one question over the store at `store`, whole or its first `limit` rows.

    `since` (included) and `until` (excluded) are microseconds UTC, `hosts` names or globs; a `pool` has limits of its own. Raises what
    `stream` does.
    """
    import pyarrow as pa

    begun = time.perf_counter()
    scope = Scope(since, until, None if hosts is None else tuple(hosts))
    taken: list[pa.RecordBatch] = []
    rows = 0
    with stream(
        store_source(store),
        sql,
        scope=scope,
        limits=Limits(timeout, memory),
        pool=pool,
        rewrite=rewrite,
        rows=None if limit is None else limit + 1,
    ) as (schema, batches):
        for batch in batches:
            taken.append(batch)
            rows += batch.num_rows
            if limit is not None and rows > limit:
                break
    table = pa.Table.from_batches(taken, schema)
    truncated = limit is not None and rows > limit
    return Result(table.slice(0, limit) if truncated else table, truncated, time.perf_counter() - begun)

"""The rows of a store's table that a question gives, and then those that come: nothing between them is left out or given twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..model.columns import stored_columns
from ..store.follow import rows_since
from ..store.reader import newest
from .engine import Limits, store_source, stream
from .instance import DEFAULT_LIMITS
from .views import EVERYTHING, Scope

if TYPE_CHECKING:
    import pyarrow as pa

    from ..store.reader import Place, Span, TableContent

__all__ = ["first", "rows_since"]


def first(
    root: Path,
    table: str,
    sql: str,
    *,
    scope: Scope = EVERYTHING,
    limits: Limits = DEFAULT_LIMITS,
    warn: Callable[[str], None] = lambda sentence: None,
) -> tuple[pa.Table | None, Place]:
    """The answer to a question that gives rows of `table`, in the columns that are stored of it; and the place in the store's logs behind all
    that it was reckoned from, where `rows_since` goes on. None where the store has no such table yet.

    Raises what `stream` does.
    """
    import pyarrow as pa

    place = newest(root)
    source = store_source(root)
    probe = source.definitions().get(table)
    if probe is None:
        return None, place

    def read(spans: Mapping[str, Span]) -> AbstractContextManager[Mapping[str, TableContent]]:
        return _noting(source.read(spans))

    @contextmanager
    def _noting(
        opened: AbstractContextManager[Mapping[str, TableContent]],
    ) -> Iterator[Mapping[str, TableContent]]:
        nonlocal place
        with opened as content:
            place = max([place, *(table.through for table in content.values())])
            yield content

    with stream(replace(source, read=read), sql, scope=scope, limits=limits, warn=warn) as (schema, batches):
        rows = pa.Table.from_batches(list(batches), schema)
    return rows.select([column.name for column in stored_columns(probe)]), place

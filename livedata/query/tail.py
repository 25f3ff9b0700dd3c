"""The rows of a store's table that a question gives, and then those that come: nothing between them is left out or given twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..model.columns import stored_columns
from ..store.follow import rows_since
from ..store.reader import newest
from .engine import Limits, store_source, stream
from .instance import DEFAULT_LIMITS
from .source import Source
from .views import EVERYTHING, Scope

if TYPE_CHECKING:
    import pyarrow as pa

    from ..store.reader import Place, Span, TableContent

__all__ = ["first", "noting", "rows_since"]


def noting(root: Path) -> tuple[Source, Callable[[], Place]]:
    """A store to ask, and what tells the place in its logs behind all that has been read of it: there `rows_since` goes on. Raises StoreError."""
    place = newest(root)
    source = store_source(root)

    @contextmanager
    def read(spans: Mapping[str, Span]) -> Iterator[Mapping[str, TableContent]]:
        nonlocal place
        with source.read(spans) as content:
            place = max([place, *(table.through for table in content.values())])
            yield content

    return replace(source, read=read), lambda: place


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

    source, place = noting(root)
    probe = source.definitions().get(table)
    if probe is None:
        return None, place()
    with stream(source, sql, scope=scope, limits=limits, warn=warn) as (schema, batches):
        rows = pa.Table.from_batches(list(batches), schema)
    return rows.select([column.name for column in stored_columns(probe)]), place()

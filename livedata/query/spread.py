"""Gives each key of an answer's map column a column of its own: the series of a chart, which are known only when the rows are there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

import pyarrow as pa

from ..errors import QueryError

MOST_COLUMNS = 10_000
MOST_ROWS = 1_000_000
"""Rows of a chart; they are held while the columns become known."""


def spread(
    schema: pa.Schema, batches: Iterable[pa.RecordBatch], column: str
) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """The same rows with the keys of the map `column` as columns in its place, in the order in which they come.

    Raises:
        QueryError: there are too many of them to hold.
    """
    held = list(_bounded(batches))
    place = schema.get_field_index(column)
    maps = [row or [] for batch in held for row in batch.column(place).to_pylist()]
    names = list(dict.fromkeys(chain.from_iterable((key for key, _ in row) for row in maps)))
    if len(names) > MOST_COLUMNS:
        raise QueryError(f"it has {len(names):,} columns", where="search", hint="limit= keeps fewer series")
    kind = schema.field(place).type.item_type
    series = [pa.field(name, kind) for name in names]
    wide = pa.schema([*list(schema)[:place], *series, *list(schema)[place + 1 :]])

    def made() -> Iterator[pa.RecordBatch]:
        at = 0
        for batch in held:
            rows = [dict(row) for row in maps[at : at + batch.num_rows]]
            at += batch.num_rows
            columns = [pa.array([row.get(name) for row in rows], kind) for name in names]
            every = [*batch.columns[:place], *columns, *batch.columns[place + 1 :]]
            yield pa.RecordBatch.from_arrays(every, schema=wide)

    return wide, made()


def _bounded(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    rows = 0
    for batch in batches:
        rows += batch.num_rows
        if rows > MOST_ROWS:
            raise QueryError(
                f"it has more than {MOST_ROWS:,} rows", where="search", hint="span= makes fewer of them"
            )
        yield batch

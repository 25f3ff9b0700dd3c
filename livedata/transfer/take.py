"""Reads files for an import: what their columns may be, and their rows as a table of the store has them, all or none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa

from ..errors import UsageError
from ..model.batch import arrow_schema, mined, stored_columns
from ..model.host import valid_name
from ..model.probe import Column, Type
from .convert import ERRORS, convert, first_bad, fitting
from .plan import Fitting, Plan, Wanted
from .read import Block, Table

SHOWN = 80
"""Characters of a value that are quoted."""


def columns(files: Iterable[Table]) -> Fitting:
    """What the columns of all files may be. Raises UsageError: a file is damaged."""
    found: dict[str, frozenset[Type]] = {}
    for file in files:
        for block in file.blocks():
            names = block.rows.schema.names
            if len(set(names)) < len(names):
                twice = next(n for n in names if names.count(n) > 1)
                raise UsageError(f"two of its columns are called {twice!r}", where=str(file.path))
            for name, array in zip(names, block.rows.columns, strict=True):
                fits = fitting(array, file.text_is)
                found[name] = found.get(name, fits) & fits
    return found


def batches(file: Table, plan: Plan, wanted: Wanted) -> Iterator[pa.RecordBatch]:
    """A file's rows as `arrow_schema(plan.probe)`.

    Raises:
        UsageError: a value can't be kept, with its place.
    """
    schema = arrow_schema(plan.probe)
    stored = stored_columns(plan.probe)
    for block in file.blocks():
        arrays = [_array(file, block, c, plan.source.get(c.name), wanted) for c in stored]
        yield mined(pa.RecordBatch.from_arrays(arrays, schema=schema), plan.probe)


def _array(file: Table, block: Block, column: Column, source: str | None, wanted: Wanted) -> pa.Array:
    rows = block.rows
    if column.name == "host" and wanted.one_host is not None:
        return pa.repeat(pa.scalar(wanted.one_host, pa.string()), rows.num_rows)
    array = rows.column(source) if source in rows.schema.names else pa.nulls(rows.num_rows)
    try:
        made = convert(array, column.type)
    except ERRORS:
        at = first_bad(array, column.type)
        raise _bad(file, block, at, f"{source} can't be {column.type}", array) from None
    if column.name in ("ts", "host") and made.null_count:
        at = made.is_null().index(True).as_py()
        raise _bad(file, block, at, f"{source or column.name} is missing")
    if column.name == "host":
        for name in made.unique().to_pylist():
            if not valid_name(name):
                raise _bad(file, block, made.index(name).as_py(), f"{source} is no name of a host", made)
    return made


def _bad(file: Table, block: Block, at: int, problem: str, array: pa.Array | None = None) -> UsageError:
    if array is not None:
        text = convert(array.slice(at, 1), "str")[0].as_py()
        problem += f": {text[:SHOWN]!r}"
    return UsageError(problem, where=f"{file.path}, {block.place(at)}")

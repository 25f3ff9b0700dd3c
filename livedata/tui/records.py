"""An answer's rows as Python values: times are microseconds UTC, decimals floats."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

Record = dict[str, Any]


def records(answer: pa.Table) -> list[Record]:
    """One a row, by column."""
    columns = {name: _values(answer[name]) for name in answer.column_names}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _values(column: pa.ChunkedArray) -> list[Any]:
    import pyarrow as pa

    if pa.types.is_timestamp(column.type):
        return list(column.cast(pa.timestamp("us", column.type.tz)).cast(pa.int64()).to_pylist())
    values = column.to_pylist()
    if pa.types.is_decimal(column.type):
        return [float(v) if isinstance(v, Decimal) else v for v in values]
    return list(values)
